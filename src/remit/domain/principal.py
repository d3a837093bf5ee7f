"""Who acts: one value that every command carries and every outside event names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Principal:
    """A user or service acting for a team; agents and releases join when they exist."""

    id: str
    team: str
    kind: Literal["user", "service"] = "user"
