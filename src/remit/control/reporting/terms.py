"""What a workspace chose for its figures. Data only; who read it from where is not known here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.domain.objectives import Objective


@dataclass(frozen=True, slots=True)
class Terms:
    """Choices."""

    workspace: str = ""
    """What the workspace is called."""
    decision_cents: int = 0
    """What a decision of a person costs, in hundredths."""
    objectives: tuple[Objective, ...] = ()
