"""A rule: one statement of a policy file, and what its annotations make of it.

A forbid with `@ask` asks a person instead of refusing, one with `@redact` or `@clamp` changes arguments, one with
`@defer` says "not yet". How files become rules is `loading`; what rules together answer is `answers`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cedarpy import pst

from remit.domain.action_errors import InvalidPolicy

HINT = "Remit does not start on a policy it cannot read. Fix the line, or see what it would decide: remit policy check"


class Treatment(StrEnum):
    """What a rule that matches does."""

    PERMIT = "permit"
    DENY = "deny"
    ASK = "ask"
    MODIFY = "modify"
    DEFER = "defer"


@dataclass(frozen=True, slots=True)
class Clamp:
    """An argument is kept on this side of a limit."""

    argument: str
    most: int | None = None
    least: int | None = None

    def apply(self, value: float) -> float:
        """The value, or the limit if it lies beyond."""
        if self.most is not None and value > self.most:
            return self.most
        if self.least is not None and value < self.least:
            return self.least
        return value


@dataclass(frozen=True, slots=True)
class Rule:
    """One statement, where it stands, and what it says to people."""

    name: str
    """Its @id, or its place; `…:3#2` is the second one of a line."""
    place: str
    """As in `policies/refunds.cedar:3`."""
    text: str
    treatment: Treatment
    statement: pst.Template
    reason: str = ""
    remedy: str = ""
    group: str = ""
    within: str = ""
    otherwise: str = "reject"
    quorum: int = 1
    protected: bool = False
    """Whether one person alone may neither change nor remove it."""
    redacts: tuple[str, ...] = ()
    clamps: tuple[Clamp, ...] = ()
    until: int = 0

    @property
    def changes(self) -> frozenset[str]:
        """The arguments that it may change."""
        return frozenset({*self.redacts, *(clamp.argument for clamp in self.clamps)})


def rule_of(statement: pst.Template, place: str, text: str, name: str = "") -> Rule:
    """Read the annotations of a statement; each that makes no sense is refused, because it was meant to.

    `name` serves a rule without an @id, where its place alone does not tell it from others.
    """
    notes = statement.annotations
    for note in notes:
        if note not in _NOTES:
            raise invalid(f"{place} has @{note}, which means nothing{nearest(note, _NOTES)}.")
    treatment = _treatment(statement, place)
    for note, needs in _BELONGS.items():
        if note in notes and needs not in notes:
            raise invalid(f"{place} has @{note} without @{needs}.")
    return Rule(
        notes.get("id", "") or name or place, place, text, treatment, statement,
        notes.get("reason", ""), notes.get("remedy", ""), _group(notes, place), _within(notes, place),
        _otherwise(notes, place), _quorum(notes, place), _protected(notes, place),
        _redacts(notes, place), _clamps(notes, place), _until(notes, place),
    )  # fmt: skip


def invalid(sentence: str) -> InvalidPolicy:
    """A refusal to start."""
    return InvalidPolicy(sentence, HINT)


def nearest(name: str, known: Iterable[str]) -> str:
    """` (nearest: "refund")`, or nothing if nothing is near."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f' (nearest: "{near[0]}")' if near else ""


def _treatment(statement: pst.Template, place: str) -> Treatment:
    found = {_TREATMENTS[note] for note in statement.annotations if note in _TREATMENTS}
    if not found:
        return Treatment.PERMIT if statement.effect == "permit" else Treatment.DENY
    if statement.effect == "permit":
        raise invalid(f"{place} is a permit with @{_first(statement)}; only a forbid can be softened.")
    if len(found) > 1:
        raise invalid(f"{place} can either {' or '.join(sorted(found))}; write one rule for each.")
    return found.pop()


def _first(statement: pst.Template) -> str:
    return next(note for note in statement.annotations if note in _TREATMENTS)


def _group(notes: Mapping[str, str], place: str) -> str:
    group = notes.get("ask", "").strip()
    if "ask" in notes and not group:
        raise invalid(f'{place} has @ask without a group; name who has to agree: @ask("finance-leads").')
    return group


def _within(notes: Mapping[str, str], place: str) -> str:
    within = notes.get("within", "")
    if within and not _DURATION.fullmatch(within):
        raise invalid(f'{place} has @within("{within}"), which is no duration; write "30m", "4h" or "2d".')
    return within


def _otherwise(notes: Mapping[str, str], place: str) -> str:
    if "escalate" in notes:
        return _escalation(notes, place)
    otherwise = notes.get("otherwise", "reject")
    if otherwise == "approve":
        raise invalid(f"{place} approves when nobody answers, which would make it no question at all.")
    if otherwise not in {"reject", "escalate"} and not re.fullmatch(r"escalate:\S+", otherwise):
        raise invalid(
            f'{place} has @otherwise("{otherwise}"); it is "reject", "escalate" or "escalate:group".'
        )
    return otherwise


def _escalation(notes: Mapping[str, str], place: str) -> str:
    group = notes["escalate"].strip()
    if not re.fullmatch(r"\S+", group) or "otherwise" in notes or "within" not in notes:
        raise invalid(
            f'{place} has @escalate("{group}"), which says who is asked after @within, in place of @otherwise: '
            '@ask("leads") @within("4h") @escalate("directors").'
        )
    return f"escalate:{group}"


def _quorum(notes: Mapping[str, str], place: str) -> int:
    text = notes.get("quorum", "1")
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _LARGEST_QUORUM):
        raise invalid(
            f'{place} has @quorum("{text}"); write how many different people, such as @quorum("2").'
        )
    return int(text)


def _protected(notes: Mapping[str, str], place: str) -> bool:
    if notes.get("protected"):
        raise invalid(f'{place} has @protected("{notes["protected"]}"); it takes nothing: @protected.')
    return "protected" in notes


def _redacts(notes: Mapping[str, str], place: str) -> tuple[str, ...]:
    if "redact" not in notes:
        return ()
    names = tuple(name.strip() for name in notes["redact"].split(",") if name.strip())
    if not names:
        raise invalid(f'{place} has @redact without an argument; name it: @redact("note").')
    return names


def _clamps(notes: Mapping[str, str], place: str) -> tuple[Clamp, ...]:
    if "clamp" not in notes:
        return ()
    return tuple(_clamp(part, place) for part in notes["clamp"].split(","))


def _clamp(text: str, place: str) -> Clamp:
    match = _CLAMP.fullmatch(text.strip())
    if match is None:
        raise invalid(
            f'{place} has @clamp("{text}"); write the argument and its limit: @clamp("amount <= 200").'
        )
    limit = int(match["limit"])
    return Clamp(match["name"], most=limit) if match["side"] == "<=" else Clamp(match["name"], least=limit)


def _until(notes: Mapping[str, str], place: str) -> int:
    if "defer" not in notes:
        return 0
    try:
        moment = datetime.fromisoformat(notes["defer"])
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise invalid(
            f'{place} has @defer("{notes["defer"]}"); write a moment with its zone: '
            '@defer("2027-01-04T08:00:00+01:00").'
        )
    return int(moment.timestamp() * 1_000_000)


_TREATMENTS = {
    "ask": Treatment.ASK,
    "redact": Treatment.MODIFY,
    "clamp": Treatment.MODIFY,
    "defer": Treatment.DEFER,
}
_BELONGS = {"within": "ask", "otherwise": "ask", "escalate": "ask", "quorum": "ask"}
_NOTES = frozenset({"id", "reason", "remedy", "protected", *_TREATMENTS, *_BELONGS})
_LARGEST_QUORUM = 9
_DURATION = re.compile(r"(\d+(\.\d+)?[smhdw])+")
_CLAMP = re.compile(r"(?P<name>\S+)\s*(?P<side><=|>=)\s*(?P<limit>-?\d+)")
