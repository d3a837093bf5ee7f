"""Reading `design.toml`: what people say of a design that its code cannot say, and faults that somebody accepts, each
with a reason. It checks that file's form and nothing else; what has run out is not said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from remit.domain.errors import InvalidSetting
from remit.engine.step import seconds
from remit.gate.toml_file import TomlFile
from remit.quality.design.findings import FaultKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from remit.quality.design.findings import Fault

FILE = "design.toml"
_FILE = TomlFile(FILE, "What design.toml can hold: docs/how-to/review-a-design.md")
TEXTS = ("wrong", "failure", "override", "classes", "within", "who", "disagreement")
"""What can be said of a flow, in words."""
_TIMES = ("p95", "longest")
_ACCEPT = ("kind", "about", "reason", "until")


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said of one flow."""

    texts: dict[str, str] = field(default_factory=dict[str, str])
    p95: float | None = None
    """Within how many seconds nineteen of twenty runs are to be done."""
    longest: float | None = None
    """How many seconds a run may take at most."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A fault that somebody accepts."""

    kind: FaultKind
    about: str
    reason: str

    def covers(self, fault: Fault) -> bool:
        """Whether this is what was accepted."""
        return fault.kind is self.kind and fault.about == self.about


@dataclass(frozen=True, slots=True)
class Statements:
    """What the file says."""

    flows: dict[str, Statement] = field(default_factory=dict[str, Statement])
    accepted: tuple[Acceptance, ...] = ()
    usual: dict[str, float] = field(default_factory=dict[str, float])
    """By agent, tool or flow: within how many seconds it is done nineteen times of twenty, as somebody knows it."""

    def of(self, flow: str, name: str) -> str:
        """What is said of a flow, or of all of them."""
        for each in (flow, "*"):
            if each in self.flows and self.flows[each].texts.get(name):
                return self.flows[each].texts[name]
        return ""

    def time(self, flow: str, name: str) -> float | None:
        """A time that is declared for a flow."""
        found = self.flows.get(flow, self.flows.get("*", Statement()))
        return found.p95 if name == "p95" else found.longest


def read_statements(root: Path, names: Collection[str], today: date) -> Statements:
    """The file of a workspace; empty if it has none."""
    table = _FILE.parsed(_FILE.text_of(root))
    _FILE.refuse_unknown(table, ("flows", "usual", "accept"), "")
    flows = {
        name: _statement(name, _FILE.section(each, f"flows.{name}"), names)
        for name, each in _FILE.section(table.get("flows", {}), "flows").items()
    }
    usual = {
        name: _time(value, f"usual.{name}")
        for name, value in _FILE.section(table.get("usual", {}), "usual").items()
    }
    accepted = [_acceptance(each, today) for each in _listed(table.get("accept", []))]
    return Statements(flows, tuple(each for each in accepted if each is not None), usual)


def _statement(name: str, said: Mapping[str, Any], names: Collection[str]) -> Statement:
    if name != "*" and name not in names:
        raise _FILE.wrong(f'speaks of "{name}", which is no flow and no agent')
    _FILE.refuse_unknown(said, (*TEXTS, *_TIMES), f"flows.{name}.")
    texts = {key: _text(said[key], f"flows.{name}.{key}") for key in TEXTS if key in said}
    times = [_time(said[key], f"flows.{name}.{key}") if key in said else None for key in _TIMES]
    return Statement(texts, *times)


def _acceptance(said: Mapping[str, Any], today: date) -> Acceptance | None:
    _FILE.refuse_unknown(said, _ACCEPT, "accept.")
    try:
        kind = FaultKind(str(said.get("kind")))
    except ValueError:
        raise _FILE.wrong(
            f"accepts kind = {said.get('kind')!r}; it is one of {', '.join(each.value for each in FaultKind)}"
        ) from None
    until = said.get("until")
    if until is not None and type(until) is not date:
        raise _FILE.wrong(f"has until = {until!r}, which is no day; write until = 2027-01-31")
    found = Acceptance(
        kind, _text(said.get("about"), "accept.about"), _text(said.get("reason"), "accept.reason")
    )
    return None if until is not None and until < today else found


def _listed(value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in cast("list[Any]", value)):
        raise _FILE.wrong("has accept, which is no list of tables; write [[accept]]")
    return cast("list[Mapping[str, Any]]", value)


def _text(value: object, place: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _FILE.wrong(f"needs {place}, a text")
    return value.strip()


def _time(value: object, place: str) -> float:
    try:
        found = (
            seconds(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else 0.0
        )
    except InvalidSetting:
        found = 0.0
    if found <= 0:
        raise _FILE.wrong(f'has {place} = {value!r}, which is no time; write "30s" or "2m"')
    return found
