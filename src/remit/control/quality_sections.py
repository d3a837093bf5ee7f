"""The sections of `remit.toml` about how good and how safe agents are. Nouns only, as in `sections`."""

from __future__ import annotations

from dataclasses import dataclass

from remit.control.setting import setting


@dataclass(frozen=True, slots=True)
class RedTeamSettings:
    """How often the red team plays by itself."""

    every: str = setting("", "how often a worker plays every pack of attacks, such as 7d; empty = never")
    seed: int = setting(0, "what chance is drawn from")
