"""What a conversation weighs: bytes on disk per message of 1 KB, after 10 to 200 of them.

It owns the sizes that are compared. Text is random letters, so that no compression flatters anyone; what an
empty store weighs is measured apart and taken off.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from bench.environments import peer_python
from bench.protocol import Case
from bench.stage import Stage
from bench.table import Check, Report, count

SIZES, QUICK_SIZES = (10, 50, 100, 200), (100, 200)
MOST_BYTES = 3000
# A line that grows by less than this from the first size to the last is flat; the rest is rounding to pages.
FLAT = 1.25
OURS = "Remit"


@dataclass(frozen=True, slots=True)
class Writer:
    """Who keeps the conversation, in which environment, told what."""

    label: str
    module: str
    peer: str = ""
    told: dict[str, bool] = field(default_factory=dict[str, bool])


WRITERS = (
    Writer(OURS, "remit_engine"),
    Writer("LangGraph, add_messages", "langgraph_graph", "langgraph"),
    Writer("LangGraph, DeltaChannel (beta)", "langgraph_graph", "langgraph", {"delta": True}),
)


def measure(stage: Stage) -> list[Report]:
    return [_on(stage, store) for store in stage.stores]


def _on(stage: Stage, store: str) -> Report:
    sizes = QUICK_SIZES if stage.quick else SIZES
    found = {
        writer.label: {size: _bytes_per_message(stage, store, size, writer) for size in sizes}
        for writer in WRITERS
    }
    return Report(
        title=f"Bytes on disk per 1 KB message, {store}",
        columns=("", *(f"{size} messages" for size in sizes)),
        rows=[(label, *(count(weights[size]) for size in sizes)) for label, weights in found.items()],
        checks=_checks(store, found[OURS]),
        data={
            label: {str(size): weight for size, weight in weights.items()} for label, weights in found.items()
        },
    )


def _checks(store: str, ours: dict[int, float]) -> list[Check]:
    first, last = min(ours), max(ours)
    growth = ours[last] / ours[first]
    weight = f"conversation on {store}, bytes per message at {last}"
    shape = f"conversation on {store}, {last} messages over {first}"
    return [
        Check(weight, f"<= {MOST_BYTES:,}", count(ours[last]), ours[last] <= MOST_BYTES),
        Check(shape, f"flat (<= {FLAT}x)", f"{growth:.2f}x", growth <= FLAT),
    ]


def _bytes_per_message(stage: Stage, store: str, size: int, writer: Writer) -> float:
    """A fresh store per size; it is weighed empty, and again when the writer has closed it."""
    settings = stage.settings(store, f"disk_{store}_{size}_{WRITERS.index(writer)}")
    python = peer_python(writer.peer) if writer.peer else None
    stage.start(writer.label, writer.module, settings | writer.told, python=python).close()
    empty = _weight(settings)
    process = stage.start(writer.label, writer.module, settings | writer.told, python=python)
    process.ask(Case(work="conversation", steps=size))
    process.close()
    return (_weight(settings) - empty) / size


def _weight(settings: dict[str, str]) -> int:
    folder = sum(path.stat().st_size for path in Path(settings["directory"]).rglob("*") if path.is_file())
    return folder if "dsn" not in settings else folder + asyncio.run(_database_size(settings["dsn"]))


async def _database_size(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("checkpoint")
        return await connection.fetchval("select pg_database_size(current_database())")
    finally:
        await connection.close()
