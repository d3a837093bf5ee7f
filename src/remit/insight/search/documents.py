"""What can be found of an event: its texts in one, what part of a run they are, and who may read them. Pure; it
knows neither index nor database.

At most one text comes of an event, and nothing is left out because of what it says: what may not be kept is not in
the log any more, and what only some may read says who they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_events import AgentAsked
from remit.domain.event import object_of
from remit.domain.events import (
    MessageDelivered,
    RunContinued,
    RunCreated,
    RunEnded,
    StepDone,
    StepFailed,
    StepRetried,
    StepUnknown,
    WaitClosed,
    WaitOpened,
)
from remit.domain.value import value
from remit.insight.search.words import LONGEST_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.domain.event import Event

KINDS = frozenset(
    each.KIND
    for each in (
        AgentAsked, MessageDelivered, RunContinued, RunCreated, RunEnded, StepDone, StepFailed, StepRetried,
        StepUnknown, WaitClosed, WaitOpened,
    )
)  # fmt: skip
"""The kinds of events that say something."""
PARTS = ("input", "question", "answer", "result", "error", "comment")
NOBODY = "|-|"
_DEEPEST = 12


@value
class Document:
    """A text that can be found."""

    part: str
    text: str
    agent: str = ""
    tool: str = ""
    model: str = ""
    error: str = ""


def document_of(event: Event, *, exchange: bool = False) -> Document | None:
    """What an event says, if anything; of an exchange with a foreign agent also what it was asked."""
    found: Document | None = None
    match event:
        case RunCreated():  # there is always one: it says what the run is
            found = _document("input", (event.flow, event.input))
        case RunContinued():
            found = _document("input", event.input)
        case AgentAsked():
            found = _document("question", event.input, agent=event.agent)
        case WaitOpened():
            found = _document("question", (event.note, event.value))
        case StepDone():
            found = _done(event, exchange=exchange)
        case StepFailed() | StepRetried() | StepUnknown():
            found = _failed(event)
        case WaitClosed():
            found = _document("comment", (event.comment, event.value))
        case MessageDelivered():
            found = _document("comment", event.detail)
        case RunEnded():
            part = "error" if event.error else "answer"
            found = _document(part, (event.message, event.result), error=event.error)
        case _:
            pass
    return found


def readers_of(event: Event, team: str) -> str | None:
    """Who alone may read what this event brought into a run, as `|team:a|user:lea|`; None if it narrows nothing."""
    if not isinstance(event, StepDone):
        return None
    label = object_of(object_of(event.detail).get("label"))
    declared = label.get("readers")
    if not isinstance(declared, list) or not declared:
        return None
    readers = frozenset(map(str, cast("list[Any]", declared)))
    if readers & {"*", "team:*", f"team:{team}"}:
        return None
    return written(each for each in readers if each.startswith(("team:", "user:")))


def narrowed(readers: str, also: str) -> str:
    """Who may read what came of both; empty is whoever may see the run at all."""
    if not readers or not also:
        return readers or also
    return written(set(readers.split("|")) & set(also.split("|")))


def written(readers: Iterator[str] | set[str]) -> str:
    """A set of readers as it is kept."""
    named = sorted(each for each in readers if each and each != "-")
    return f"|{'|'.join(named)}|" if named else NOBODY


def _done(event: StepDone, *, exchange: bool) -> Document | None:
    detail = object_of(event.detail)
    if not _is_model(event):
        return _document(
            "result",
            (event.name, detail.get("arguments"), event.result),
            agent=_agent(detail),
            tool=event.name,
        )
    asked = (
        [each for each in detail.get("new") or () if object_of(each).get("role") == "user"]
        if exchange
        else []
    )
    answer = object_of(object_of(event.result).get("message"))
    said = [text for message in (*asked, answer) for text in _spoken(object_of(message).get("parts"))]
    return _document("answer", said, agent=_agent(detail), model=str(detail.get("model") or ""))


def _failed(event: StepFailed | StepRetried | StepUnknown) -> Document | None:
    detail = object_of(event.detail) if isinstance(event, StepFailed) else {}
    said = (event.name, event.message, detail.get("arguments"))
    error = "unknown" if isinstance(event, StepUnknown) else event.error
    tool = "" if event.name == "model" else event.name
    return _document("error", said, agent=_agent(detail), tool=tool, error=error)


def _spoken(parts: object) -> Iterator[str]:
    """What the parts of a message say, not how they are carried: an image says nothing."""
    for each in cast("list[object]", parts) if isinstance(parts, list) else ():
        part = object_of(each)
        for name in ("text", "name", "arguments"):
            if isinstance(said := part.get(name), str):
                yield said
        yield from _spoken(part.get("parts"))


def text_of(said: object) -> str:
    """Every text in a value as one, as much of it as is looked at."""
    found: list[str] = []
    left = LONGEST_TEXT
    for text in _texts(said, 0):
        found.append(text[:left])
        left -= len(text) + 1
        if left <= 0:
            break
    return " ".join(found)


def _document(part: str, said: object, **more: str) -> Document | None:
    text = text_of(said)
    return Document(part, text, **more) if text.strip() else None


def _texts(said: object, depth: int) -> Iterator[str]:
    """Every text and number in a value, and what names them, in order."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict):
        for key, inner in cast("dict[str, object]", said).items():
            yield key
            if depth < _DEEPEST:
                yield from _texts(inner, depth + 1)
    elif isinstance(said, list | tuple):
        for inner in cast("list[object]", said):
            yield from _texts(inner, depth + 1) if depth < _DEEPEST else ()
    elif said is not None and not isinstance(said, bool):
        yield str(said)


def _is_model(event: StepDone | StepFailed) -> bool:
    return event.name == "model" and "route" in object_of(event.detail)


def _agent(detail: dict[str, Any]) -> str:
    return str(detail.get("agent") or "")
