"""What a run may do, read out of its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.contract_events import ContractFixed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.store.log import Entry


def contracts_in(entries: Iterable[Entry]) -> tuple[str, ...]:
    """What a run may do, as its log says: one line a contract."""
    found: dict[str, str] = {}
    for entry in entries:
        if isinstance(entry.event, ContractFixed):
            whose = entry.path.rpartition("/")[0] or "the run"
            slots = ", ".join(f"{each['times']} × {each['tool']}" for each in entry.event.contract["slots"])
            found[entry.path] = (
                f"{whose}: {slots or 'nothing that acts'} (contract {entry.event.digest[:12]})"
            )
    return tuple(found.values())
