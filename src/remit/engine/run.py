"""The run as a flow sees it: everything that is not deterministic goes through here.

This is the whole vocabulary of durable code. Each method is a door; what happens behind it is in the file named
for it (`stepping`, `waiting`, `branching`, `spawning`), and is imported when a run goes through: flows name the run
in their signatures, and whoever only lists them executes none.
"""

from __future__ import annotations

import hashlib
import random
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from remit.domain.clock import MICROSECONDS
from remit.domain.errors import WrongState
from remit.domain.on_use import on_use
from remit.engine.step import as_step, seconds
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
    from datetime import timedelta

    from remit.engine import asking, branching, completing, generation, spawning, stepping, waiting
    from remit.engine.execution import Execution
    from remit.engine.flow import Flow
    from remit.engine.step import Step
else:
    asking = on_use("remit.engine.asking")
    branching = on_use("remit.engine.branching")
    completing = on_use("remit.engine.completing")
    generation = on_use("remit.engine.generation")
    spawning = on_use("remit.engine.spawning")
    stepping = on_use("remit.engine.stepping")
    waiting = on_use("remit.engine.waiting")


class Run:
    """One execution of a flow: durable steps, waits and branches."""

    __slots__ = ("_execution",)

    def __init__(self, execution: Execution) -> None:
        self._execution = execution

    @property
    def id(self) -> str:
        """The id of this run."""
        return self._execution.row.id

    def step(
        self, fn: Callable[..., Any] | Step, *args: object, **kwargs: object
    ) -> Coroutine[Any, Any, Any]:
        """Perform a function of your own once, and remember its result for ever."""
        return stepping.perform(self._execution, as_step(fn), args, kwargs)

    async def gather(self, *work: Awaitable[Any], return_exceptions: bool = False) -> list[Any]:
        """Run branches side by side; all results in order, or the first failure."""
        return await branching.gather(self._execution, work, keep_errors=return_exceptions)

    async def race(self, *work: Awaitable[Any]) -> Any:
        """Run branches side by side; the first to finish counts, the others are cancelled."""
        return await branching.race(self._execution, work)

    async def timeout(self, after: float | str, work: Awaitable[Any]) -> Any:
        """Run something for so long at most, across restarts; then `TimedOut`."""
        return await branching.timeout(self._execution, after, work)

    def as_completed(self, *work: Awaitable[Any]) -> AsyncIterator[Any]:
        """Results in the order in which they come: `async for result in run.as_completed(…)`."""
        return completing.Completed(self._execution, work)

    async def spawn(self, flow: Flow, *args: object, **kwargs: object) -> spawning.Child:
        """Start a child run; `await child.result()` waits for it."""
        return await spawning.spawn(self._execution, flow, args, kwargs)

    async def sleep(self, duration: float | str | timedelta) -> None:
        """Wait for seconds or a text such as "4h"; costs nothing while it waits."""
        await waiting.sleep(self._execution, duration)

    async def signal(self, name: str) -> Any:
        """Wait for a message from outside called `name`; gives its payload."""
        return await waiting.signal(self._execution, name)

    async def human(
        self, group: str, value: object, *, within: float | str | None = None, otherwise: str = "reject"
    ) -> Any:
        """Ask a person of `group` to approve `value`; gives it back, perhaps edited, or raises `Rejected`."""
        due = None
        if within is not None:
            due = self._execution.now() + int(seconds(within) * MICROSECONDS)
        question = asking.Question("human", str(group), canonical.plain(value), due=due, otherwise=otherwise)
        return await waiting.human(self._execution, question)

    def continue_as(self, **state: object) -> NoReturn:
        """Start the flow afresh in the same run with this input; what was recorded is not replayed again."""
        if self._execution.scope().path:
            raise WrongState(
                "run.continue_as was called in a branch, and only the flow as a whole can start afresh.",
                "Let the branch return, and call it after the gather or race.",
            )
        raise generation.ContinueAs(state)

    async def patched(self, change: str) -> bool:
        """Whether this run takes the new side of a change: true for runs that had not come this far before it."""
        return await spawning.patched(self._execution, change)

    def now(self) -> datetime:
        """The time of the last thing that happened in this branch: the same on every replay."""
        return datetime.fromtimestamp(self._execution.scope().last_at / MICROSECONDS, UTC)

    def random(self) -> random.Random:
        """A random generator that repeats itself on replay, another one at each call."""
        return random.Random(self._seed("random"))  # noqa: S311 - repeatable on purpose

    def uuid(self) -> uuid.UUID:
        """A fresh UUID that is the same on replay."""
        return uuid.UUID(bytes=self._seed("uuid")[:16], version=4)

    def _seed(self, name: str) -> bytes:
        row = self._execution.row
        path = self._execution.scope().next_path(name)
        return hashlib.sha256(f"{row.id}|{row.generation}|{path}".encode()).digest()
