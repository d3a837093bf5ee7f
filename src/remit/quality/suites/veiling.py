"""Taking people out of what was recorded, so that it can be kept with the code: what identifies somebody is replaced
by something of the same form that identifies nobody, the same everywhere, so that what belonged together still does.

It finds what the detectors of the gate find, and what fields are declared to hold. Names in free text have no form: a
person has to look for those.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from remit.policy.data_classes import EVERYWHERE
from remit.policy.detectors.finding import PERSONAL, replaced
from remit.policy.detectors.personal_data import personal_data
from remit.policy.detectors.secret_values import secret_values

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from remit.policy.detectors.finding import Found

Json = Any
_TELLING = re.compile(r"(?i)(?<![a-z])(?:(?:first|last|sur|full)?[_-]?name|address|street|birth|phone|mail)")
_SHORTEST = 3
"""A declared text shorter than that is replaced where it stands alone, not within other texts."""


class Veil:
    """What was replaced by what, in one piece of work."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._numbers: dict[float, int] = {}
        self._counts: Counter[str] = Counter()

    @property
    def counts(self) -> dict[str, int]:
        """How many different things of each kind were replaced."""
        return dict(sorted(self._counts.items()))

    def learn(self, value: Json, places: Mapping[str, str]) -> None:
        """What stands in these places (as `classes_of` names them) is about somebody, whatever its form."""
        for place, data_class in places.items():
            for each in _at(value, place.split("/") if place else []):
                self._declare(each, data_class)

    def learn_fields(self, value: Json, names: Collection[str]) -> None:
        """What stands anywhere in fields of these names is about somebody."""
        if isinstance(value, dict):
            for name, each in cast("dict[str, Json]", value).items():
                if name in names:
                    self._declare(each, PERSONAL)
                else:
                    self.learn_fields(each, names)
        elif isinstance(value, list):
            for each in cast("list[Json]", value):
                self.learn_fields(each, names)

    def over(self, value: Json) -> Json:
        """The value without it."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {
                self._text(name): self.over(each) for name, each in cast("dict[str, Json]", value).items()
            }
        if isinstance(value, list):
            return [self.over(each) for each in cast("list[Json]", value)]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._numbers.get(value, value)
        return value

    def _declare(self, value: Json, data_class: str) -> None:
        if isinstance(value, dict):
            for each in cast("dict[str, Json]", value).values():
                self._declare(each, data_class)
        elif isinstance(value, list):
            for each in cast("list[Json]", value):
                self._declare(each, data_class)
        elif isinstance(value, str) and value.strip() and not _found(value):
            self._stand_in(data_class, value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and value not in self._numbers:
            self._counts[data_class] += 1
            self._numbers[value] = 10 ** (len(str(abs(int(value)))) - 1) + self._counts[data_class]

    def _text(self, text: str) -> str:
        if text in self._known:
            return self._known[text]
        text = replaced(text, _found(text), lambda found, said: self._stand_in(found.kind, said))
        for said in sorted(self._known, key=len, reverse=True):
            if len(said) >= _SHORTEST and said in text:
                text = text.replace(said, self._known[said])
        return text

    def _stand_in(self, kind: str, said: str) -> str:
        if said not in self._known:
            if said in self._known.values():
                return said  # stands in for something already
            self._counts[kind] += 1
            make = _FORMS.get(kind, lambda number: f"[{kind} {number}]")
            self._known[said] = make(self._counts[kind])
        return self._known[said]


def telling(value: Json) -> dict[str, str]:
    """Fields whose names say that they may hold who somebody is, each with what stands in one of them."""
    found: dict[str, str] = {}
    if isinstance(value, dict):
        for name, each in cast("dict[str, Json]", value).items():
            if isinstance(each, str) and each.strip() and not each.startswith("[") and _TELLING.search(name):
                found.setdefault(name, each)
            found |= {key: said for key, said in telling(each).items() if key not in found}
    elif isinstance(value, list):
        for each in cast("list[Json]", value):
            found |= {key: said for key, said in telling(each).items() if key not in found}
    return found


def _found(text: str) -> list[Found]:
    return [*personal_data(text), *secret_values(text)]


def _at(value: Json, place: list[str]) -> list[Json]:
    if not place:
        return [] if value is None else [value]
    first, rest = place[0], place[1:]
    if isinstance(value, dict):
        table = cast("dict[str, Json]", value)
        parts = list(table.values()) if first == EVERYWHERE else [table[first]] if first in table else []
    elif isinstance(value, list) and first == EVERYWHERE:
        parts = cast("list[Json]", value)
    else:
        parts = []
    return [each for part in parts for each in _at(part, rest)]


def _iban(number: int) -> str:
    account = f"{number:018d}"
    check = 98 - int(f"{account}131400") % 97  # DE00 behind it, its letters as 13 and 14
    return f"DE{check:02d}{account}"


def _card(number: int) -> str:
    start = f"400000{number:09d}"
    total = sum(int(digit) if at % 2 else sum(divmod(int(digit) * 2, 10)) for at, digit in enumerate(start))
    return f"{start}{-total % 10}"


_FORMS: dict[str, Callable[[int], str]] = {
    "email": lambda number: f"person{number}@example.com",
    "phone": lambda number: f"+1 202 555 {number % 10_000:04d}",
    "iban": _iban,
    "card": _card,
}
"""What a tool would still take for what it was."""
