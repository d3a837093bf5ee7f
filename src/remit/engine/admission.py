"""What a layer above the engine has to say about an action on its way: whether it may pass, and what is kept of it.

The engine asks before every attempt, puts what it is given into the events of the action, and commits with them
what belongs to them. What an action is, who may do it and what it costs, the engine does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.effects import Absent, Happened
    from remit.engine.execution import Execution
    from remit.engine.scope import Scope
    from remit.engine.step import Step
    from remit.store.database import Op
    from remit.store.keys import DataKey

Json = Any


class Placed(Protocol):
    """An action where it stands in its run."""

    step: Step
    scope: Scope
    path: str
    digest: str
    key: DataKey | None
    """Another data key than the run's: it is about a subject."""


class Admission(Protocol):
    """One action that has to be let pass."""

    async def admit(self, execution: Execution, call: Placed, number: int) -> None:
        """Before attempt `number`: decide, wait durably if somebody has to agree; raise a `RemitError` to refuse."""
        ...

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        """Do it; gives the result that the flow is told."""
        ...

    async def reconcile(self, *args: object, idempotency_key: str = "") -> Happened | Absent | None:
        """Find out whether a claimed write took place."""
        ...

    @property
    def protected(self) -> Json:
        """What makes it the same write when it is asked for again (S11); None: its arguments."""
        ...

    def claiming(self) -> tuple[Json, Sequence[Op]]:
        """The detail of the claim, and what is committed with it, all or nothing (S20)."""
        ...

    def settling(self, wrong: BaseException | None) -> tuple[Json, Sequence[Op]]:
        """The detail of the outcome, and what is committed with it."""
        ...

    @property
    def leads_on(self) -> bool:
        """Whether its outcome only leads on to further steps. Nothing of it is released before one of those is awaited,
        which waits for everything before it; so it need not be awaited itself.
        """
        ...

    def taken_up(self, execution: Execution, call: Placed, detail: Json) -> None:
        """An earlier life of the run let an attempt pass, with this detail, and nobody knows what came of it."""
        ...

    def replayed(self, execution: Execution, detail: Json) -> None:
        """It was settled before, with this detail: take note of what it used."""
        ...

    def dropped(self) -> None:
        """The run left before there was an outcome: give back what was set aside in memory."""
        ...
