"""What a run in memory is given to live on: the store, time, limits, and the platform's guards around calls."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remit.domain.clock import SteadyTime

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from remit.domain.clock import Clock
    from remit.domain.runs import RunRow
    from remit.engine.breakers import Breakers
    from remit.engine.bulkheads import Bulkheads
    from remit.engine.flow import Flow
    from remit.engine.lease import Lease
    from remit.store.database import Database
    from remit.store.keys import KeyRing
    from remit.store.log import Log

_log = logging.getLogger("remit.worker")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a run may ask of the log, and how long of the world."""

    result_bytes: int = 4 * 1024 * 1024
    journal_events: int = 20_000
    write_timeout: float = 30.0
    grace: float = 5.0
    linger: int = 50_000
    """Microseconds: a wait this short is spent in memory rather than parked."""


@dataclass(frozen=True, slots=True)
class Services:
    """The surroundings of every run of one worker."""

    database: Database
    keys: KeyRing
    log: Log
    clock: Clock
    limits: Limits
    flows: dict[str, Flow]
    lease: Lease
    breakers: Breakers
    bulkheads: Bulkheads
    due: Callable[[], None]
    """Call it when some run became due: the dispatcher looks again."""
    face: Callable[[Any], Any] | None = None
    """Makes what a flow is given to speak to its run, out of the execution; layers above the engine give it more
    words. None: the engine's own `Run`."""
    left: Callable[[str, bool], None] | None = None
    """Called with the id of a run that leaves this process, and whether it has ended: layers above the engine let go
    of what they kept for it."""
    quiet: str = ""
    """What runs of this worker are, if their bodies are to reach no network: a flow under test."""
    release: str = ""
    """The release whose code this process executes; none: the workspace as it stands."""
    policy: Callable[[], str] = str
    """Names the rules that new runs are born under; nobody's, if nobody says."""
    halted: Callable[[RunRow], int | None] | None = None
    """Until when a run as a whole is to stand still (0: nobody knows); None: it is not."""
    tasks: set[asyncio.Task[object]] = field(default_factory=set[asyncio.Task[object]])
    time: SteadyTime = field(init=False)
    """What stored times are held against."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", SteadyTime(self.clock))

    def spawn(self, work: Coroutine[object, object, object]) -> asyncio.Task[object]:
        """Run something beside the runs, and keep it alive until it is done."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(_report)
        return task


def _report(task: asyncio.Task[object]) -> None:
    """Nobody waits for it, so nobody else would say what went wrong in it."""
    wrong = None if task.cancelled() else task.exception()
    if isinstance(wrong, Exception):
        _log.error("something beside the runs failed: %s: %s", type(wrong).__name__, wrong)
