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
    roles: frozenset[str] = frozenset()
    """The roles and groups that count now."""
    key: str = ""
    """The key that was shown; empty: the local owner, which is whoever can read the database and its keys."""

    @property
    def local(self) -> bool:
        """Whether nobody but the machine says who this is."""
        return not self.key
