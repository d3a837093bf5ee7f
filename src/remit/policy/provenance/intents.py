"""Which tools a request asks for: its imperatives held against the names of tools. Deterministic; no model is asked.

What is found here opens slots and no more: a tool that the user did not speak of has none. To what and to whom a
call may act is bound by values, whatever the verb was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.domain.tools import ArgumentRole
from remit.policy.provenance.roles import is_consequential, kinds_of, recipients_of
from remit.policy.provenance.wording import (
    EMPTY_WORDS,
    PHRASES,
    alike,
    carries,
    means,
    parts_of,
    stem,
    words_split,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from remit.domain.tools import ToolManifest
    from remit.policy.provenance.literals import Found
    from remit.policy.provenance.request import Request


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing that the user asks to be done."""

    tool: str
    start: int
    end: int
    """The clause that says so."""
    quantified: bool
    """Whether it is asked for each of several."""


@dataclass(frozen=True, slots=True)
class _Verb:
    word: str
    meanings: frozenset[str]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Heard:
    """What stands around a verb."""

    near: str
    """Up to the next verb."""
    sentence: str
    kinds: frozenset[str]
    """The kinds of values that the whole request holds."""
    amount: bool
    """Whether a number stands near."""
    named: bool
    """Whether a name stands near, such as that of a person or a room."""


_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_LEADING = """
please and then also you just now can or could would kindly so finally afterwards instead immediately i will
directly otherwise it already possible
"""
_BEFORE_A_VERB = frozenset(_LEADING.split())
_ASKS_TO = re.compile(
    r"\b(?:please|you|forget|sure|remember|need|help|try|ahead|like|hesitate|want\s+(?:you|it|this))\b(?:\W+\w+){0,3}\W+to\s+\Z",
    re.IGNORECASE,
)
"""`could you also try to`, `do not forget to`; `I plan to` and `I want to` tell of a wish, and a person is asked."""
_AFTER_A_STOP = re.compile(r"(?:^|[.!?;:,\n\x00)(-])\s*\Z")
_EACH = re.compile(r"\b(?:each|every|everyone|everybody|both|respectively)\b", re.IGNORECASE)
_ALL = re.compile(r"\ball (?:of )?(?:the |my |our |these |those )?((?:[\w-]+\s*){1,3})", re.IGNORECASE)


def intents_of(
    request: Request, found: Sequence[Found], manifests: Mapping[str, ToolManifest]
) -> list[Intent]:
    """What the request asks for, in its order."""
    acting = [
        manifest for manifest in manifests.values() if is_consequential(manifest) and manifest.effect.acts
    ]
    kinds = frozenset(each.known.kind for each in found if each.known.strong)
    own = frozenset(meaning for tool in acting for meaning in concepts_of(tool) if meaning.startswith(_OWN))
    verbs, spoken = list(_verbs(request, own)), request.spoken
    made: list[Intent] = []
    for place, verb in enumerate(verbs):
        start, over = next(span for span in reversed(request.sentences) if span[0] <= verb.start)
        end = min([over, *(other.start for other in verbs[place + 1 :])])
        named = any(verb.end <= each.start < end and each.known.kind in {"name", "id"} for each in found)
        amount = any(verb.end <= each.start < end and each.known.kind == "number" for each in found)
        heard = _Heard(spoken[verb.end : end], spoken[start:over], kinds, amount, named)
        over_all = spoken[verb.end : over]
        made.extend(
            Intent(manifest.name, verb.start, end, _is_quantified(over_all, manifest))
            for manifest in _best(verb, heard, acting)
        )
    return made


def concepts_of(manifest: ToolManifest) -> frozenset[str]:
    """What a tool does, by the first verb of its name; one that begins with none that we know has its own: `lend`."""
    parts = parts_of(manifest.name)
    found = next((means(part) for part in parts if means(part)), frozenset[str]())
    return found if not parts or means(parts[0]) else found | _own(parts[0])


def nouns_of(manifest: ToolManifest) -> tuple[str, ...]:
    """What a tool does it to, by the rest of its name."""
    parts = parts_of(manifest.name)
    otherwise = 0 if manifest.effect.acts else -1
    verb = next((place for place, part in enumerate(parts) if means(part)), otherwise)
    others = [part for place, part in enumerate(parts) if place != verb and part not in EMPTY_WORDS]
    return tuple(part for part in others if not part.endswith("ed")) or tuple(others)


def opens_addresses(manifest: ToolManifest) -> bool:
    """Whether all that it does is look at an address that it is given."""
    roles = set(manifest.roles.values())
    return (
        ArgumentRole.URL in roles
        and roles <= {ArgumentRole.URL, ArgumentRole.AMOUNT}
        and "read" in concepts_of(manifest)
    )


_OWN = "own:"
"""Before the meaning of a verb that only the name of a tool has."""


def _own(word: str) -> frozenset[str]:
    return frozenset((_OWN + stem(word),))


def _verbs(request: Request, own: frozenset[str]) -> Iterable[_Verb]:
    """Words that ask for something: a verb at the head of a clause, or after `please`, `to`, `and` and the like."""
    spoken, before = request.spoken, ""
    for match in _WORD.finditer(spoken):
        word, start = match[0], match.start()
        heads = start == 0 or _AFTER_A_STOP.search(spoken, max(0, start - 4), start) is not None
        asked = before == "to" and _ASKS_TO.search(spoken, max(0, start - 60), start) is not None
        if _is_bare(word) and (heads or asked or before in _BEFORE_A_VERB):
            following = _WORD.search(spoken, match.end())
            phrase = f"{word} {following[0] if following else ''}".casefold()
            meanings = PHRASES[phrase] if phrase in PHRASES else means(word) | (_own(word) & own)
            if meanings:
                yield _Verb(word, meanings, start, match.end())
        before = word.casefold()


def _is_bare(word: str) -> bool:
    """Whether it may be an imperative: `sent` and `sending` tell of something."""
    lowered = word.casefold()
    return not lowered.endswith(("ed", "ing")) and lowered not in {
        "sent",
        "paid",
        "made",
        "gave",
        "wrote",
        "written",
    }


def _best(verb: _Verb, heard: _Heard, tools: list[ToolManifest]) -> list[ToolManifest]:
    """The tools that fit a verb best; several, if they fit alike."""
    scores = {tool.name: _score(verb, heard, tool) for tool in tools}
    best = max(scores.values(), default=0)
    return [tool for tool in tools if best > 0 and scores[tool.name] == best]


def _score(verb: _Verb, heard: _Heard, tool: ToolManifest) -> int:
    """How well a tool fits: nothing without its verb, and nothing without what it acts on."""
    if not verb.meanings & concepts_of(tool):
        return 0
    nouns, carried = nouns_of(tool), carries(verb.word)
    same = stem(verb.word) in {stem(part) for part in parts_of(tool.name)}
    near = _nouns_in(heard.near, nouns) + (bool(carried) and any(alike(carried, noun) for noun in nouns))
    far = 0 if near else _nouns_in(heard.sentence, nouns) + _takes(tool, heard)
    telling = stem(verb.word) in _TELLING or bool(verb.meanings & _own(verb.word))
    if not (near or far or (same and (not nouns or telling))):
        return 0
    return 4 * near + far + 6 * same + 1


_TELLING = frozenset(
    stem(verb) for verb in ("reschedule", "refund", "invite", "reserve", "append", "unsubscribe", "transfer")
)
"""Verbs that say what they act on."""


def _takes(tool: ToolManifest, heard: _Heard) -> bool:
    """Whether there is a value of the kind that this tool takes: an account number and an amount speak of money, and
    whoever is to be sent something by name is sent a message.
    """
    if (
        heard.amount
        and any(role is ArgumentRole.AMOUNT for role in tool.roles.values())
        and recipients_of(tool)
    ):
        return True
    kinds = [kinds_of(tool, name) for name in recipients_of(tool)]
    return any(each & heard.kinds if each else heard.named and "send" in concepts_of(tool) for each in kinds)


def _nouns_in(text: str, nouns: tuple[str, ...]) -> int:
    words = set(words_split(text))
    return sum(any(alike(word, noun) for word in words) for noun in nouns)


def _is_quantified(text: str, tool: ToolManifest) -> bool:
    """`each person`, `all channels`: more of what the tool acts on, not more of what it is told."""
    if _EACH.search(text):
        return True
    nouns = (*nouns_of(tool), *recipients_of(tool))
    return any(_nouns_in(match[1], nouns) for match in _ALL.finditer(text))
