"""Memory as data: what was remembered, where, by which run, and how far it may be trusted; and the bounds it keeps to.

Nouns only. Where items are kept stands in `store`, who may use them in `policy` and `gate`, how they are found again
in `knowledge`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from remit.domain.event import object_of
from remit.domain.labels import UNKNOWN, Integrity, Label

Json = Any

SCOPES = ("run", "user", "agent", "team")
"""Whose memory it is: this run's, the user's on whose behalf it acts, the agent's own, or the team's."""
LONGEST_KEY = 200
"""Characters."""
LARGEST_VALUE = 64 * 1024
"""Bytes of a value in canonical JSON."""
MOST_ITEMS = 10_000
"""In one scope."""
MOST_BYTES = 10 * 1024 * 1024
"""In one scope: so much is opened and ranked at once."""
RECALLED = 5
"""Items that are given unless more are asked for."""
MOST_RECALLED = 100
MOST_FORGOTTEN = 1_000
"""By one query."""

_LETTERS = {each.letter: each for each in Integrity}


@dataclass(frozen=True, slots=True)
class Memory:
    """One thing that was remembered."""

    key: str
    value: Json
    scope: str
    """Whose it is: `user:lea`, `agent:triage`, `team:support`, `run:r-…`."""
    label: Label = UNKNOWN
    """Of what was remembered; it outlives the run."""
    run: str = ""
    """The run that remembered it."""
    at: int = 0
    expires: int | None = None
    """When it is forgotten by itself."""


def image_of(memory: Memory | None) -> Json:
    """What of an item undo compares and puts back: all that a write of it may change."""
    if memory is None:
        return None
    return {"value": memory.value, "label": plain_label(memory.label), "expires": memory.expires}


def plain_memory(memory: Memory) -> dict[str, Json]:
    """An item as plain JSON."""
    return {
        "key": memory.key, "value": memory.value, "scope": memory.scope, "label": plain_label(memory.label),
        "run": memory.run, "at": memory.at, "expires": memory.expires,
    }  # fmt: skip


def memory_of(plain: Json) -> Memory:
    """The item that plain JSON says."""
    said = object_of(plain)
    return Memory(
        str(said.get("key", "")), said.get("value"), str(said.get("scope", "")), label_of(said.get("label")),
        str(said.get("run", "")), int(said.get("at") or 0), said.get("expires"),
    )  # fmt: skip


def plain_label(label: Label) -> dict[str, Json]:
    """A label as plain JSON; readers that are null are everybody."""
    readers = None if label.readers is None else sorted(label.readers)
    return {"integrity": label.integrity.letter, "readers": readers, "sources": list(label.sources)}


def label_of(plain: Json) -> Label:
    """The label that plain JSON says; what is no label is `UNKNOWN`, which nobody trusts and nobody may read."""
    said = object_of(plain)
    integrity, sources = _LETTERS.get(str(said.get("integrity"))), _texts(said.get("sources"))
    everybody = "readers" in said and said["readers"] is None
    readers = _texts(said.get("readers"))
    if integrity is None or sources is None or not (everybody or readers is not None):
        return UNKNOWN
    return Label(integrity, None if readers is None else frozenset(readers), sources)


def _texts(value: object) -> tuple[str, ...] | None:
    found = tuple(cast("list[object]", value)) if isinstance(value, list) else (None,)
    texts = tuple(each for each in found if isinstance(each, str))
    return texts if len(texts) == len(found) else None
