"""An action under halts: it waits while what it is about stands still, and is called off under way.

It stands around every passage of the gate. Before an attempt it looks at the halts that are known; in the commit of a
claim the database is held to that knowledge (S20); right before contact, and whenever something is halted while the
call is under way, it looks again. A read that is called off is made again after the lift; of a claimed write nobody
knows then what it did (S11). What the action is, and whether authority allows it, the passage knows.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from remit.domain.action_errors import Denied, Quarantined, UnknownTool
from remit.domain.action_events import ActionHeld
from remit.domain.errors import Rejected
from remit.domain.event import object_of
from remit.domain.halt_errors import CalledOff, Halted, HaltedInFlight
from remit.domain.halts import REFUSES
from remit.domain.runs import ParkReason
from remit.engine.admission import Admission
from remit.policy.containment.breakers import Act
from remit.store.database import Op

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.effects import Absent, Happened
    from remit.domain.halts import Concern, Halt
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.containment.board import HaltBoard
    from remit.gate.containment.fuses import Fuses

Json = Any
_NOES = (Denied, Quarantined, UnknownTool, Rejected)
"""Refusals that an agent which means well seldom meets."""
STANDING = "halted"
"""Below the path of an action that waits, or that the log refused because something was halted meanwhile."""


class Containing(Protocol):
    """What the gate holds, as far as halts are concerned with it."""

    @property
    def halts(self) -> HaltBoard:
        """What may not act."""
        ...

    @property
    def fuses(self) -> Fuses:
        """Breakers that halt by themselves."""
        ...


class Acting(Admission, Protocol):
    """A passage of the gate, as far as halts are concerned with it."""

    @property
    def parts(self) -> Containing:
        """What the gate holds."""
        ...

    actor: Actor
    models: tuple[str, ...]

    def called_off(self) -> None:
        """An attempt was interrupted; what it used nobody knows."""
        ...


class Watched:
    """One passage, and the halts over it."""

    __slots__ = (
        "_about", "_board", "_claimed", "_digest", "_execution", "_halt", "_home", "_inner", "_path", "_said", "_task",
        "_to", "_tool",
    )  # fmt: skip

    def __init__(self, passage: Acting, tool: str = "", to: str = "") -> None:
        self._inner = passage
        self._board = passage.parts.halts
        self._tool = tool
        self._to = to
        """The agent that a task is handed to."""
        self._about: Concern | None = None
        self._execution: Execution | None = None
        self._path = self._digest = ""
        self._claimed = False
        """Whether the log was told that it is about to take place; a write to memory is its own claim."""
        self._halt: Halt | None = None
        """What called it off."""
        self._said: set[str] = set()
        """The halts that the log was told it waits for."""
        self._home: asyncio.Task[Any] | None = None
        """The task of the branch that it belongs to."""
        self._task: asyncio.Task[Any] | None = None
        """The same while it is under way."""

    # --- before ---------------------------------------------------------------------------------------

    async def admit(self, execution: Execution, call: Placed, number: int) -> None:
        """Wait for the lift of whatever is on it, then let the passage decide."""
        self._execution, self._path, self._digest = execution, call.path, call.digest
        self._home = call.scope.task
        if self._board.any or self._board.stale() or self._to or execution.refused:
            await self._stand(execution, call)
        await self._inner.admit(execution, call, number)

    async def _stand(self, execution: Execution, call: Placed) -> None:
        board = self._board
        if board.stale() or f"{call.path}/{STANDING}" in execution.refused:
            with execution.on_ground():
                await board.require()
            execution.refused.discard(f"{call.path}/{STANDING}")
        while (halt := self._covering()) is not None:
            self._refuse(halt)
            with execution.on_ground():
                await board.require(afresh=True)  # it may have been lifted this very moment
            if (halt := self._covering()) is not None:
                self._refuse(halt)
                self._note(execution, call, halt)
                await execution.wait(
                    call.scope, f"{call.path}/{STANDING}", ParkReason.HALTED, board.ends(halt)
                )
        if self._to:
            halt = board.agent(self._to, execution.row.team)
            if halt is not None:
                raise _halted(halt)

    def _covering(self) -> Halt | None:
        execution = self._execution
        if execution is None or not self._board.any:
            return None
        if self._about is None:
            self._about = self._inner.actor.concern(execution.row, self._tool)
        return self._board.covering(self._about)

    @staticmethod
    def _refuse(halt: Halt) -> None:
        if halt.scope in REFUSES:
            raise _halted(halt)

    def _note(self, execution: Execution, call: Placed, halt: Halt) -> None:
        """Say once, for each halt, that it waits for the lift."""
        place = f"{call.path}/{STANDING}"
        self._said |= {str(object_of(each.event.detail).get("halt")) for each in execution.journal.look(place)
                       if isinstance(each.event, ActionHeld)}  # fmt: skip
        if halt.id not in self._said and not execution.dry:
            self._said.add(halt.id)
            detail = {"halt": halt.id, "reasons": [{"rule": halt.id, "text": halt.sentence}]}
            execution.note(ActionHeld(call.step.name, call.digest, detail), place)

    # --- the claim and the act ------------------------------------------------------------------------

    def claiming(self) -> tuple[Json, Sequence[Op]]:
        """The claim, refused if anything was halted or lifted since this process has looked (S20)."""
        self._check()
        detail, ops = self._inner.claiming()
        execution = self._execution
        if execution is None:
            return detail, ops
        known, self._claimed = (execution.row.id, self._path, self._board.version), True
        return detail, [*ops, Op("halts.pass", known, one=True)]

    def _meant(self) -> Halt | None:
        """The halt on it, or on a model that it may be asking."""
        halt, execution = self._covering(), self._execution
        if halt is not None or execution is None or not self._board.any:
            return halt
        for model in self._inner.models:
            halt = self._board.covering(self._inner.actor.concern(execution.row, model=model))
            if halt is not None:
                return halt
        return None

    def _check(self) -> None:
        if self._board.any and (halt := self._meant()) is not None:
            raise CalledOff(halt.sentence)

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        """Do it, unless something was halted since it was let pass; what is halted meanwhile interrupts it."""
        self._check()
        task = self._home
        assert task is not None  # noqa: S101 - it was let pass in it
        pending, self._task, self._halt = task.cancelling(), task, None
        self._board.flights.add(self)
        try:
            result = await self._inner.perform(*args, idempotency_key=idempotency_key)
        except asyncio.CancelledError as cancelled:
            if self._halt is None or task.uncancel() > pending:
                raise
            raise self._interrupted(self._halt) from cancelled
        finally:
            self._board.flights.discard(self)
            self._task = None
        if self._halt is not None and task.uncancel() <= pending:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0)  # it was done in that very moment: its outcome is known and counts
        return result

    def heed(self) -> None:
        """Something was halted or lifted while this is under way."""
        halt = self._meant()
        if halt is not None and self._halt is None and self._task is not None:
            self._halt = halt
            self._task.cancel()

    def _interrupted(self, halt: Halt) -> Exception:
        if self._claimed:
            return HaltedInFlight(f"it was interrupted: {halt.sentence}.", "See whether it took place.")
        self._inner.called_off()
        return CalledOff(halt.sentence)

    # --- handed on ------------------------------------------------------------------------------------

    async def reconcile(self, *args: object, idempotency_key: str = "") -> Happened | Absent | None:
        """Asking the world what became of a write acts on nothing."""
        return await self._inner.reconcile(*args, idempotency_key=idempotency_key)

    @property
    def protected(self) -> Json:
        """What makes it the same write when it is asked for again (S11)."""
        return self._inner.protected

    @property
    def leads_on(self) -> bool:
        """Whether its outcome need not be awaited."""
        return self._inner.leads_on

    def settling(self, wrong: BaseException | None) -> tuple[Json, Sequence[Op]]:
        """The outcome; breakers are told of it, unless it is a trial: what is tried on an agent is not what it does."""
        detail, ops = self._inner.settling(wrong)
        fuses, execution = self._inner.parts.fuses, self._execution
        agent = self._inner.actor.agent
        if fuses.armed and agent and execution is not None and not self._inner.actor.apart:
            used = object_of(detail["used"]) if "used" in detail else {}
            act = Act(
                execution.now(), hash((self._tool, self._digest)) if self._tool else 0, isinstance(wrong, _NOES),
                int(used.get("money", 0)), bool(self._to),
            )  # fmt: skip
            fuses.saw(self._board, execution.services, execution.row, agent, act)
        return detail, ops

    def taken_up(self, execution: Execution, call: Placed, detail: Json) -> None:
        """An earlier life let an attempt pass."""
        self._inner.taken_up(execution, call, detail)

    def replayed(self, execution: Execution, detail: Json) -> None:
        """It was settled before."""
        self._inner.replayed(execution, detail)

    def dropped(self) -> None:
        """It is over."""
        self._inner.dropped()


def _halted(halt: Halt) -> Halted:
    wrong = Halted(f"{halt.sentence}.", "Go on without it, or wait for a person to lift that.")
    wrong.detail = {"halt": halt.id, "reasons": [{"rule": halt.id, "text": halt.sentence}]}
    return wrong
