"""What every access to memory through the gate has in common: turns, looking, pretending, one commit.

A write of memory is no call into a world that may answer or not: its row, its receipt and what was decided are one
commit (S3, S20), so it took place if and only if its outcome is in the log. It needs no claim, no reconcile and no
unknown. Whoever finds that the item is not the one that was looked at is refused by the database; the run is read
again, and looks again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.budgets import Amount
from remit.domain.errors import Rejected
from remit.engine.asking import LAST_RESORT, Question, ask
from remit.gate.passage import Passage
from remit.gate.receipts import touched
from remit.store.database import Op
from remit.store.memory import MemoryShelf

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from remit.domain.memory import Memory
    from remit.domain.tools import ObjectImage
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.store.memory import Held

ONE_CALL = Amount(calls=1)
_PREFIX = "memory:"


class MemoryAccess(Passage):
    """One access to one scope, on its way."""

    acts = True
    """Whether it changes anything."""

    def __init__(self, parts: GateParts, actor: Actor, execution: Execution, scope: str) -> None:
        super().__init__(parts, actor)
        self.execution = execution
        self.scope = scope
        """Whose memory: `user:lea`."""
        self.path = ""
        self.shelf = MemoryShelf(execution.services.database, execution.services.keys)
        self.images: list[ObjectImage] = []
        """What it changes."""
        self.writes: list[Op] = []
        """What is committed with the outcome."""
        self._turn: asyncio.Lock | None = None
        self._halts = 0
        """The state of the halts under which it was let pass."""

    # --- stages ---------------------------------------------------------------------------------------

    async def admit(self, execution: Execution, call: Placed, number: int) -> None:
        """Let it pass, hold it, or raise why not."""
        if self.fresh(number):
            return
        self.pipe.again()
        self.place, self.path = (execution, call.path), call.path
        self.check()
        while True:
            await self.settle(execution, call)
            await self._be_let(execution, call)
            if self.acts:
                await self._look_alone()
            if self.is_recent:
                break
            self._step_back()  # what was decided before all that does not count any more (S20)
        await self.reserve(execution, ONE_CALL)
        self.passed, self._halts = number, self.parts.halts.version

    @property
    def consumes(self) -> bool:
        """What changes something uses the consents that let it."""
        return self.acts

    def check(self) -> None:
        """Resolve, validate and screen; raises the refusal."""

    async def look(self) -> None:
        """How the items stand that it will change; nobody else of this process writes meanwhile."""

    async def reconcile(self, *args: object, idempotency_key: str = "") -> None:
        """There is nothing to find out: without an outcome nothing took place."""
        del args, idempotency_key

    def claiming(self) -> tuple[Any, Sequence[Op]]:
        """What belongs to the one commit in which it is claimed and done; that is refused if anything was halted or
        lifted since it was let pass (S20).
        """
        if not self.acts or self.pretends:
            return None, self.claims()
        return None, [*self.claims(), Op("halts.still", (self.execution.row.id, self._halts), one=True)]

    def settling(self, wrong: BaseException | None) -> tuple[Any, Sequence[Op]]:
        """The outcome, and with it the write itself."""
        self.pipe.passed("settle")
        if wrong is not None:
            ops = self.charge()
            return {**self.action(), "pipe": self.pipe.stages, "why": getattr(wrong, "detail", None)}, ops
        _, claims = self.claiming()
        detail = {**self.action(), "pipe": self.pipe.stages, "used": {"calls": 1}, **self.outcome()}
        if self.pretends:
            detail["rehearsed"] = True
        ops = [*claims, *self.writes, *self._touched(), *self.charge(ONE_CALL)]
        return detail, ops

    def action(self) -> dict[str, Any]:
        """What it is, as the log tells it."""
        return self.facts()

    def outcome(self) -> dict[str, Any]:
        """What came of it, as the log tells it."""
        return {}

    def dropped(self) -> None:
        """It is over: the next one may write."""
        self._step_back()
        super().dropped()

    # --- items ----------------------------------------------------------------------------------------

    @property
    def pretends(self) -> bool:
        """Whether this is a fork, which writes nothing."""
        simulation = self.execution.simulation
        return self.acts and simulation is not None and not simulation.asks

    async def find(self, key: str) -> tuple[Held | None, Memory | None]:
        """An item as the database has it, and as this run believes it to be."""
        team = self.actor.team
        with self.execution.on_ground():
            held = await self.shelf.find(team, self.scope, key)
        believed = self.parts.memory.believed(self.execution.row.id)
        name = self.shelf.name(team, self.scope, key)
        memory = believed.get(name, held.memory if held is not None else None)
        return held, self._living(memory)

    async def everything(self) -> dict[str, tuple[Held | None, Memory]]:
        """Every item of the scope by key."""
        with self.execution.on_ground():
            held = await self.shelf.of_scope(self.actor.team, self.scope)
        found = {each.memory.key: (each, each.memory) for each in held if each.memory is not None}
        known: dict[str, tuple[Held | None, Memory | None]] = dict(found)
        for name, memory in self.parts.memory.believed(self.execution.row.id).items():
            there = next((each for each in held if each.id == name), None)
            if memory is not None and memory.scope == self.scope:
                known[memory.key] = (there, memory)
            elif memory is None and there is not None and there.memory is not None:
                known[there.memory.key] = (there, None)
        living = {key: (each, self._living(memory)) for key, (each, memory) in known.items()}
        return {key: (each, memory) for key, (each, memory) in living.items() if memory is not None}

    async def put(self, memory: Memory, held: Held | None) -> None:
        """Have it written with the outcome; in a fork, only believed."""
        row = self.execution.row
        if self.pretends:
            self._believe(memory.key, memory)
            return
        with self.execution.on_ground():
            key = await self.shelf.key_for(row.team, self.scope, self.execution.pen.key, memory.at)
        name = self.shelf.name(row.team, self.scope, memory.key)
        self.writes += [
            self.shelf.purge(row.team, self.scope, name, memory.at),
            self.shelf.put(row.team, memory, key, f"{row.id}/{row.generation}/{self.path}", held),
        ]

    def drop(self, key: str, held: Held | None) -> None:
        """Have it forgotten with the outcome; in a fork, only believed."""
        if self.pretends:
            self._believe(key, None)
        elif held is not None:
            self.writes.append(self.shelf.drop(held))

    def object_of(self, key: str) -> str:
        """An item as receipts name it."""
        return f"{_PREFIX}{self.scope}/{key}"

    def key_of(self, name: str) -> str:
        """The key of an item that a receipt names."""
        return name.removeprefix(f"{_PREFIX}{self.scope}/")

    # --- inside ---------------------------------------------------------------------------------------

    async def _look_alone(self) -> None:
        place = self.shelf.place(self.actor.team, self.scope)
        turn = self.parts.memory.turn(place)
        await turn.acquire()
        self._turn = turn
        await (
            self.execution.outbox.settled()
        )  # a lost race costs this step alone, and nothing that came before it
        await self.look()
        self.pipe.passed("before")

    def _step_back(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.release()

    async def _be_let(self, execution: Execution, call: Placed) -> None:
        """In a live fork a person lets every write through (S18)."""
        simulation = execution.simulation
        if simulation is None or not simulation.asks or not self.acts:
            return
        path = f"{call.path}/permit"
        question = Question("write", LAST_RESORT, self.card(), call.step.name, key=call.key)
        closed = await ask(execution, call.scope, path, question, execution.journal.look(path))
        if closed.how != "approved":
            raise Rejected(f"{closed.by or 'nobody in time'} did not let the fork perform {call.path}.")

    def _living(self, memory: Memory | None) -> Memory | None:
        over = memory is not None and memory.expires is not None and memory.expires <= self.execution.now()
        return None if over else memory

    def _believe(self, key: str, memory: Memory | None) -> None:
        name = self.shelf.name(self.actor.team, self.scope, key)
        self.parts.memory.pretence(self.execution.row.id)[name] = memory

    def _touched(self) -> list[Op]:
        return [] if self.pretends else touched(self.parts.keys, self.execution, self.path, self.images)
