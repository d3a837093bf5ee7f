"""A run as those read it who ask why: what was done in it, in order, with what came of each, and how it ended. It
tells events apart and judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_events import ActionAdmitted, ActionHeld, AgentAsked, AgentEnded
from remit.domain.event import object_of
from remit.domain.events import (
    ChildSpawned,
    MessageDelivered,
    RunContinued,
    RunCreated,
    RunEnded,
    RunParked,
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

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.domain.event import Event
    from remit.store.log import Entry

MODEL = "model"
_DEEPEST = 4


@dataclass(slots=True)
class Act:
    """Something that was done, or is being done."""

    path: str
    name: str
    seq: int
    """The first event that tells of it."""
    started: int
    kind: str = "step"
    """step, tool, model, delegate, wait, child, spawn, scope or agent."""
    agent: str = ""
    digest: str = ""
    state: str = "open"
    """open, done, failed, unknown."""
    last: int = 0
    """The event that says so."""
    ended: int = 0
    error: str = ""
    message: str = ""
    retries: list[tuple[int, str, str]] = field(default_factory=list[tuple[int, str, str]])
    """Attempts that failed before: event, code, message."""
    tried: tuple[str, ...] = ()
    """Models that were asked and gave no answer."""
    money: int = 0
    size: int = 0
    """About how many letters came of it."""
    empty: bool = False
    """Whether it gave nothing."""
    gaps: tuple[str, ...] = ()
    """Arguments that it was given without a value."""
    rules: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Whom the gate named as the source of what it refused: `tool:read_page#RUN/PATH`."""
    remedies: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    held: int = 0
    """The event by which a person was asked, if one was."""
    order: int = 0

    @property
    def took(self) -> int:
        """Microseconds."""
        return max(0, self.ended - self.started) if self.ended else 0

    @property
    def trouble(self) -> bool:
        """Whether it did not do what it was for."""
        return self.state in {"failed", "unknown"}


@dataclass(slots=True)
class Story:
    """A run, as far as it has come."""

    run: str
    flow: str = ""
    status: str = "running"
    error: str = ""
    message: str = ""
    started: int = 0
    ended: int = 0
    last: int = 0
    """The event that says how it stands."""
    reason: str = ""
    """Why it is parked."""
    acts: dict[str, Act] = field(default_factory=dict[str, Act])
    orders: list[tuple[int, str, str, str]] = field(default_factory=list[tuple[int, str, str, str]])
    """What others ordered: event, order, by whom, why."""
    children: dict[str, str] = field(default_factory=dict[str, str])
    """Children, by the paths where they were spawned."""
    events: int = 0
    refs: dict[int, str] = field(default_factory=dict[int, str])
    """What is cited in the place of events, where there are none."""

    def done(self) -> list[Act]:
        """What was done, in the order in which it came to an end; what is open comes last."""
        return sorted(self.acts.values(), key=lambda act: (act.last or 2**62, act.seq))

    def before(self, act: Act) -> list[Act]:
        """What had come to an end before."""
        return [each for each in self.done() if each.last and each.last < (act.last or 2**62)]


def story_of(run: str, entries: Iterable[Entry]) -> Story:
    """What these events tell."""
    story = Story(run)
    for entry in entries:
        story.events += 1
        if not _of_run(story, entry.event, entry.seq, entry.at):
            _of_act(story, entry)
    return story


def _of_run(story: Story, event: Event, seq: int, at: int) -> bool:
    story.started = story.started or at
    match event:
        case RunCreated():
            story.flow, story.last = event.flow, seq
        case RunContinued():
            story.status = "running"
            for act in [each for each in story.acts.values() if each.state == "open"]:
                del story.acts[act.path]  # it is done again in the next generation
        case RunParked():
            story.status, story.reason, story.last = "parked", event.reason, seq
        case RunEnded():
            story.status, story.error, story.message = event.status, event.error, event.message
            story.ended, story.last = at, seq
        case MessageDelivered():
            story.orders.append((seq, event.message, event.by, event.detail))
        case _:
            return False
    return True


def _of_act(story: Story, entry: Entry) -> None:
    event, place = entry.event, entry.path
    if isinstance(event, WaitOpened | WaitClosed | WaitEscalated) and _is_consent(event, place):
        place = place.rpartition("/")[0]
    act = story.acts.get(place)
    if act is None:
        act = story.acts[place] = Act(place, place.rpartition("/")[2].partition("#")[0], entry.seq, entry.at)
        act.order = len(story.acts)
    if isinstance(event, StepDone | StepFailed | StepRetried | StepUnknown | StepAbsent):
        _outcome(act, event, entry)
    elif isinstance(event, WaitOpened | WaitClosed | WaitEscalated):
        _waited(act, event, entry)
        if act.kind == "child" and isinstance(event, WaitOpened):
            story.children[place] = event.name
    elif not _other(act, event, entry) and act.seq == entry.seq:
        del story.acts[place]  # a scope, a patch: nothing was done there


def _other(act: Act, event: Event, entry: Entry) -> bool:
    match event:
        case ActionAdmitted() | StepClaimed() | ActionHeld():
            act.name, act.digest, act.state = event.name, event.digest, "open"
            act.held = entry.seq if isinstance(event, ActionHeld) else act.held
            _known(act, event.detail)
        case AgentAsked():
            act.kind, act.agent, act.name = "agent", event.agent, event.agent
        case AgentEnded():
            answered = event.status == "answered"
            act.state, act.error = ("done", "") if answered else ("failed", event.status)
            act.kind, act.last, act.ended = "agent", entry.seq, entry.at
        case ChildSpawned():
            act.kind, act.name, act.state, act.last = "spawn", event.flow, "done", entry.seq
        case ScopeDecided(outcome="expired"):
            act.kind, act.state, act.error, act.message = "scope", "failed", "timed_out", ""
            act.last, act.ended = entry.seq, entry.at
        case _:
            return False
    return True


def _outcome(
    act: Act, event: StepDone | StepFailed | StepRetried | StepUnknown | StepAbsent, entry: Entry
) -> None:
    act.name, act.digest = event.name, event.digest
    match event:
        case StepDone():
            act.state, act.started, act.error, act.message = "done", min(act.started, event.started), "", ""
            act.size, act.empty = len(str(event.result)), _is_empty(event.result)
            _known(act, event.detail)
        case StepFailed():
            act.state, act.started = "failed", min(act.started, event.started)
            act.error, act.message = event.error, event.message
            _known(act, event.detail)
        case StepRetried():
            act.state = "open"
            act.retries.append((entry.seq, event.error, event.message))
            return
        case StepUnknown():
            act.state, act.error, act.message = "unknown", "unknown", event.message
        case StepAbsent():
            act.state = "open"
            return
    act.last, act.ended = entry.seq, entry.at


def _waited(act: Act, event: WaitOpened | WaitClosed | WaitEscalated, entry: Entry) -> None:
    asks = act.kind != "child" and (act.kind in {"tool", "model", "delegate"} or act.digest)
    match event:
        case WaitOpened():
            if asks:
                act.held = entry.seq
            elif event.wait == "child":
                act.kind = "child"
            else:
                act.kind, act.name = "wait", event.wait if event.wait != "signal" else event.name
                act.message = event.note or event.group or event.name
        case WaitClosed() if act.kind == "child" or not asks:
            bad = event.how not in {"fired", "message", "approved", "succeeded"}
            act.state, act.last, act.ended = "failed" if bad else "done", entry.seq, entry.at
            act.error, act.message = (event.how, event.comment) if bad else ("", act.message)
        case _:
            pass


def _is_consent(event: WaitOpened | WaitClosed | WaitEscalated, place: str) -> bool:
    """Whether it is about an action that stands above: what is asked about a step stands below it."""
    if isinstance(event, WaitEscalated):
        return place.rpartition("/")[2].partition("#")[0] == "approval"
    return event.wait in {"approval", "write"} and "/" in place


def _known(act: Act, said: Any) -> None:
    """What the gate knows of it."""
    detail = object_of(said)
    if not detail:
        return
    act.kind = _kind(act, detail)
    act.agent = str(detail.get("agent") or act.agent)
    act.rules = tuple(map(str, detail.get("rules") or act.rules))
    act.money += int(object_of(detail.get("used")).get("money", 0))
    given = object_of(detail.get("arguments"))
    act.gaps = tuple(name for name, what in given.items() if what is None or what in ("", [])) or act.gaps
    attempts = [object_of(each) for each in detail.get("attempts") or ()]
    missed = [each for each in attempts if each.get("outcome") != "answered"]
    act.tried = (
        tuple(f"{each.get('model')} {each.get('code') or each.get('outcome')}" for each in missed)
        or act.tried
    )
    reasons = [object_of(each) for each in detail.get("reasons") or ()]
    act.sources = tuple(str(each["source"]) for each in reasons if each.get("source")) or act.sources
    act.remedies = tuple(str(what) for each in reasons for what in each.get("remedies") or ()) or act.remedies
    screened = [object_of(each) for each in detail.get("screened") or ()]
    found = tuple(str(each.get("guard")) for each in screened if each.get("verdict") not in {"clear", None})
    act.guards = found or ((str(detail["guard"]),) if detail.get("guard") else act.guards)


def _kind(act: Act, detail: dict[str, Any]) -> str:
    if act.name == MODEL and ("route" in detail or act.kind == MODEL):
        return MODEL
    if act.name == "delegate" or "delegate" in detail:
        return "delegate"
    return "tool" if "effect" in detail or "tool_digest" in detail or "agent" in detail else act.kind


def _is_empty(result: object, depth: int = 0) -> bool:
    """Whether nothing came: no value, or only fields and lists without one."""
    if isinstance(result, dict):
        inner = list(cast("dict[str, object]", result).values())
    elif isinstance(result, list):
        inner = cast("list[object]", result)
    else:
        return result is None or result == ""
    return depth < _DEEPEST and all(_is_empty(each, depth + 1) for each in inner)
