"""What models and tools were told and said, in the words of the conventions, for receivers that may have it: read from
the log as it can be read now. Nothing of a run that only some may read, nothing of one that holds data of a class, and
nothing that a detector finds.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_events import ActionAdmitted
from remit.domain.event import object_of
from remit.domain.events import StepClaimed, StepDone
from remit.insight.projection import RUN
from remit.store.database import Cursor
from remit.wire.otlp import names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.domain.event import Event
    from remit.insight.reading import Reading
    from remit.store.database import Database
    from remit.wire.otlp.sending import Value

Json = Any
_KINDS = frozenset({StepDone.KIND, StepClaimed.KIND, ActionAdmitted.KIND})
_END = Cursor(2**62, 2**62)
_LONGEST = 16_384
"""Letters of one text that are sent."""
_MOST = 262_144
"""Letters of an attribute."""


class Contents:
    """Reads what was said in a run."""

    def __init__(self, database: Database, reading: Reading, clean: Callable[[Json], Json]) -> None:
        """`clean` takes out what a detector finds."""
        self._database = database
        self._reading = reading
        self._clean = clean

    async def of(self, run: str) -> dict[str, dict[str, Value]]:
        """By the path of each step what is said of it beside everything else."""
        if not await self._free(run):
            return {}
        found: dict[str, dict[str, Value]] = {}
        for each in await self._reading.stream(RUN + run, _KINDS, _END):
            said = _said(each.event)
            if said:
                plain = {name: _written(self._clean(value)) for name, value in said.items()}
                found.setdefault(each.path, {}).update(plain)
        return found

    async def _free(self, run: str) -> bool:
        """Whether all of a run may be told: that nobody narrowed who reads it has to be known."""
        known = await self._database.fetch("search.run", run)
        if not known or known[0][1]:
            return False
        return not await self._database.fetch("protection.classes", run)


def _said(event: Event) -> dict[str, Json]:
    detail = object_of(getattr(event, "detail", None))
    if not isinstance(event, StepDone):
        return {names.TOOL_ARGUMENTS: detail["arguments"]} if "arguments" in detail else {}
    if event.name != "model" or "route" not in detail:
        return {names.TOOL_RESULT: event.result}
    new = [object_of(each) for each in cast("list[Json]", detail.get("new") or [])]
    result = object_of(event.result)
    answer = object_of(result.get("message"))
    said: dict[str, Json] = {
        names.SYSTEM_INSTRUCTIONS: _parts(each for one in new if one.get("role") == "system" for each in _of(one)),
        names.INPUT_MESSAGES: [_message(each) for each in new if each.get("role") != "system"],
        names.OUTPUT_MESSAGES: [_message(answer) | {"finish_reason": result.get("finish")}] if answer else [],
    }  # fmt: skip
    return {name: value for name, value in said.items() if value}


def _message(said: dict[str, Json]) -> dict[str, Json]:
    return {"role": said.get("role"), "parts": _parts(_of(said))}


def _of(said: dict[str, Json]) -> list[Json]:
    parts = said.get("parts")
    return cast("list[Json]", parts) if isinstance(parts, list) else []


def _parts(parts: Iterable[Json]) -> list[dict[str, Json]]:
    """The parts of a message as the conventions have them; of what is no text it is said that it was there."""
    found: list[dict[str, Json]] = []
    for each in parts:
        part = object_of(each)
        kind = str(part.get("type"))
        if kind == "tool_call":
            call = {"id": part.get("id"), "name": part.get("name"), "arguments": part.get("arguments")}
            found.append({"type": kind, **call})
        elif kind == "tool_result":
            said = "".join(str(object_of(one).get("text") or "") for one in _of(part))
            found.append({"type": "tool_call_response", "id": part.get("id"), "response": said})
        elif isinstance(part.get("text"), str):
            found.append({"type": "text" if kind == "text" else "reasoning", "content": part["text"]})
        else:
            found.append({"type": kind})
    return found


def _written(value: Json) -> str:
    """As one attribute."""
    if isinstance(value, str):
        return value[:_LONGEST]
    text = json.dumps(_bounded(value), ensure_ascii=False)
    return text if len(text) <= _MOST else json.dumps(f"{len(text):,} letters, which is too much to send")


def _bounded(value: Json) -> Json:
    """The value with no text in it that is longer than what is sent."""
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}\u2026"
    if isinstance(value, dict):
        return {key: _bounded(inner) for key, inner in cast("dict[str, Json]", value).items()}
    if isinstance(value, list):
        return [_bounded(inner) for inner in cast("list[Json]", value)]
    return value
