"""A run of several agents as those read it who ask whose fault it was: who was asked what, who said what, who called
what and what came of it, in order, with the values. It tells events apart and judges nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_events import ActionAdmitted, ActionHeld, AgentAsked, AgentEnded
from remit.domain.event import object_of
from remit.domain.events import RunCreated, RunEnded, StepClaimed, StepDone, StepFailed, WaitClosed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.domain.event import Event
    from remit.store.log import Entry

Json = Any
ASKED, SAID, CALLED, GAVE_UP, GIVEN = "asked", "said", "called", "gave up", "given"


@dataclass(slots=True)
class Move:
    """Something that somebody did or was told."""

    kind: str
    """asked, said (by a model), called (a tool), gave up, or given (by a person, or the flow's own code)."""
    path: str
    seq: int
    agent: str = ""
    """Who; empty: the flow's own code."""
    name: str = ""
    given: Json = None
    """What it was asked, or called with."""
    came: Json = None
    """What was said, or came of it."""
    calls: tuple[tuple[str, Json], ...] = ()
    """Of what a model said: the tools it wants, with their arguments."""
    error: str = ""
    message: str = ""
    acts: bool = False
    """Whether it is a call that changes something."""
    rules: tuple[str, ...] = ()


@dataclass(slots=True)
class Episode:
    """All of it."""

    run: str
    input: Json = None
    status: str = "running"
    error: str = ""
    message: str = ""
    result: Json = None
    last: int = 0
    moves: list[Move] = field(default_factory=list[Move])
    instructions: dict[str, str] = field(default_factory=dict[str, str])
    """What each agent was told before anything else."""
    tools: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """What each agent could call."""

    def ref(self, move: Move) -> str:
        """The event that tells of a move."""
        return f"run:{self.run}#{move.seq}"

    @property
    def agents(self) -> list[str]:
        """Who took part, in order."""
        return list(dict.fromkeys(move.agent for move in self.moves if move.agent))


def episode_of(run: str, entries: Iterable[Entry]) -> Episode:
    """What these events tell."""
    found = Episode(run)
    details: dict[str, dict[str, Json]] = {}
    for entry in entries:
        event = entry.event
        match event:
            case RunCreated():
                found.input = event.input
            case RunEnded():
                found.status, found.error, found.message = event.status, event.error, event.message
                found.result, found.last = event.result, entry.seq
            case ActionAdmitted() | ActionHeld() | StepClaimed():
                details[entry.path] = details.get(entry.path, {}) | object_of(event.detail)
            case _:
                move = _move(event, entry, details.get(entry.path, {}))
                if move is not None:
                    found.moves.append(move)
                if isinstance(event, AgentAsked):
                    known = object_of(event.detail)
                    found.instructions[event.agent] = str(known.get("instructions", ""))
                    found.tools[event.agent] = frozenset(map(str, known.get("tools") or ()))
    return found


def _move(event: Event, entry: Entry, before: dict[str, Json]) -> Move | None:
    match event:
        case AgentAsked():
            return Move(ASKED, entry.path, entry.seq, event.agent, event.agent, event.input)
        case AgentEnded():
            if event.status == "answered":
                return None
            return Move(GAVE_UP, entry.path, entry.seq, event.agent, event.agent, error=event.status)
        case StepDone() | StepFailed():
            return _step(event, entry, before | object_of(event.detail))
        case WaitClosed():
            return Move(GIVEN, entry.path, entry.seq, name="wait", came=getattr(event, "payload", None))
        case _:
            return None


def _step(event: StepDone | StepFailed, entry: Entry, detail: dict[str, Json]) -> Move:
    done = isinstance(event, StepDone)
    agent = str(detail.get("agent", ""))
    move = Move(GIVEN, entry.path, entry.seq, agent, event.name)
    move.error, move.message = ("", "") if isinstance(event, StepDone) else (event.error, event.message)
    move.came = event.result if isinstance(event, StepDone) else None
    move.rules = tuple(map(str, detail.get("rules") or ()))
    if event.name == "model" and ("route" in detail or agent):
        move.kind = SAID
        move.came, move.calls = _said(event.result) if isinstance(event, StepDone) else (None, ())
    elif "effect" in detail or "tool_digest" in detail or "arguments" in detail:
        move.kind, move.given = CALLED, detail.get("arguments")
        move.acts = detail.get("effect") in {"write", "irreversible"}
    elif not done and agent:
        move.kind = CALLED
    return move


def _said(result: Json) -> tuple[Json, tuple[tuple[str, Json], ...]]:
    """What a model said: its text, as JSON where it is some; and the calls that it wants."""
    texts: list[str] = []
    calls: list[tuple[str, Json]] = []
    for each in object_of(object_of(result).get("message")).get("parts") or ():
        part = object_of(each)
        if part.get("type") == "text":
            texts.append(str(part.get("text", "")))
        elif part.get("type") == "tool_call":
            calls.append((str(part.get("name", "")), _json(str(part.get("arguments", "")))))
    return _json("\n".join(texts)), tuple(calls)


def _json(text: str) -> Json:
    try:
        found: Json = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return cast("Json", found) if isinstance(found, (dict, list)) else text


def objects_in(value: Json, depth: int = 0) -> list[dict[str, Json]]:
    """Every object in a value, however deep."""
    if depth > _DEEPEST:
        return []
    if isinstance(value, dict):
        mine = cast("dict[str, Json]", value)
        return [mine, *(each for inner in mine.values() for each in objects_in(inner, depth + 1))]
    if isinstance(value, list):
        return [each for inner in cast("list[Json]", value) for each in objects_in(inner, depth + 1)]
    return []


_DEEPEST = 6
