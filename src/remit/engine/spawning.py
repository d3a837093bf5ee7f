"""Child runs, created in the transaction of the event that mentions them, and the markers of changed code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.errors import InvalidName, UnknownFlow
from remit.domain.events import ChildSpawned, PatchChosen
from remit.domain.ids import child_run_id, is_code_name
from remit.engine import faults
from remit.engine.birth import Birth
from remit.engine.shadow import SHADOW
from remit.engine.values import restore
from remit.engine.waiting import child as wait_for_child
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from remit.engine.execution import Execution
    from remit.engine.flow import Flow


@dataclass(frozen=True, slots=True)
class Child:
    """A run that this run started."""

    id: str
    flow: Flow
    execution: Execution

    async def result(self) -> Any:
        """Wait for the child to end; gives its result, or raises what became of it."""
        return restore(await wait_for_child(self.execution, self.id), self.flow.result_hint)


async def spawn(
    execution: Execution, flow: Flow, args: tuple[object, ...], kwargs: dict[str, object],
    warrant: Callable[[str], Awaitable[Any]] | None = None,
) -> Child:  # fmt: skip
    """Create a child run once; `warrant` writes how far the run of that id may act."""
    if execution.services.flows.get(flow.name) is not flow:
        raise UnknownFlow(
            f"flow {flow.name} is not among the flows of this workspace.", "Register it, or fix the name."
        )
    scope = execution.scope()
    given = flow.accept(flow.name_arguments(args, kwargs))
    path = scope.next_path(f"spawn.{flow.name}")
    digest = canonical.digest(given)
    recorded = execution.journal.take(scope, path, f"spawn.{flow.name}")
    if recorded:
        spawned = recorded[-1].event
        assert isinstance(spawned, ChildSpawned)  # noqa: S101 - nothing else is written at this place
        execution.journal.check(path, spawned.digest, digest)
        return Child(spawned.child, flow, execution)
    await execution.go_live(scope)
    row, fork = execution.row, execution.simulation
    child = child_run_id(f"{row.id}.{row.generation}" if row.generation > 1 else row.id, path)
    birth = Birth(
        child, row.team, flow, given, row.id, parent=row.id, session_tag=row.session,
        simulated=fork is not None and not fork.asks, asks=fork is not None and fork.asks,
        policy=execution.journal.created.policy, warrant=await warrant(child) if warrant is not None else None,
        release=execution.services.release, channel=SHADOW if fork is not None and fork.shadow else "",
    )  # fmt: skip
    born = birth.prepare(execution.services.keys, execution.now())
    spawned = ChildSpawned(birth.id, flow.name, digest)
    await execution.record(scope, spawned, path, born.ops, None, born.blobs, born.events)
    faults.reach("child.recorded")
    execution.services.due()
    return Child(birth.id, flow, execution)


async def patched(execution: Execution, change: str) -> bool:
    """Choose a side of a change once: new where nothing after it was recorded, old otherwise."""
    if not is_code_name(change):
        raise InvalidName(
            f'a change cannot be called "{change}": names stand in the log in the clear, so they are code.',
            "Use letters, digits, dots, dashes and _, beginning with a letter.",
        )
    scope = execution.scope()
    path = scope.next_path(f"patched.{change}")
    recorded = execution.journal.order.get(scope.path, [])
    if scope.turn < len(recorded):
        if recorded[scope.turn] != path:
            return False  # this run came past here before the change was made
        entries = execution.journal.take(scope, path, change)
        chosen = entries[-1].event if entries else None
        return isinstance(chosen, PatchChosen) and chosen.active
    await execution.go_live(scope)
    execution.note(PatchChosen(active=True), path)
    scope.last_at = execution.at
    return True
