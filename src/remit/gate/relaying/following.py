"""Our own frames behind those of a provider: a refusal, or the word that it failed. Most dialects count nothing; events
of the Responses API are numbered, and name their items by ids that were announced, so what follows has to go on there.
"""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec

from remit.wire.sse import frame

Json = Any

_NUMBER = re.compile(rb'"sequence_number"\s*:\s*(\d+)')
_NAME = b'"sequence_number"'
_ADDED = re.compile(rb'"type"\s*:\s*"response\.output_item\.added"')
_BEGINNINGS = frozenset({"response.created", "response.in_progress"})
_COUNTED = "openai_responses"


class Following:
    """How far a provider's stream has come."""

    def __init__(self, dialect: str) -> None:
        self._counts = dialect == _COUNTED
        self._number = -1
        self._latest = b""
        """What went on since then, and may have numbers of its own."""
        self._items: dict[int, str] = {}

    def saw(self, shown: bytes) -> None:
        """A frame of the provider was shown."""
        if not self._counts:
            return
        if found := _NUMBER.search(shown):
            self._number, self._latest = int(found[1]), b""
        if _ADDED.search(shown):
            for event in _events(shown):
                item = event.get("item")
                if isinstance(item, dict) and isinstance(event.get("output_index"), int):
                    self._items[event["output_index"]] = str(cast("dict[str, Json]", item).get("id", ""))

    def went_on(self, shown: bytes) -> None:
        """Frames that say nothing but words were shown."""
        if self._counts and _NAME in shown:
            self._latest = shown

    def after(self, frames: bytes) -> bytes:
        """Frames of our own, as they follow."""
        if numbers := _NUMBER.findall(self._latest):
            self._number, self._latest = int(numbers[-1]), b""
        if not self._counts or self._number < 0:
            return frames
        out: list[bytes] = []
        for event in _events(frames):
            if event.get("type") in _BEGINNINGS:
                continue
            self._number += 1
            event["sequence_number"] = self._number
            self._name_items(event.get("response"))
            out.append(frame(msgspec.json.encode(event), str(event.get("type", ""))))
        return b"".join(out)

    def _name_items(self, response: Json) -> None:
        """An item keeps the id under which it was announced."""
        if not isinstance(response, dict):
            return
        items = cast("list[dict[str, Json]]", cast("dict[str, Json]", response).get("output") or [])
        for place, item in enumerate(items):
            if place in self._items and "id" in item:
                item["id"] = self._items[place]


def _events(frames: bytes) -> list[dict[str, Json]]:
    lines = [line[5:].strip() for line in frames.split(b"\n") if line.startswith(b"data:")]
    return [msgspec.json.decode(line, type=dict[str, Json]) for line in lines if line.startswith(b"{")]
