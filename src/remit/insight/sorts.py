"""Which sort of thing a run is, by how it came to be: a rate of success must not count children, forks of people,
exchanges of agents that are not ours, or what Remit does by itself, as tasks. It looks at the first event alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.domain.fronting import EXCHANGE
from remit.domain.trials import TRIED

if TYPE_CHECKING:
    from remit.domain.events import RunCreated

TASK: Final = "task"
"""Somebody wanted something done: started by a person, a schedule, another system."""
CHILD: Final = "child"
"""Spawned by another run, whose task it belongs to."""
FORK: Final = "fork"
"""A second look at a run that was: nothing of it is work that was asked for."""
SHARED: Final = "exchange"
"""One exchange of an agent that is not ours; what its task is, only its owner knows (S29)."""
HOUSE: Final = "house"
"""Remit's own: undo, recall, messages held back, previews."""
TRIAL: Final = "trial"
"""A go at a scenario, or the experiment that it is part of: work that nobody asked for, in no real world."""
SORTS: Final = (TASK, CHILD, FORK, SHARED, HOUSE, TRIAL)
_OWN = "remit."


def sort_of(created: RunCreated) -> str:
    """Which of the six it is."""
    if created.forked_from:
        return FORK
    if created.flow == EXCHANGE:
        return SHARED
    if created.flow.startswith(TRIED):
        return TRIAL
    if created.flow.startswith(_OWN):
        return HOUSE
    return CHILD if created.parent else TASK
