"""What an examination saw, as the one value from which the verdicts are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .entries import Head
    from .held import Held
    from .keys import Signers
    from .notes import Checkpoint
    from .outline import Outline
    from .verdicts import Finding


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the examination saw."""

    outline: Outline
    held: Held | None
    signers: Signers
    events: int
    ends: dict[str, int]
    roots: dict[int, bytes]
    """Of the log as it is, at every size that a checkpoint names."""
    unproven: list[Finding]
    named: list[Finding]
    """What was done to single streams."""
    suspects: list[str]
    heads: dict[str, list[Head]]

    @property
    def newest(self) -> Checkpoint | None:
        """The log's newest own checkpoint."""
        return self.outline.checkpoints[-1] if self.outline.checkpoints else None
