"""One call of a step: what is called, with what, and where it stands in the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from remit.domain import silence
from remit.domain.effects import Backoff
from remit.store.database import Op
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from remit.engine.admission import Admission
    from remit.engine.execution import Execution
    from remit.engine.scope import Scope
    from remit.engine.step import Step
    from remit.store.keys import DataKey

_WHEN_ASKED = Backoff(attempts=10)
"""A step that raises `Retry` without declaring a policy gets this one."""


class Call(Struct, eq=False):
    """A step on its way through the engine."""

    step: Step
    args: tuple[object, ...]
    kwargs: dict[str, Any]
    scope: Scope
    path: str
    digest: str
    key: DataKey | None = None
    """Another data key than the run's: the result is about a subject."""
    admission: Admission | None = None
    """Who has to let it pass, for actions that go through the gate."""
    claimed: str = ""
    """The fingerprint of the write, from its claim to its answer (S11)."""

    @property
    def fn(self) -> Callable[..., Any]:
        """What performs it."""
        return self.step.fn if self.admission is None else self.admission.perform

    @property
    def reconcile(self) -> Callable[..., Any] | None:
        """What finds out whether it took place; None if nothing can."""
        if self.admission is None or self.step.reconcile is None:
            return self.step.reconcile
        return self.admission.reconcile

    def admit(self, execution: Execution, number: int) -> Awaitable[None]:
        """Have it let pass, before every attempt; raises the refusal."""
        if self.admission is None or silence.is_quiet():
            return self._admit_aloud(execution, number)
        return self.admission.admit(execution, self, number)

    async def _admit_aloud(self, execution: Execution, number: int) -> None:
        if self.admission is not None:
            with silence.aloud():
                await self.admission.admit(execution, self, number)

    @property
    def protected(self) -> str:
        """What makes it the same write when it is asked for again, by digest (S11)."""
        found = self.admission.protected if self.admission is not None else None
        return self.digest if found is None else canonical.digest(canonical.plain(found))

    def claiming(self) -> tuple[Any, Sequence[Op]]:
        """What belongs into the claim, and what is committed with it."""
        return (None, ()) if self.admission is None else self.admission.claiming()

    def settling(self, wrong: BaseException | None = None) -> tuple[Any, Sequence[Op]]:
        """What belongs into the outcome, and what is committed with it."""
        return (None, ()) if self.admission is None else self.admission.settling(wrong)

    def fingerprint(self, execution: Execution) -> str:
        """What an equal write has as well, as a keyed tag."""
        return execution.services.keys.tag(f"write|{execution.row.team}|{self.step.name}|{self.protected}")

    def opening(self, execution: Execution) -> str:
        """Its claim is open from now on: no equal write is performed before it has its answer (S11)."""
        execution.unresolved.discard(self.claimed)
        self.claimed = self.fingerprint(execution)
        execution.unresolved.add(self.claimed)
        return self.claimed

    def closing(self, execution: Execution) -> list[Op]:
        """What is committed with the answer of a claimed write: an equal one may be performed from then on."""
        if not self.claimed:
            return []
        execution.unresolved.discard(self.claimed)
        self.claimed = ""
        return [Op("writes.close", (execution.row.id, self.path))]

    def taken_up(self, execution: Execution, detail: Any) -> None:
        """Tell the layer above that an earlier life of the run let an attempt pass, with this detail."""
        if self.admission is not None and not execution.dry:
            self.admission.taken_up(execution, self, detail)

    def replayed(self, execution: Execution, detail: Any) -> None:
        """Tell the layer above that this was settled before, with this detail."""
        if self.admission is not None:
            self.admission.replayed(execution, detail)

    @property
    def retry(self) -> Backoff:
        """How it is retried when it asks for it."""
        return self.step.retry or _WHEN_ASKED
