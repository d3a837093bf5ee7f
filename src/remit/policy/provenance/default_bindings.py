"""What an argument is bound to when nobody said it: by its role, and by the values of the user's own words.

A destination that the user wrote in the same breath leaves no other; where none is written, one that was looked up
in a trusted directory will do. Credentials are the user's own or nothing.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from remit.domain.contracts import AllOf, AnyOf, Content, Literal, Range, Ref, Selector, Words
from remit.domain.tools import ArgumentRole
from remit.policy.provenance.dictation import dictated
from remit.policy.provenance.intents import concepts_of, nouns_of
from remit.policy.provenance.parsers import known
from remit.policy.provenance.roles import choices_of, kinds_of, role_or_guess, schema_of
from remit.policy.provenance.wording import EMPTY_WORDS, alike, means, parts_of, words_split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.domain.contracts import Binding
    from remit.domain.tools import ToolManifest
    from remit.policy.provenance.literals import Found
    from remit.policy.provenance.request import Request

Json = Any
Span = tuple[int, int]

_SUPERLATIVES = {
    "largest": "largest", "biggest": "largest", "highest": "largest", "longest": "largest", "costliest": "largest",
    "smallest": "smallest", "lowest": "smallest", "shortest": "smallest", "cheapest": "smallest", "latest": "latest",
    "newest": "latest", "oldest": "earliest", "earliest": "earliest", "best": "largest", "worst": "smallest",
    "most recent": "latest", "least recent": "earliest", "most expensive": "largest", "least expensive": "smallest",
}  # fmt: skip
_SUPERLATIVE = re.compile(rf"\b({'|'.join(_SUPERLATIVES)})[\s-]+((?:[\w'-]+\s*){{1,3}})", re.IGNORECASE)
_WORD = re.compile(r"[^\W_][\w-]*")
_WHOLE = (0, 1 << 30)


class Bindings:
    """Makes the default binding of each argument of a call that the request asks for."""

    def __init__(self, request: Request, found: Sequence[Found], given: Mapping[str, Json]) -> None:
        self._request = request
        self._found = found
        self._given = given

    def of(self, manifest: ToolManifest, name: str, clause: Span = _WHOLE) -> Binding | None:
        """The binding of an argument by its role."""
        role = manifest.roles.get(name) or role_or_guess(manifest, name.partition(".")[0])
        match role:
            case ArgumentRole.CONTENT:
                texts = dictated(self._request, manifest, name, clause)
                return AllOf((Literal(texts), Content())) if texts else Content()
            case ArgumentRole.AMOUNT:
                return self._amount(manifest, name, clause)
            case ArgumentRole.CREDENTIAL | ArgumentRole.CODE:
                return self._own(clause)
            case _:
                return self._protected(manifest, name, role, clause)

    def all(self, manifest: ToolManifest, clause: Span = _WHOLE) -> dict[str, Binding]:
        """The bindings of every argument that a tool takes, and of the leaves that have a role of their own."""
        names = [
            *manifest.parameters.get("properties", {}),
            *(place for place in manifest.roles if "." in place),
        ]
        made = {name: self.of(manifest, name, clause) for name in names}
        return {name: binding for name, binding in made.items() if binding is not None}

    def said(self, clause: Span) -> str:
        """The user's words in a clause."""
        return " ".join(self._request.text[clause[0] : clause[1]].split())

    def from_text(self, kind: str, clause: Span = _WHOLE) -> Binding:
        """Values of one kind, out of the clause or else out of the whole request."""
        here = [each.value for each in self._inside(clause) if each.known.kind == kind]
        return Literal(_once(here or [each.value for each in self._found if each.known.kind == kind]))

    def given(self, name: str) -> Binding:
        """What the run was started with."""
        value: Json = self._given
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        values = value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]
        return Literal(tuple(each for each in values if each is not None))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]

    def _amount(self, manifest: ToolManifest, name: str, clause: Span) -> Binding:
        said = schema_of(manifest, name)
        choices = choices_of(said)
        if not choices:
            return Range(said.get("minimum"), said.get("maximum"))
        words = set(words_split(self._request.own[clause[0] : clause[1]]))
        named = tuple(each for each in choices if str(each).casefold() in words)
        return Range(choices=named or choices)

    def _own(self, clause: Span) -> Binding:
        """What the user quoted, or wrote as one unmistakable token."""
        here = [each for each in self._inside(clause) if each.quoted or each.known.kind in {"id", "text"}]
        return Literal(_once([each.value for each in here]))

    def _protected(self, manifest: ToolManifest, name: str, role: ArgumentRole, clause: Span) -> Binding:
        picked = self._selector(manifest, role, clause)
        if picked is not None:
            return picked
        hinted = kinds_of(manifest, name)
        here = [
            each.value for each in self._inside(clause) if each.known.strong and each.known.kind in hinted
        ]
        if here:
            return Literal(_once(here))
        of_kind = [each.value for each in self._found if each.known.kind in hinted]
        found = of_kind or [each.value for each in self._found if _suits(each, hinted, role)]
        found += [] if hinted else self._beside(manifest, name)
        found += [
            value
            for key, value in self._given.items()
            if _names_the_same(key, name) and not isinstance(value, dict)
        ]
        ways: list[Binding] = [Literal(_once(found))] if found else []
        ways.append(Ref(named_first=role is ArgumentRole.OBJECT))
        if role is ArgumentRole.OBJECT and "create" in concepts_of(manifest) and not _is_an_id(name):
            ways.append(Words())
        return ways[0] if len(ways) == 1 else AnyOf(tuple(ways))

    def _beside(self, manifest: ToolManifest, name: str) -> list[str]:
        """`the general channel`, `channel general`: a word beside the noun of what it names."""
        nouns = {*parts_of(name), *nouns_of(manifest)}
        taken = [(each.start, each.end) for each in self._found if each.known.strong]
        words = [
            (match[0], match.start())
            for match in _WORD.finditer(self._request.spoken)
            if not any(start <= match.start() < end for start, end in taken)
        ]
        found: list[str] = []
        for (one, _), (other, _) in pairwise(words):
            found += [
                word
                for word, noun in ((one, other), (other, one))
                if any(alike(noun, each) for each in nouns)
            ]
        return [word for word in found if word.casefold() not in EMPTY_WORDS and not means(word)]

    def _selector(self, manifest: ToolManifest, role: ArgumentRole, clause: Span) -> Selector | None:
        """`the largest file`, `the hotel with the best rating`: which one it is, the runtime says."""
        if role is not ArgumentRole.OBJECT:
            return None
        nouns, spoken = nouns_of(manifest), self._request.spoken
        for match in _SUPERLATIVE.finditer(spoken):
            sentence = next(span for span in reversed(self._request.sentences) if span[0] <= match.start())
            here = clause[0] <= match.start() < clause[1]
            after, before = words_split(match[2]), words_split(spoken[sentence[0] : match.start()])[-6:]
            directly = any(alike(word, noun) for word in after for noun in nouns)
            if (here and directly) or any(alike(word, noun) for word in before for noun in nouns):
                how = _SUPERLATIVES[match[1].casefold()]
                return Selector(how, by="" if directly else _measure(after))
        return None

    def _inside(self, clause: Span) -> list[Found]:
        return [each for each in self._found if clause[0] <= each.start < clause[1]]


def _measure(words: list[str]) -> str:
    """What is compared, in the word for it."""
    return words[0] if words else ""


def _suits(each: Found, hinted: frozenset[str], role: ArgumentRole) -> bool:
    """Whether a value of the request may be meant by an argument of this role."""
    kind = each.known.kind
    if kind in hinted:
        return True
    if each.known.typed:
        return role is ArgumentRole.SELECTOR or (role is ArgumentRole.OBJECT and kind in {"number", "date"})
    if hinted and each.known.strong:
        return False
    return role is not ArgumentRole.URL


def _names_the_same(parameter: str, argument: str) -> bool:
    return parameter == argument or parameter.endswith(f"_{argument}") or argument.endswith(f"_{parameter}")


def _is_an_id(name: str) -> bool:
    return name in {"id", "id_"} or name.endswith("_id")


def _once(values: list[Json]) -> tuple[Json, ...]:
    found: dict[Json, Json] = {}
    for value in values:
        found.setdefault(known(value), value)
    return tuple(found.values())
