"""The label of what is remembered: what a model wants to keep is untrusted, what a flow states is taken at its word.

One function, and the only place that knows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.labels import Integrity, Label

if TYPE_CHECKING:
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor


def label_of_remembered(execution: Execution, actor: Actor, stated: Label | None = None) -> Label:
    """What the item will carry for as long as it is remembered.

    Nobody knows from here what a model has read, and a flow's value may come from a tool or a model: both are
    untrusted, for the run's own team and the models it may ask; the gate narrows it to what the model had in sight. The
    adversary is the model and its data, not who writes the flow (S26): where the flow knows better, it says so, and
    only a flow can.
    """
    if stated is not None and not actor.agent:
        return stated
    who = f"model:{actor.agent}" if actor.agent else f"flow:{execution.flow.name}"
    place = f"{execution.row.id}/{execution.scope().path}".rstrip("/")
    readers = frozenset({f"team:{actor.team}", "provider:*"})
    return Label(Integrity.UNTRUSTED, readers, (f"{who}@{place}",))
