"""What each kind of event means for the trace of its run: one function for a few kinds that belong together.

It says what a span is and how it ended; the fold keeps them. What was shredded is told by its kind and place alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_events import ActionAdmitted, ActionHeld, AgentAsked, AgentEnded
from remit.domain.errors import AskHuman
from remit.domain.event import object_of
from remit.domain.events import (
    ChildSpawned,
    Erased,
    RunContinued,
    RunCreated,
    RunEnded,
    RunParked,
    RunRepinned,
    ScopeDecided,
    StepAbsent,
    StepClaimed,
    StepDone,
    StepFailed,
    StepRetried,
    StepUnknown,
    WaitClosed,
    WaitEscalated,
    WaitOpened,
)
from remit.domain.fronting import EXCHANGE
from remit.insight.signature import Trouble, signature, suspected
from remit.insight.sorts import sort_of
from remit.insight.tracing.failures import class_of
from remit.insight.tracing.fold import refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.insight.projection import Happened
    from remit.insight.tracing.fold import Fold
    from remit.insight.tracing.rows import TraceRow
    from remit.store.database import Row

_PEOPLE = frozenset({"human", "approval", "unknown", "write"})
_ASKED = "approval"
_DEFERRED = "deferred"
_LONGEST = 200


def tell(fold: Fold, happened: Happened) -> None:
    """Take in the next event of a run's stream."""
    fold.meet(happened)
    act = _ACTS.get(happened.kind)
    if act is not None:
        act(fold, happened, happened.event)


# --- the run ------------------------------------------------------------------------------------------------------


def _created(fold: Fold, happened: Happened, event: Any) -> None:
    trace = fold.trace
    trace.started = happened.at
    if not isinstance(event, RunCreated):
        return
    trace.flow, trace.principal, trace.release, trace.session = event.flow, event.by, event.pin, event.session
    trace.sort, trace.parent = sort_of(event), event.parent or ""
    trace.simulated = int(event.simulated)
    trace.purpose = event.flow
    if event.flow == EXCHANGE:
        about = object_of(event.input.get("about"))
        trace.agent = str(about.get("agent", ""))[:_LONGEST]
        trace.purpose = str(about.get("purpose", ""))[:_LONGEST] or event.flow


def _life(fold: Fold, happened: Happened, event: Any) -> None:
    trace = fold.trace
    match event:
        case RunParked():
            trace.status = "running" if event.reason == "drained" else "waiting"
        case RunRepinned():
            trace.release = event.pin
        case RunContinued():
            trace.status = "running"
            fold.finish(happened.at)
            fold.generation(event.generation)
        case Erased():
            trace.status = "waiting" if happened.kind == RunParked.KIND else "running"
        case _:
            trace.status = "running"


def _ended(fold: Fold, happened: Happened, event: Any) -> None:
    trace = fold.trace
    fold.finish(happened.at)
    trace.ended = max(happened.at, trace.started)
    if not isinstance(event, RunEnded):
        trace.status = "ended"
        return
    trace.status, trace.error = event.status, event.error
    if event.status == "failed":
        trace.failure = class_of(event.error)
        found = suspected(fold.troubles, event.error)
        row = fold.spans[found.path] if found is not None else None
        trace.suspect = row.id if row is not None else ""
        agent, step = (row.agent, row.name) if row is not None else (trace.agent, "")
        trace.signature = signature(
            trace.flow, agent, step, found.error if found is not None else event.error
        )


def outline(trace: TraceRow, rows: list[Row]) -> None:
    """What is known of a run whose first or last word was shredded: its row in the table of runs, which holds no
    content and stays.
    """
    for flow, session, pin, parent, status, error in rows:
        if not trace.flow:
            created = RunCreated(flow, {}, "", pin, parent)
            trace.flow = trace.purpose = flow
            trace.session, trace.release, trace.parent = session, pin, parent or ""
            trace.sort = sort_of(created)
        if trace.status == "ended":
            trace.status, trace.error = status, error
            trace.failure = class_of(error) if status == "failed" else ""


# --- steps --------------------------------------------------------------------------------------------------------


def _under_way(fold: Fold, happened: Happened, event: Any) -> None:
    """It was let pass, held, put off, claimed; or its outcome is open."""
    above, _, last = happened.path.rpartition("/")
    deferred = isinstance(event, ActionHeld) and last == _DEFERRED
    row = fold.span(above if deferred else happened.path, happened, "step")
    fold.reopen(row)
    row.status = "open"
    match event:
        case ActionAdmitted():
            fold.act(row, happened, event.name, event.detail)
        case ActionHeld():
            fold.act(row, happened, event.name, event.detail)
            fold.moves(row, happened, "held")
        case StepClaimed():
            fold.act(row, happened, event.name, event.detail)
            fold.moves(row, happened, "open")
        case StepUnknown():
            row.name, row.status = event.name, "unknown"
            fold.moves(row, happened, "unknown")
        case StepAbsent():
            row.name = event.name
            fold.moves(row, happened, "absent")
        case StepRetried():
            row.name = event.name
            if event.error != AskHuman.__name__:
                row.retries += 1
        case _:
            pass


def _done(fold: Fold, happened: Happened, event: Any) -> None:
    row = fold.span(happened.path, happened, "step")
    fold.reopen(row)
    if not isinstance(event, StepDone):
        row.stream, row.seq = happened.stream, happened.seq
        fold.close(row, happened.at, "ok")
        return
    detail = fold.act(row, happened, event.name, event.detail)
    row.started = min(row.started, event.started)
    if event.how:
        fold.note(row)["how"] = event.how.partition(" by ")[0]
    pretended = event.how.startswith("simulated") or bool(detail.get("rehearsed"))
    fold.moves(row, happened, "simulated" if pretended else "done")
    fold.looped(row, event.digest)
    fold.close(row, happened.at, "ok")


def _failed(fold: Fold, happened: Happened, event: Any) -> None:
    row = fold.span(happened.path, happened, "step")
    fold.reopen(row)
    if not isinstance(event, StepFailed):
        row.stream, row.seq = happened.stream, happened.seq
        fold.close(row, happened.at, "error")
        return
    fold.act(row, happened, event.name, event.detail)
    row.started = min(row.started, event.started)
    status = refusal(event.error)
    if row.kind == "step" and event.error in _OF_TOOLS:
        row.kind = "tool"
    if status == "denied" and row.decision != "deny":
        fold.decided(row, happened, "deny", row.decision)
        row.decision = "deny"
    fold.moves(row, happened, "refused" if status == "denied" else "failed")
    fold.looped(row, event.digest)
    fold.close(row, happened.at, status, event.error)
    fold.troubles.append(Trouble(row.id, event.name, event.error, happened.seq, happened.at))


_OF_TOOLS = frozenset({"unknown_tool", "bad_arguments"})


# --- agents, scopes, children -------------------------------------------------------------------------------------


def _asked(fold: Fold, happened: Happened, event: Any) -> None:
    row = fold.span(happened.path, happened, "agent")
    if isinstance(event, AgentAsked):
        row.name = row.agent = event.agent
        row.prompt = event.digest
        fold.named(event.agent)


def _answered(fold: Fold, happened: Happened, event: Any) -> None:
    row = fold.span(happened.path, happened, "agent")
    fold.reopen(row)
    if not isinstance(event, AgentEnded) or event.status == "answered":
        fold.close(row, happened.at, "ok")
        return
    if event.failure:
        fold.note(row)["failure"] = event.failure
    fold.close(row, happened.at, refusal(event.status), event.status)


def _scope(fold: Fold, happened: Happened, event: Any) -> None:
    kind = "flow" if happened.kind == ChildSpawned.KIND else "scope"
    row = fold.span(happened.path, happened, kind)
    fold.reopen(row)
    if isinstance(event, ChildSpawned):
        row.name = event.flow
        fold.note(row)["child"] = event.child
    elif isinstance(event, ScopeDecided):
        fold.note(row)["outcome"] = event.outcome
    fold.close(row, happened.at, "ok")


# --- waits --------------------------------------------------------------------------------------------------------


def _opened(fold: Fold, happened: Happened, event: Any) -> None:
    about, kind = _of_wait(happened, event)
    row = fold.span(about, happened, kind)
    if kind == "human":
        fold.ask(row, happened.at)
    if not isinstance(event, WaitOpened):
        return
    if about == happened.path and row.kind in {"human", "wait"}:
        fold.reopen(row)
        row.status, row.name = "open", event.name or event.group or event.wait
        fold.note(row)["wait"] = event.wait
    if event.group:
        fold.note(row)["group"] = event.group


def _closed(fold: Fold, happened: Happened, event: Any) -> None:
    about, kind = _of_wait(happened, event)
    row = fold.span(about, happened, kind)
    fold.answered(row, happened.at)
    if isinstance(event, WaitClosed) and event.wait in _PEOPLE and event.how in _VERDICTS:
        fold.decided(row, happened, event.how, by=event.by)
    if about != happened.path or row.kind not in {"human", "wait"}:
        return
    fold.reopen(row)
    row.stream, row.seq = happened.stream, happened.seq
    if not isinstance(event, WaitClosed):
        fold.close(row, happened.at, "ok")
        return
    row.decision = event.how
    if event.how == "cancelled" and not event.ref:
        fold.close(row, happened.at, "cancelled")
    else:
        fold.close(row, happened.at, "error" if event.how in _NO_ANSWER else "ok")


_VERDICTS = frozenset({"approved", "rejected", "expired"})
_NO_ANSWER = frozenset({"expired", "failed"})


def _of_wait(happened: Happened, event: Any) -> tuple[str, str]:
    """What is waited about, and whether it is for a person: what is asked about an action stands below it."""
    above, _, last = happened.path.rpartition("/")
    if isinstance(event, (WaitOpened, WaitClosed)):
        people = event.wait in _PEOPLE
        return (above if event.wait == _ASKED and above else happened.path), "human" if people else "wait"
    asks = last.partition("#")[0] == _ASKED and bool(above)
    return (above, "human") if asks or isinstance(event, WaitEscalated) else (happened.path, "wait")


_ACTS: dict[str, Callable[[Fold, Happened, Any], None]] = {
    "run.created": _created, "run.resumed": _life, "run.parked": _life, "run.continued": _life,
    "run.repinned": _life, "run.ended": _ended, "step.done": _done, "step.failed": _failed,
    "step.retried": _under_way, "step.claimed": _under_way, "step.unknown": _under_way, "step.absent": _under_way,
    "action.admitted": _under_way, "action.held": _under_way, "agent.asked": _asked, "agent.ended": _answered,
    "scope.decided": _scope, "child.spawned": _scope, "wait.opened": _opened, "wait.closed": _closed,
}  # fmt: skip
KINDS = frozenset(_ACTS)
"""The kinds of events that a trace is told from."""
