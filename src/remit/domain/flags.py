"""Feature flags: a tool that is on for a share of runs, a route that leads elsewhere for a share of them, a value
that a flow asks for. Nouns, and the arithmetic of shares; where they are kept and what obeys them is not known here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = Any
_PARTS = 2**64


class FlagKind(StrEnum):
    """What a flag decides."""

    TOOL = "tool"
    """Whether a tool may be called."""
    ROUTE = "route"
    """By which other route models are asked."""
    VALUE = "value"
    """What a flow is told when it asks."""


@dataclass(frozen=True, slots=True)
class Picked:
    """What a flag came to for one run."""

    flag: str
    variant: str
    """`on` or `off`; `default` where nobody has set it."""
    value: Json
    reason: str
    """As OpenFeature says it: STATIC, SPLIT, DEFAULT, or what a provider outside said."""
    source: str = "remit"

    def plain(self) -> dict[str, Json]:
        """As it stands in the log."""
        return {
            "flag": self.flag, "variant": self.variant, "value": self.value, "reason": self.reason,
            "source": self.source,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag as it stands."""

    name: str
    kind: FlagKind
    target: str = ""
    """The tool or the route; empty for a value."""
    value: Json = True
    """What the share gets: the other route, or the value."""
    otherwise: Json = None
    """What everybody else gets; None: whatever they would have without the flag."""
    percent: int = 100
    """The share of runs for which it is on."""
    agents: tuple[str, ...] = field(default=())
    """For which agents; none: for all, and for flows."""
    salt: str = ""
    """Who is in the share hangs on it: it stays while the share grows or shrinks."""
    since: int = 0
    by: str = ""

    def covers(self, agent: str) -> bool:
        """Whether it is about what this agent does."""
        return not self.agents or agent in self.agents

    def pick(self, key: str) -> Picked:
        """What it comes to for whoever has this key: the same as long as the share holds them."""
        on = share_of(self.salt, key) * 100 < self.percent
        reason = "STATIC" if self.percent in {0, 100} else "SPLIT"
        return Picked(self.name, "on" if on else "off", self.value if on else self.otherwise, reason)


def share_of(salt: str, key: str) -> float:
    """Where a key lies between 0 and 1: evenly spread, and another place under another salt."""
    digest = hashlib.sha256(f"{salt}\0{key}".encode()).digest()
    return int.from_bytes(digest[:8]) / _PARTS
