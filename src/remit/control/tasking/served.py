"""What a workspace lets others ask of it: which agents, by which protocol, under which address, and whom it tells."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Served:
    """`[a2a]` and `[agui]` of remit.toml."""

    a2a: tuple[str, ...] = ()
    agui: tuple[str, ...] = ()
    url: str = ""
    """The address under which others reach the server; empty: the one that they asked at."""
    push: tuple[str, ...] = ()
    """Hosts that may be told how a task goes."""
    push_private: tuple[str, ...] = ()
    """Such hosts that may lie inside."""

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody who can be given a task."""
        return tuple(dict.fromkeys((*self.a2a, *self.agui)))
