"""Text that the user dictates (`the subject should be "Minutes"`, `a message saying "I am late"`) binds its argument.

What is dictated leaves no other text for the argument that it names, however freely the argument may be written
otherwise; what only describes something that is there dictates nothing. It only ever narrows, so a quotation that was
merely passed on may be taken for dictated and opens nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.domain.tools import ArgumentRole
from remit.policy.provenance.request import QUOTED
from remit.policy.provenance.wording import parts_of, stem

if TYPE_CHECKING:
    from remit.domain.tools import ToolManifest
    from remit.policy.provenance.request import Request

Span = tuple[int, int]

_TEXTS = frozenset(stem(noun) for noun in ("body", "content", "text", "message", "note", "comment"))
_HEADS = frozenset(stem(noun) for noun in ("subject", "title", "headline"))
_SHALL_BE = re.compile(
    r"\b(?P<noun>\w+)(?:\s+of\s+(?:the\s+|this\s+|your\s+)?\w+)?\s*"
    r"(?:\b(?:(?:should|must|shall|has to|needs to|is to|will)\s+(?:be|read|say)|to be|exactly)\s*[:,]?|[:=])\s*\Z",
    re.IGNORECASE,
)
"""`the subject should be '…'`, `body: '…'`: it can be said only of what is not there yet."""
_WITH = re.compile(r"\bwith\s+(?:the\s+|a\s+)?(?P<noun>\w+)\s*\Z", re.IGNORECASE)
_SAYING = re.compile(
    r"\b(?:saying|that says|which says|that reads|which reads|reading|stating|that states)(?:\s+exactly)?\s*[:,]?\s*\Z",
    re.IGNORECASE,
)
_TITLED = re.compile(r"\b(?:titled|entitled)\s*[:,]?\s*\Z", re.IGNORECASE)
_ARTICLE = re.compile(
    r"\b(?:a|an|another|new|the|this|that|these|those|my|our|his|her|their|all|each|every|any)\b",
    re.IGNORECASE,
)
_NOT_YET = frozenset({"a", "an", "another", "new"})
_REACH = 80


def dictated(request: Request, manifest: ToolManifest, name: str, clause: Span) -> tuple[str, ...]:
    """What the user dictated for an argument: in the clause that asks for the call, or else anywhere."""
    everywhere = list(_quotations_for(request, manifest, name))
    here = [text for start, text in everywhere if clause[0] <= start < clause[1]]
    return tuple(dict.fromkeys(here or [text for _, text in everywhere]))


def _quotations_for(request: Request, manifest: ToolManifest, name: str) -> list[tuple[int, str]]:
    nouns = _nouns_for(manifest, name)
    found: list[tuple[int, str]] = []
    for match in QUOTED.finditer(request.own):
        start, end = match.span(match.lastindex or 0)
        before = request.own[max(0, match.start() - _REACH) : match.start()]
        if request.text[start:end].strip() and _names(before, nouns):
            found.append((match.start(), request.text[start:end]))
    return found


def _names(before: str, nouns: frozenset[str]) -> bool:
    """Whether the words before a quotation name one of these as what is quoted, of something that is to be written."""
    shall_be = _SHALL_BE.search(before)
    if shall_be is not None and stem(shall_be["noun"]) in nouns:
        return True
    said = _WITH.search(before)
    if said is not None and stem(said["noun"]) not in nouns:
        return False
    said = said or (_SAYING.search(before) if nouns & _TEXTS else None)
    said = said or (_TITLED.search(before) if nouns & _HEADS else None)
    return said is not None and _is_to_be_written(before[: said.start()])


def _is_to_be_written(words: str) -> bool:
    """`a mail with the subject '…'` is to be written; `the mail with the subject '…'` is there."""
    articles = _ARTICLE.findall(words)
    return bool(articles) and articles[-1].casefold() in _NOT_YET


def _nouns_for(manifest: ToolManifest, name: str) -> frozenset[str]:
    """The words for an argument: its own, and those that mean the same where no other argument could be meant."""
    own = frozenset(stem(part) for part in parts_of(name))
    free = [each for each, role in manifest.roles.items() if role is ArgumentRole.CONTENT and "." not in each]
    for alike in (_TEXTS, _HEADS):
        rivals = [each for each in free if alike & {stem(part) for part in parts_of(each)}]
        if own & alike and rivals == [name]:
            return own | alike
    return own
