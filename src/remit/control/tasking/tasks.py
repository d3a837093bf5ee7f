"""Tasks of others: given, found, listed, told something more, cancelled; each by whoever's key it was, and seen by
nobody else. A task is a run and survives what a run survives. Whose key it is, is found out elsewhere.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from remit.control.approving import inbox
from remit.control.ground.identity import principal_now
from remit.control.running import starting
from remit.control.runs import orders
from remit.control.runs.inspection import find as find_run
from remit.control.runs.tree import open_waits
from remit.control.tasking.answering import answer
from remit.control.tasking.views import Told, is_asked, state_of, task_of
from remit.domain.action_errors import Denied, UnknownAgent
from remit.domain.decisions import AccessRequest, Outcome
from remit.domain.errors import InvalidInput, WrongState
from remit.domain.ids import is_descendant
from remit.domain.principal import Principal
from remit.domain.runs import RunStatus
from remit.domain.task_errors import TaskBusy, TaskEnded, UnknownTask
from remit.domain.tasks import FLOW, MESSAGE, Task, TaskState
from remit.engine.outside import run_stream
from remit.store.database import Conflict, Op
from remit.store.runs import run_row

if TYPE_CHECKING:
    from remit.control.running.parts import Parts
    from remit.domain.fronting import Caller
    from remit.domain.runs import RunRow

Json = Any
_OWNER = "owner"
"""The key of whoever made the workspace, while it has no users."""
_MOST = 1_000
_LONGEST = 256
_LOOK_SECONDS = 1.0
_SETTLES_SECONDS = 10.0


async def give(
    parts: Parts, caller: Caller, agent: str, parts_said: list[dict[str, Json]], *,
    message: str = "", context: str = "",
) -> Task:  # fmt: skip
    """Start a task, or find the one that this very message has started and that has not ended. Who needs a request to
    count once, whatever became of it, sends an idempotency key.
    """
    flow = parts.flows.get(f"{FLOW}{agent}")
    if flow is None:
        raise UnknownAgent(
            f'nobody here is served as "{agent}".', "See which agents are: a2a.agents in remit.toml."
        )
    message, context = _name(message, "message"), _name(context, "context")
    may_ask(parts, caller, agent)
    acting = as_caller(parts, await principal_for(parts, caller))
    owner, team = owner_of(caller), caller.team
    said = {"id": message, "role": "user", "context": context, "parts": parts_said}
    once, now = caller.attribution.idempotency_key, parts.ground.clock.now()
    given: dict[str, object] = {"message": said, "caller": _plain(caller)}
    name = f"task|{team}|{owner}|{agent}|{'key|' + once if once else message}"
    while True:
        tag = parts.ground.keys.tag(name)

        def beside(run: str, tag: str = tag) -> tuple[Op, ...]:
            return (Op("tasks.add", (run, team, owner, agent, tag, now), one=True),)

        try:
            handle = await starting.submit(
                acting, flow, given, session=_session(owner, context), beside=beside
            )
            return await task_of(parts.ground, await find_run(parts.ground.database, handle.id))
        except Conflict:
            known = await parts.ground.database.fetch("tasks.tagged", tag)
            if not known:
                raise
        row = await find_run(parts.ground.database, str(known[0][0]))
        if once or not row.status.ended:
            return await task_of(parts.ground, row)
        name = f"{name}|after {row.id}"


async def find(parts: Parts, caller: Caller, task: str, agent: str | None = None) -> RunRow:
    """The row of a task, if it is this caller's."""
    database = parts.ground.database
    odd = not task.isprintable() or len(task) > _LONGEST  # a database need not take what no id could be
    rows = [] if odd else await database.fetch("tasks.get", task, caller.team, owner_of(caller), agent)
    if not rows:
        raise UnknownTask(f'there is no task "{task}" of yours here.', "Ids of tasks begin with r-.")
    return await find_run(database, task)


async def listed(
    parts: Parts, caller: Caller, agent: str, *, context: str = "", state: TaskState | None = None,
    since: int | None = None, limit: int = 50, after: str = "",
) -> Told:  # fmt: skip
    """The caller's tasks of an agent, those first in which something happened last."""
    ground, owner = parts.ground, owner_of(caller)
    session = ground.keys.tag(f"session|{caller.team}|{_session(owner, context)}") if context else None
    rows = await ground.database.fetch("tasks.listed", caller.team, owner, agent, session, _MOST)
    found: list[RunRow] = []
    for each in rows:
        row = run_row(each[:-1])
        if (since is None or each[-1] >= since) and (state is None or await _state(parts, row) is state):
            found.append(row)
    first = next((n + 1 for n, row in enumerate(found) if row.id == after), None) if after else 0
    if first is None:
        raise InvalidInput("this page begins nowhere.", "Ask for the first one again.")
    page = found[first : first + limit]
    more = page[-1].id if first + limit < len(found) and page else ""
    return Told(tuple([await task_of(ground, row) for row in page]), len(found), more)


async def say(
    parts: Parts, caller: Caller, task: str, parts_said: list[dict[str, Json]], *, message: str = ""
) -> Task:
    """Tell a task something more: the message that it waits for, or an answer to what a person is asked."""
    row = await find(parts, caller, task)
    ground = parts.ground
    if row.status.ended:
        raise TaskEnded(f"{row.id} has ended ({row.status.value}).", "Give a new task.")
    entries, _ = await ground.log.read(run_stream(row.id), row.base_seq, lenient=True)
    waits = [wait for wait in open_waits(entries) if is_asked(wait)]
    if not waits:
        raise TaskBusy(f"{row.id} waits for nothing that you could say.", "Wait until it asks.")
    acting = as_caller(parts, await principal_for(parts, caller))
    if any(wait.kind == "signal" for wait in waits):
        said = {"id": _name(message, "message"), "role": "user", "parts": parts_said}
        await orders.signal(acting, row.id, MESSAGE, said)
    else:
        await answer(acting, waits[0].approval, parts_said, person=not caller.agent)
    return await task_of(ground, await _taken_up(parts, row, entries[-1].seq))


async def decide(parts: Parts, caller: Caller, task: str, answers: list[dict[str, Json]]) -> Task:
    """Answer what persons are asked in a task, each question by its id."""
    row = await find(parts, caller, task)
    if row.status.ended:
        raise TaskEnded(f"{row.id} has ended ({row.status.value}).", "Give a new task.")
    head = await length(parts, row.id)
    acting = as_caller(parts, await principal_for(parts, caller))
    for each in answers:
        question = str(each.get("question", ""))
        if not question.isprintable():
            raise UnknownTask("that is no question of yours.", "Answer what it asks.")
        about = await inbox.item(acting.ground, question)
        if about.run != row.id and not is_descendant(about.run, row.id):
            raise UnknownTask(f"{about.id} is no question of {row.id}.", "Answer what it asks.")
        await answer(acting, about.id, [{"data": each}], person=not caller.agent)
    return await task_of(parts.ground, await _taken_up(parts, row, head))


async def cancel(parts: Parts, caller: Caller, task: str, why: str = "") -> Task:
    """Cancel a task, and wait a moment until it has ended."""
    row = await find(parts, caller, task)
    if row.status.ended:
        raise TaskEnded(f"{row.id} has ended ({row.status.value}).", "What it did can be undone: remit undo")
    acting = as_caller(parts, await principal_for(parts, caller))
    with suppress(WrongState):  # it ended in this very moment
        await orders.control(acting, row.id, "cancel", why)
    return await task_of(parts.ground, await settled(parts, row.id, asked=False))


async def settled(parts: Parts, run: str, *, asked: bool = True, seconds: float = _SETTLES_SECONDS) -> RunRow:
    """The row of a task once it has ended or (with `asked`) waits for somebody; as it is when the time is over."""
    ground = parts.ground
    until = ground.clock.boot() + int(seconds * 1_000_000)
    while True:
        row = await find_run(ground.database, run)
        if row.status.ended or ground.clock.boot() >= until:
            return row
        if asked and row.status is RunStatus.PARKED and await _state(parts, row) is TaskState.INPUT_REQUIRED:
            return row
        await ground.database.wait_for_change(_LOOK_SECONDS)


async def principal_for(parts: Parts, caller: Caller) -> Principal:
    """Who acts, with the roles that count now; a key that has ended since opens nothing (S21)."""
    ground = parts.ground
    if caller.agent:  # the key of an agent has no roles, and opens nothing that people do
        return Principal(caller.principal, caller.team, "service", key=caller.key)
    shown = Principal(caller.principal, caller.team, key="" if caller.key == _OWNER else caller.key)
    return await principal_now(ground.database, shown, ground.clock.now())


def as_caller(parts: Parts, principal: Principal) -> Parts:
    """The same parts in the hands of somebody else."""
    return replace(parts, ground=replace(parts.ground, principal=principal))


def owner_of(caller: Caller) -> str:
    """Whose a task is: the principal, and the agent that its key is bound to; a key that replaces another sees it."""
    return f"{caller.principal}|{caller.agent}"


async def _state(parts: Parts, row: RunRow) -> TaskState:
    """Where a task stands; its log is read only where the row does not say."""
    if row.status is not RunStatus.PARKED:
        return state_of(row, [], 0)
    entries, _ = await parts.ground.log.read(run_stream(row.id), row.base_seq, lenient=True)
    return state_of(row, open_waits(entries), parts.ground.clock.now())


async def length(parts: Parts, run: str) -> int:
    """How many events a run has by now."""
    return int((await parts.ground.database.fetch("log.last", run_stream(run)))[0][0])


async def _taken_up(parts: Parts, row: RunRow, seq: int) -> RunRow:
    """The row once the run has taken note of what it was told, or a moment later."""
    database = parts.ground.database
    until = parts.ground.clock.boot() + int(_LOOK_SECONDS * 1_000_000)
    while parts.ground.clock.boot() < until:
        if await length(parts, row.id) > seq:
            break
        await database.wait_for_change(_LOOK_SECONDS)
    return await find_run(database, row.id)


def may_ask(parts: Parts, caller: Caller, agent: str) -> None:
    """Handing a task to an agent is a delegation, and the same policy answers for it."""
    gate = parts.house.gate.parts
    request = AccessRequest(
        caller.principal, caller.team, caller.agent, "delegate", agent,
        groups=gate.roles.of(caller.principal), environment=gate.environment,
    )  # fmt: skip
    decision = gate.authority.decide(request, parts.ground.clock.now())
    if decision.outcome not in {Outcome.ALLOW, Outcome.MODIFY}:
        why = decision.reasons[0].text if decision.reasons else "no rule lets them"
        raise Denied(f"{caller.agent or caller.principal} may not ask {agent}: {why}.", "Ask an operator.")


def _plain(caller: Caller) -> dict[str, Json]:
    """What of a caller binds the run: the agent that asks, its tools and its purse."""
    return {
        "agent": caller.agent, "tools": None if caller.tools is None else sorted(caller.tools),
        "accounts": [[account.id, asdict(account.budget)] for account in caller.accounts],
    }  # fmt: skip


def _session(owner: str, context: str) -> str:
    """What groups the tasks of one context, of one owner: two that call it the same do not meet."""
    return f"{owner}|{context}"


def _name(given: str, what: str) -> str:
    """A name that somebody outside gave; a fresh one where they gave none."""
    if len(given) > _LONGEST:
        raise InvalidInput(f"the id of the {what} has more than {_LONGEST} characters.", "Shorten it.")
    return given or secrets.token_hex(16)
