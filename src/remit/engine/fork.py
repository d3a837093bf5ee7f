"""Forks: a new run that shares another's past up to a step, and whose writes are simulated unless asked for (S18)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.errors import CannotSimulate, Rejected, UnknownStep
from remit.domain.events import (
    ChildSpawned,
    PatchChosen,
    RunCreated,
    RunEnded,
    ScopeDecided,
    StepAbsent,
    StepDone,
    StepFailed,
    WaitClosed,
)
from remit.engine.asking import LAST_RESORT, Question, ask
from remit.engine.attempts import call as invoke
from remit.engine.attempts import failure_of
from remit.engine.journal import Journal
from remit.engine.outside import run_stream
from remit.engine.recording import record_failure, record_result
from remit.engine.shadow import SHADOW, Recorded
from remit.engine.writing import Write
from remit.store.database import Op

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.domain.errors import StopRun
    from remit.domain.runs import RunRow
    from remit.engine.birth import Born
    from remit.engine.call import Call
    from remit.engine.execution import Execution
    from remit.engine.services import Services
    from remit.store.database import EventRow
    from remit.store.log import Entry, Log

_SETTLED = (StepDone, StepFailed, StepAbsent, WaitClosed, PatchChosen, ChildSpawned)


class Simulation:
    """How the writes of a fork are answered."""

    shadow = False
    """Whether it is a copy of a run that is over, which nobody is to be bothered with."""
    reviewer: Callable[[Question], WaitClosed | StopRun] | None = None
    """Who answers questions to people in their place; None: people are really asked."""

    def __init__(self, original: Journal | None, *, asks: bool) -> None:
        self._original = original
        self.asks = asks
        """Whether writes are really performed, each after a person let it."""

    @classmethod
    async def of(cls, row: RunRow, services: Services, journal: Journal) -> Simulation | None:
        """The simulation of a forked run; none for any other."""
        created = journal.created
        if not isinstance(created, RunCreated):
            first = (await services.log.read_one(run_stream(row.id), 1)).event
            created = first if isinstance(first, RunCreated) else None
        if created is None or not (created.simulated or created.asks):
            return None
        original = None
        if created.forked_from:
            entries, _ = await services.log.read(run_stream(created.forked_from))
            original = Journal(entries)
        simulation = cls(original, asks=created.asks)
        rows = await services.database.fetch("releases.of_run", row.id)
        if rows and rows[0][1] == SHADOW:
            simulation.shadow, simulation.reviewer = True, Recorded(original)
        return simulation

    async def __call__(self, execution: Execution, call: Call, recorded: list[Entry]) -> Any:
        """Answer one write."""
        if self.asks:
            return await self._ask_and_perform(execution, call, recorded)
        await execution.go_live(call.scope)
        started = execution.now()
        known = self._recorded_result(call)
        if known is not None:
            return await record_result(
                execution, call, known.result, 1, started, "simulated from the original"
            )
        if call.step.simulate is not None:
            try:
                result = await invoke(call.step.simulate, *call.args, **call.kwargs)
            except BaseException as raised:  # it shows how the write would have failed
                raise await record_failure(execution, call, failure_of(raised), 1, started) from raised
            return await record_result(execution, call, result, 1, started, "simulated")
        cannot = CannotSimulate(
            f"{call.path} is a write; a fork does not perform it, and nothing says what it would have answered.",
            "Give the step a simulate=…, or fork with --live, which asks for every write.",
        )
        raise await record_failure(execution, call, cannot, 1, started)

    def _recorded_result(self, call: Call) -> StepDone | None:
        if self._original is None:
            return None
        entries = self._original.at_path.get(call.path, [])
        done = entries[-1].event if entries else None
        return done if isinstance(done, StepDone) and done.digest == call.digest else None

    async def _ask_and_perform(self, execution: Execution, call: Call, recorded: list[Entry]) -> Any:
        path = f"{call.path}/permit"
        write = Write(execution, call, recorded)
        question = Question("write", LAST_RESORT, write.card(), call.step.name, key=call.key)
        closed = await ask(execution, call.scope, path, question, execution.journal.look(path))
        if closed.how == "approved":
            return await write.run()
        no = Rejected(f"{closed.by or 'nobody in time'} did not let the fork perform {call.path}.")
        raise await record_failure(execution, call, no, 1, execution.now())


async def copy_past(
    log: Log, original: RunRow, at: str | None, born: Born
) -> tuple[list[EventRow], list[Op]]:
    """The original's settled past before `at`, sealed again for the fork's own stream."""
    recorded, _ = await log.read(run_stream(original.id), original.base_seq)
    entries = Journal(recorded).entries
    cut = _first_at(entries, at) if at else 2**62
    if at is None:
        return [], []
    settled = {e.path for e in entries if e.seq < cut and isinstance(e.event, _SETTLED)}
    unspawned, mail = await _children(log, entries, cut, born)
    rows: list[EventRow] = []
    for entry in entries:
        kept = entry.path in settled or isinstance(entry.event, ScopeDecided)
        if entry.path and entry.seq < cut and kept and entry.path not in unspawned:
            rows.append(born.pen.write(entry.event, entry.path, entry.at))
    return rows, mail


def _first_at(entries: list[Entry], at: str) -> int:
    """The first event of a step, of what it was asked for before it, or of what runs inside of it."""
    places = list(dict.fromkeys(e.path for e in entries if e.path))
    for entry in entries:
        if f"{entry.path}/".startswith(f"{at}/"):
            return entry.seq
    raise UnknownStep(f'the run has no step at "{at}".', f"It has: {', '.join(places[:20])}.")


async def _children(log: Log, entries: list[Entry], cut: int, born: Born) -> tuple[set[str], list[Op]]:
    """Children that had ended are the fork's too, with their result as mail; others are spawned anew."""
    unspawned: set[str] = set()
    mail: list[Op] = []
    for entry in entries:
        if not isinstance(entry.event, ChildSpawned) or entry.seq >= cut:
            continue
        child = entry.event.child
        past, head = await log.read(run_stream(child))
        if not past or not isinstance(past[-1].event, RunEnded):
            unspawned.add(entry.path)
            continue
        mail.append(
            Op(
                "inbox.add",
                (born.row.id, f"child-{child}", "child", child, run_stream(child), head.seq, entry.at),
            )
        )
        mail.append(Op("runs.mail", (born.row.id, born.row.created_at)))
    return unspawned, mail
