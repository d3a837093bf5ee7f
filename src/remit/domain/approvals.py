"""What people agree to: grants that answer questions in advance, within bounds, and proposals that need somebody else.
Nouns and arithmetic only; where they are kept and who may give them is not known here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from remit.domain.errors import InvalidInput
from remit.domain.event import object_of

Json = Any
UNCHANGED: Any = object()
"""Stands for the value that was asked about."""
CONTRACT = "the contract"
"""The name of a question about what a run may do at all; no step can be called so."""
_OPERATORS = ("<=", ">=", "=")
_EXAMPLE = "Such as --argument order=o-1 or --argument 'cents<=500'."


@dataclass(frozen=True, slots=True)
class Bound:
    """What an argument has to be for a grant to cover the call."""

    argument: str
    operator: str
    """`=`, `<=` or `>=`."""
    value: Json

    def holds(self, arguments: dict[str, Json]) -> bool:
        """Whether a call fits; an argument that is not there fits nothing."""
        if self.argument not in arguments:
            return False
        given = arguments[self.argument]
        if self.operator == "=":
            return given == self.value and isinstance(given, bool) == isinstance(self.value, bool)
        if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
            return False
        return given <= self.value if self.operator == "<=" else given >= self.value

    def __str__(self) -> str:
        return f"{self.argument} {self.operator} {self.value}"


@dataclass(frozen=True, slots=True)
class GrantTerms:
    """What a grant covers."""

    tool: str
    agent: str = ""
    """Empty: whoever calls."""
    run: str = ""
    """Empty: every run."""
    bounds: tuple[Bound, ...] = ()

    def covers(self, tool: str, agent: str, run: str, arguments: dict[str, Json]) -> bool:
        """Whether it is about this very call."""
        return (
            tool == self.tool
            and self.agent in {"", agent}
            and (not self.run or run == self.run or run.startswith(f"{self.run}."))
            and all(bound.holds(arguments) for bound in self.bounds)
        )


def read_bound(text: str) -> Bound:
    """A bound as it is typed: `order=o-1`, `cents<=500`."""
    places = [(text.find(operator), -len(operator), operator) for operator in _OPERATORS if operator in text]
    if not places:
        raise InvalidInput(f'"{text}" bounds no argument.', _EXAMPLE)
    place, _, operator = min(places)
    name, said = text[:place].strip(), text[place + len(operator) :].strip()
    if not name:
        raise InvalidInput(f'"{text}" names no argument.', _EXAMPLE)
    value = _value(said)
    if operator != "=" and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise InvalidInput(f'"{said}" is no number, and {name} can only be compared with one.', _EXAMPLE)
    return Bound(name, operator, value)


def check_bounds(bounds: tuple[Bound, ...], parameters: dict[str, Json], tool: str) -> None:
    """Refuse a bound on an argument that the tool does not have: it would cover nothing, and look like a limit."""
    names = sorted(object_of(parameters.get("properties")))
    for bound in bounds:
        if bound.argument not in names:
            raise InvalidInput(
                f'{tool} takes no argument "{bound.argument}".', f"It takes: {', '.join(names) or 'none'}."
            )


def _value(text: str) -> Json:
    """A number, true or false where it reads as one; else text. Quotes make it text whatever it looks like."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    if text in {"true", "false"}:
        return text == "true"
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if math.isfinite(value):
            return value
    return text
