"""The journal of a run as a tree of steps, waits, scopes and branches, with what happened to each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from remit.control.runs.actions import told
from remit.control.runs.views import ActionView, StepView, WaitView
from remit.domain.action_errors import REFUSALS
from remit.domain.action_events import ActionAdmitted, ActionHeld, AgentAsked, AgentEnded
from remit.domain.contract_events import ContractFixed
from remit.domain.errors import AskHuman
from remit.domain.event import object_of
from remit.domain.events import (
    ChildSpawned,
    Erased,
    PatchChosen,
    RunResumed,
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
from remit.wire.attachment import shown

if TYPE_CHECKING:
    from remit.store.log import Entry

Kind = Literal["step", "write", "wait", "child", "scope", "branch", "patch", "agent", "model"]
State = Literal["done", "failed", "waiting", "running", "unknown", "cancelled", "retrying"]


_KINDS: dict[type[object], Kind] = {
    WaitOpened: "wait", WaitClosed: "wait", ChildSpawned: "child", PatchChosen: "patch", ScopeDecided: "scope",
    StepClaimed: "write", AgentAsked: "agent",
}  # fmt: skip
"""What a place is, by the first event that stands there."""


@dataclass(slots=True)
class _Node:
    path: str
    kind: Kind
    started_at: int
    state: State = "running"
    ended_at: int | None = None
    attempts: int = 1
    how: str = ""
    detail: str = ""
    result: Any = None
    last_seq: int = 0
    action: ActionView | None = None
    said: str = ""
    """What a person said who agreed to it."""
    children: list[_Node] = field(default_factory=list["_Node"])


def build_tree(entries: list[Entry], *, ended: bool) -> list[StepView]:
    """The tree of one generation."""
    nodes: dict[str, _Node] = {}
    roots: list[_Node] = []
    for entry in entries:
        place = _place(entry)
        if place:
            _apply(_node(nodes, roots, place, entry), entry)
    resumed = [e.seq for e in entries if isinstance(e.event, RunResumed)]
    return [_view(node, resumed, ended=ended) for node in roots]


def _place(entry: Entry) -> str:
    """The step that an event is about: what is asked about an action, or puts it off, stands below it."""
    above, _, last = entry.path.rpartition("/")
    event = entry.event
    if isinstance(event, ContractFixed):
        return ""  # it is no step; the page says it above them
    asked = isinstance(event, (WaitOpened, WaitClosed)) and event.wait == "approval"
    if asked or (isinstance(event, WaitEscalated) and last.partition("#")[0] == "approval"):
        return above
    return above if isinstance(event, ActionHeld) and last == "deferred" else entry.path


def open_waits(entries: list[Entry]) -> list[WaitView]:
    """What the run waits for now."""
    waits: dict[str, WaitView] = {}
    for entry in entries:
        event, path = entry.event, entry.path
        match event:
            case WaitOpened():
                kind: Any = event.wait if event.wait not in {"write", "approval"} else "human"
                waits[path] = WaitView(
                    path, kind, event.name, event.group, event.due, event.approval, _about(event)
                )
            case WaitEscalated():
                known = waits[path]
                waits[path] = replace(known, group=event.group, due=None)
            case StepRetried() if event.error == AskHuman.__name__:
                waits.pop(path, None)  # the question below it is the wait
            case StepRetried():
                waits[path] = WaitView(path, "retry", event.name, "", event.due, "")
            case WaitClosed() | StepDone() | StepFailed() | StepClaimed() | StepAbsent() | StepUnknown():
                waits.pop(path, None)
            case _:
                pass
    return list(waits.values())


def _about(event: WaitOpened) -> str:
    """Why a rule asks."""
    if event.wait != "approval":
        return ""
    asked = object_of(event.value)
    return str(asked.get("reason") or asked.get("rule") or "")


def _node(nodes: dict[str, _Node], roots: list[_Node], path: str, entry: Entry) -> _Node:
    found = nodes.get(path)
    if found is None:
        found = nodes[path] = _Node(path, _kind_of(path, entry), entry.at)
        above = path.rpartition("/")[0]
        (_node(nodes, roots, above, entry).children if above else roots).append(found)
    return found


def _kind_of(path: str, entry: Entry) -> Kind:
    if _place(entry) != path:
        return "branch" if path.rpartition("/")[2].isdigit() else "scope"
    if isinstance(entry.event, ActionAdmitted | StepDone | StepFailed) and _is_model_call(entry.event):
        return "model"
    return _KINDS.get(type(entry.event), "step")


def _is_model_call(event: ActionAdmitted | StepDone | StepFailed) -> bool:
    return event.name == "model" and "route" in object_of(event.detail)


def _apply(node: _Node, entry: Entry) -> None:
    node.last_seq = entry.seq
    node.action = told(node.action, entry.event)
    if node.kind == "step" and node.action is not None and node.action.effect not in {"", "read"}:
        node.kind = "write"
    if isinstance(entry.event, (StepDone, StepFailed, StepRetried, StepClaimed, StepUnknown, StepAbsent)):
        _apply_step(node, entry.event, entry.at)
    else:
        _apply_other(node, entry)


def _apply_step(
    node: _Node, event: StepDone | StepFailed | StepRetried | StepClaimed | StepUnknown | StepAbsent, at: int
) -> None:
    match event:
        case StepDone():
            node.started_at = min(node.started_at, event.started)
            node.state, node.ended_at, node.attempts = "done", at, event.attempts
            node.how, node.detail, node.result = _how(event), "", shown(event.result)
        case StepFailed():
            node.started_at = min(node.started_at, event.started)
            node.state, node.ended_at, node.attempts, node.detail = (
                "failed",
                at,
                event.attempts,
                event.message,
            )
            node.how = "refused" if event.error in REFUSALS else node.how
        case StepRetried():
            node.state, node.attempts = "retrying", event.attempt
            node.detail = f"attempt {event.attempt} failed: {event.message}"
        case StepClaimed():
            node.kind, node.state, node.attempts = "write", "running", event.attempt
        case StepUnknown():
            node.state, node.detail = "unknown", event.message
        case StepAbsent():
            node.state, node.how = "retrying", event.how


def _how(done: StepDone) -> str:
    """How the result came; a write to memory that a fork only pretends is no write."""
    return done.how or ("simulated" if object_of(done.detail).get("rehearsed") else "")


def _apply_other(node: _Node, entry: Entry) -> None:
    match entry.event:
        case ActionHeld() | WaitOpened() | WaitEscalated():
            _wait(node, entry.event)
        case WaitClosed(wait="approval") as answered if node.kind != "wait":
            node.state, node.detail, node.said = "running", "", answered.comment
        case WaitClosed() as closed:
            _close(node, closed, entry.at)
        case ActionAdmitted():
            node.state = "running"
        case AgentEnded(status="answered"):
            node.state, node.ended_at, node.detail = "done", entry.at, ""
        case AgentEnded() as over:
            node.state, node.ended_at, node.detail = "failed", entry.at, over.status
        case ChildSpawned() | PatchChosen() | ScopeDecided() | Erased():
            node.state, node.ended_at, node.detail = "done", entry.at, _what(entry.event) or node.detail
        case _:
            pass


def _wait(node: _Node, event: ActionHeld | WaitOpened | WaitEscalated) -> None:
    node.state = "waiting"
    match event:
        case WaitOpened(wait="approval"):
            node.detail = f"{event.group}: {_about(event)}"
        case WaitOpened():
            node.detail = event.name or event.group
        case WaitEscalated():
            node.detail = event.group
        case ActionHeld():
            pass


def _what(event: ChildSpawned | PatchChosen | ScopeDecided | Erased) -> str:
    match event:
        case ChildSpawned():
            return event.child
        case ScopeDecided():
            return event.outcome
        case Erased():
            return f"{event.kind} was shredded and cannot be read again"
        case PatchChosen():
            return ""


def _close(node: _Node, event: WaitClosed, at: int) -> None:
    node.ended_at, node.result = at, event.value
    if event.how == "cancelled" and not event.ref:
        node.state = "cancelled"
    else:
        node.state = "failed" if event.how in {"rejected", "expired", "failed"} else "done"
    if node.kind == "wait":
        said = f": {event.comment}" if event.comment else ""
        by = f" by {event.by}" if event.by and event.by != node.detail else ""
        node.detail = f"{node.detail} {event.how}{by}{said}".strip()


def _view(node: _Node, resumed: list[int], *, ended: bool) -> StepView:
    children = [_view(child, resumed, ended=ended) for child in node.children]
    state, ended_at = node.state, node.ended_at
    if node.kind in {"scope", "branch"} and children:
        state, ended_at = _of_children(children)
    elif ended and state in {"running", "waiting", "retrying"}:
        state = "cancelled"
    replays = sum(seq > node.last_seq for seq in resumed) if state in {"done", "failed"} else 0
    return StepView(
        node.path, _name(node.path), node.kind, state, node.started_at, ended_at, node.attempts,
        node.how, node.detail or node.said, node.result, replays, children, _with_sums(node, children),
    )  # fmt: skip


def _with_sums(node: _Node, children: list[StepView]) -> ActionView | None:
    """An agent used what its steps used, those of whom it asked included."""
    if node.kind != "agent" or node.action is None:
        return node.action
    inside = [action for child in children for action in _actions(child)]
    return replace(
        node.action, tokens=sum(each.tokens for each in inside), money=sum(each.money for each in inside)
    )


def _actions(step: StepView) -> list[ActionView]:
    if step.action is not None:
        return [step.action]
    return [action for child in step.children for action in _actions(child)]


def _of_children(children: list[StepView]) -> tuple[State, int | None]:
    for state in ("unknown", "waiting", "running", "retrying"):
        if any(child.state == state for child in children):
            return state, None
    failed = all(child.state == "failed" for child in children)
    return ("failed" if failed else "done"), max((c.ended_at or 0) for c in children) or None


def _name(path: str) -> str:
    return path.rpartition("/")[2]
