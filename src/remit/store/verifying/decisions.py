"""Whether every action was decided, from content, where an export has it: what the gate performed carries the stages it
passed, and then the decision stands in the same event or in the claim or admission before it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .verdicts import Finding, Kind

if TYPE_CHECKING:
    from .entries import Entry

_BEFORE = frozenset({"step.claimed", "action.admitted"})


class Decisions:
    """Follows the decisions of every run."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[bool, bool]] = {}
        self._decided: set[tuple[str, str]] = set()

    def read(self, place: str, content: str) -> None:
        """Note what an event says of an action: whether the gate passed it, and whether the decision is there."""
        try:
            value: Any = json.loads(content)
        except ValueError:
            return
        detail: Any = value.get("detail") if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if isinstance(detail, dict):
            self._said[place] = ("pipe" in detail, "decision" in detail)

    def take(self, entry: Entry) -> Finding | None:
        """The next event of the log; a finding for an outcome that nobody decided."""
        passed, decided = self._said.get(entry.place, (False, False))
        at = (entry.stream, entry.path)
        if entry.kind in _BEFORE:
            if decided:
                self._decided.add(at)
            return None
        if entry.kind != "step.done" or not passed or decided or at in self._decided:
            return None
        message = f"{entry.place}: the gate performed this, and the log has no decision for it"
        return Finding(Kind.RECEIPT, message, ("completeness",), "fail", entry.stream, entry.seq)
