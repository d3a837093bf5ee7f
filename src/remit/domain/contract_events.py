"""Durable facts about contracts: what a run may do, fixed before it reads anything untrusted.

Part of the closed vocabulary of `events`; the same rules hold: a released class is never edited. They stand in the
stream of the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from remit.domain.event import Event, Json


@dataclass(frozen=True, slots=True)
class ContractFixed(Event):
    """From here on the run, or an agent in it, may do this and no more; a later generation also says what was seen."""

    KIND: ClassVar[str] = "contract.fixed"
    contract: Json
    digest: str
    ledger: Json = None
