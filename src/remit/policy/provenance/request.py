"""The user's request as text: which parts of it are the user's own words, and which are somebody else's.

What is quoted at length, fenced, forwarded or attached was not said by the user, whoever pasted it (S23); a short
quotation names a thing. What is negated was said, and binds nothing. Nothing here knows what a value is. Words for
all of this in other languages than English stand in `languages`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from remit.policy.provenance.languages import (
    AFTER_ITS_OBJECT,
    BUT,
    FORWARDED,
    HEADERS,
    NEGATIONS,
    REPORTING,
    UNSPACED_BUT,
    UNSPACED_NEGATIONS,
    UNSPACED_REPORTING,
    WROTE,
    is_english,
)
from remit.policy.provenance.wording import means, words_split

_LONG_QUOTE = 120
"""A quotation beyond this is no name."""
_GONE = "\x00"

_FENCED = re.compile(r"^[ \t]*(```|~~~)[^\n]*\n.*?(?:^[ \t]*\1[^\n]*$|\Z)", re.MULTILINE | re.DOTALL)
_TRIPLE = re.compile(r'("""|\'\'\').*?(?:\1|\Z)', re.DOTALL)
_TAGGED = re.compile(r"<([A-Za-z][\w-]*)(?:\s[^<>]*)?>.*?(?:</\1\s*>|\Z)", re.DOTALL)
_BLOCK = re.compile(r"^[ \t]*(?:>|&gt;)[^\n]*(?:\n|\Z)", re.MULTILINE)
_FORWARDED = re.compile(
    r"^[ \t]*(?:-{2,}[ \t]*)?(?:begin forwarded message|forwarded message|original message|forwarded by|fwd:|fw:"
    rf"|{FORWARDED})[^\n]*.*\Z"
    rf"|\b(?:on|am|le|el) [^\n]{{6,120}}\b(?:wrote|{WROTE})[ \t\xa0]?:[ \t]*\n.*\Z"
    rf"|[^\n]{{0,120}}(?:{WROTE})[ \t]*[:：][ \t]*\n.*\Z",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_HEADERS = re.compile(
    rf"^(?:[ \t]*(?:from|to|sent|subject|reply-to|{HEADERS})[ \t\xa0]?[:：][^\n]*\n){{2,}}.*\Z",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
QUOTED = re.compile(
    r"\"([^\"]*)\"|“([^”]*)”|«([^»]*)»|(?<![\w'])'((?:[^'\n]|(?<=\w)'(?=\w))*)'(?!\w)"
    r"|„([^“”„]*)[“”]|‚([^‘’‚\n]*)[‘’]|»([^«»]*)«|‹([^›]*)›|「([^」]*)」|『([^』]*)』|《([^》]*)》|＂([^＂]*)＂"
)
_REPORTED = re.compile(
    r"\b(?:said|says|saying|wrote|writes|writing|reads|reading|states|stating|stated|tells|told|asks|asked|claims|"
    r"claimed|replied|replies)\b(?:\s+(?:me|us|him|her|them|you|to|that|in|the|it|this))*\s*[:,]?\s*\Z"
    rf"|\b(?:{REPORTING})\b(?:\s+\w+){{0,4}}\s*[:,]\s*\Z|(?:{UNSPACED_REPORTING})\w{{0,2}}\s*[:：,，]?\s*\Z",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:do not|don['’]t|does not|must not|mustn['’]t|should not|shouldn['’]t|cannot|can['’]t|never|not|no longer|"
    r"without|"
    rf"except(?: for)?|but not|other than|instead of|rather than|avoid|excluding|neither|nor|leave out|skip|ignore|"
    rf"{NEGATIONS})\b"
    rf"|{UNSPACED_NEGATIONS}|(?P<no>\bno\b)",
    re.IGNORECASE,
)
_NOT_A_NO = re.compile(
    r"\b(?:do not|don['’]t|never|not)\s+(?:forget|hesitate|fail|only|just|omit|skip|miss)\b", re.IGNORECASE
)
_CLAUSE_ENDS = re.compile(
    rf"[.;!?](?=\s|\Z)|\n|[。；！？]|[,;]?\s+(?:but|instead|however|{BUT})\b(?!\s+not)|[，,]?(?:{UNSPACED_BUT})"
    r"|,?\s+(?:and|then)\s+(?:also\s+|then\s+)?(?P<verb>\w+)",
    re.IGNORECASE,
)
_CLAUSE_BEGINS = re.compile(r"[.;!?,](?=\s)|\n")
_BEHIND = re.compile(rf"(?:{AFTER_ITS_OBJECT})\Z", re.IGNORECASE)
_SENTENCE_ENDS = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'“«„»¿¡\d])|(?<=[。！？])|\n+|;\s+")


@dataclass(frozen=True)
class Request:
    """What the user wrote."""

    text: str
    own: str
    """As long as the text; what the user did not say, or negated, is blotted out."""
    quotes: tuple[tuple[int, int], ...]
    """Where something short is named in quotation marks, inside of them."""

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word that the user said."""
        return frozenset(words_split(self.own))

    @cached_property
    def spoken(self) -> str:
        """The user's own words without what they only name: quotations may hold verbs that ask for nothing."""
        return _blotted(self.own, self.quotes)

    @cached_property
    def sentences(self) -> tuple[tuple[int, int], ...]:
        """Where each sentence of it stands; a dot inside of a quotation ends nothing."""
        found: list[tuple[int, int]] = []
        start = 0
        for match in _SENTENCE_ENDS.finditer(self.spoken):
            found.append((start, match.start()))
            start = match.end()
        return (*found, (start, len(self.text)))


def read_request(text: str) -> Request:
    """Tell the user's words from everybody else's."""
    own = text
    for pattern in (_FORWARDED, _HEADERS, _FENCED, _TRIPLE, _TAGGED, _BLOCK):
        own = _blotted(own, [match.span() for match in pattern.finditer(own)])
    quotes: list[tuple[int, int]] = []
    foreign: list[tuple[int, int]] = []
    for match in QUOTED.finditer(own):
        inner = match.span(match.lastindex or 0)
        said = own[inner[0] : inner[1]]
        reported = _REPORTED.search(own[max(0, match.start() - 80) : match.start()]) is not None
        whole = reported or len(said) > _LONG_QUOTE or "\n" in said or _GONE in said
        (foreign if whole else quotes).append(inner)
    own = _blotted(own, foreign)
    own = _blotted(own, _negated(_blotted(own, quotes)))
    return Request(text, own, tuple(span for span in quotes if _GONE not in own[span[0] : span[1]]))


def _negated(spoken: str) -> list[tuple[int, int]]:
    """From each `not` to the end of its clause."""
    harmless = [match.span() for match in _NOT_A_NO.finditer(spoken)]
    found: list[tuple[int, int]] = []
    for match in _NOT.finditer(spoken):
        if any(start <= match.start() < end for start, end in harmless):
            continue
        if match["no"] and is_english(spoken):
            continue
        end = next(filter(_ends_a_clause, _CLAUSE_ENDS.finditer(spoken, match.end())), None)
        found.append((_begin(spoken, match), end.start() if end else len(spoken)))
    return found


def _begin(spoken: str, match: re.Match[str]) -> int:
    """Where what is negated begins: at the negation, or with its clause where it may stand behind its object."""
    if _BEHIND.match(match[0]) is None:
        return match.start()
    return max((each.end() for each in _CLAUSE_BEGINS.finditer(spoken, 0, match.start())), default=0)


def _ends_a_clause(match: re.Match[str]) -> bool:
    """`, and visit …` begins something else; `, and lea@…` goes on with what is negated."""
    return match["verb"] is None or bool(means(match["verb"]))


def _blotted(text: str, spans: list[tuple[int, int]] | tuple[tuple[int, int], ...]) -> str:
    for start, end in spans:
        text = text[:start] + _GONE * (end - start) + text[end:]
    return text
