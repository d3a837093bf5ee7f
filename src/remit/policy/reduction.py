"""Applying the rules of data classes to values: declared places first, the same values wherever they were repeated, and
last what a detector confirms. Pure: a value in, what may be kept of it out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from remit.policy.data_classes import EVERYWHERE
from remit.policy.detectors.finding import Found, replaced
from remit.policy.detectors.personal_data import personal_data
from remit.policy.detectors.secret_values import secret_values
from remit.policy.leaves import leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Json = Any
_KEEP = "keep"
_TELLING = 4
_LONG = 6
_MOST_KNOWN = 5_000


class Reducer:
    """What is known about the classed data of one tree of runs, and what the rules make of a value."""

    def __init__(self, rules: Mapping[str, str], digest: Callable[[bytes], bytes]) -> None:
        """`digest` is keyed: what `hash` leaves says that two values were equal, and lets nobody guess them."""
        self._rules = {name: mode for name, mode in rules.items() if mode != _KEEP}
        self._digest = digest
        self._known: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None

    # --- learning -------------------------------------------------------------------------------------

    def learn(self, value: Json, classes: Mapping[str, str]) -> None:
        """Remember what stands in the declared places of a value, because it will have been repeated elsewhere."""
        for place, name in classes.items():
            if name in self._rules:
                for leaf in _leaves_at(value, place.split("/") if place else []):
                    self._remember(leaf, name)

    def _remember(self, leaf: Json, name: str) -> None:
        text = leaf if isinstance(leaf, str) else str(leaf)
        telling = len(text) >= _LONG or (len(text) >= _TELLING and any(c.isdigit() or c == "@" for c in text))
        if telling and not isinstance(leaf, bool) and leaf is not None and len(self._known) < _MOST_KNOWN:
            self._known.setdefault(text, name)
            self._pattern = None

    # --- reducing -------------------------------------------------------------------------------------

    def value(self, value: Json, classes: Mapping[str, str] | None = None) -> Json:
        """What may be kept of a value."""
        for place, name in sorted((classes or {}).items(), key=lambda item: -item[0].count("/")):
            mode = self._rules.get(name)
            if mode is not None:
                value = self._at(value, place.split("/") if place else [], name, mode)
        return self._everywhere(value)

    def text(self, text: str) -> str:
        """A text without what is known to be classed, and without what a detector confirms."""
        if self._known:
            if self._pattern is None:
                longest = sorted(self._known, key=len, reverse=True)
                self._pattern = re.compile("|".join(re.escape(each) for each in longest))
            text = self._pattern.sub(lambda match: self._instead(self._known[match[0]], match[0]), text)
        found = [f for f in (*secret_values(text), *personal_data(text)) if f.data_class in self._rules]
        return replaced(text, found, self._found) if found else text

    def _found(self, found: Found, said: str) -> str:
        return self._instead(found.data_class, said)

    def _instead(self, name: str, said: str) -> str:
        mode = self._rules[name]
        if mode == "hash":
            return f"[{name} {self._digest(said.encode()).hex()[:12]}]"
        return f"[{name}]" if mode == "redact" else ""

    def _everywhere(self, value: Json) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            items = cast("dict[str, Json]", value).items()
            return {self.text(key): self._everywhere(inner) for key, inner in items}
        if isinstance(value, list):
            return [self._everywhere(inner) for inner in cast("list[Json]", value)]
        if isinstance(value, int | float) and not isinstance(value, bool) and str(value) in self._known:
            return self._instead(self._known[str(value)], str(value)) or None
        return value

    def _at(self, value: Json, place: list[str], name: str, mode: str) -> Json:
        """The value with the rule applied to everything at and below a place."""
        if not place:
            return None if mode == "drop" else self._all(value, name)
        head, *rest = place
        if isinstance(value, dict):
            inside = cast("dict[str, Json]", value)
            chosen = inside.keys() if head == EVERYWHERE else {head} & inside.keys()
            return {k: self._at(v, rest, name, mode) if k in chosen else v for k, v in inside.items()}
        if isinstance(value, list) and head == EVERYWHERE:
            return [self._at(inner, rest, name, mode) for inner in cast("list[Json]", value)]
        return cast("Json", value)

    def _all(self, value: Json, name: str) -> Json:
        if isinstance(value, dict):
            return {key: self._all(inner, name) for key, inner in cast("dict[str, Json]", value).items()}
        if isinstance(value, list):
            return [self._all(inner, name) for inner in cast("list[Json]", value)]
        return value if value is None or isinstance(value, bool) else self._instead(name, str(value))


def _leaves_at(value: Json, place: list[str]) -> Iterator[Json]:
    if not place:
        yield from leaves(value)
        return
    head, *rest = place
    if isinstance(value, dict):
        inside = cast("dict[str, Json]", value)
        for key in inside if head == EVERYWHERE else {head} & inside.keys():
            yield from _leaves_at(inside[key], rest)
    elif isinstance(value, list) and head == EVERYWHERE:
        for inner in cast("list[Json]", value):
            yield from _leaves_at(inner, rest)
