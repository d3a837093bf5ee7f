"""A workspace on either database, and an operator who may do everything to it: direct SQL, the root key, the key that
signs. What an honest log says comes from real runs.
"""
# ruff: noqa: S608 - the names of tables in these statements are our own

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg

from remit import Run, flow, step, tool
from remit.control.auditing import audit
from remit.control.ground.ground import Ground, open_ground
from remit.control.settings import AuditSettings, Settings
from remit.engine.flow import Flow
from remit.store.databases.sqlite_driver import connect
from remit.store.exporting import Scope
from remit.store.merkle import Frontier
from remit.store.pen import link
from remit.store.signing import open_signer
from remit.store.verifying.notes import Checkpoint, checkpoint_text
from remit.store.verifying.reading import verify
from remit.store.verifying.tree import leaf_hash
from remit.store.verifying.verdicts import Report
from remit.testing.stage import stage

ANCHOR = "anchor.jsonl"
COLUMNS = (
    "pos", "stream", "seq", "team", "at", "kind", "path", "body", "key_id", "commitment", "prev_hash", "hash",
)  # fmt: skip
RESTORED = ("events", "checkpoints", "checkpointer", "runs", "stream_heads")
REBUILT = ("run_facts", "projections")


@step(effect="read")
async def look(n: int) -> int:
    return n


@step(effect="write")
async def pay(n: int) -> int:
    return n


@tool(effect="read", reads="crm")
async def ask_crm(number: int) -> int:
    """Ask the crm."""
    return number


@tool(effect="write")
async def tell_crm(number: int) -> int:
    """Tell the crm."""
    return number


@flow
async def act(run: Run, n: int) -> int:
    return await run.call(tell_crm, number=await run.call(ask_crm, number=n))


@flow
async def buy(run: Run, n: int) -> int:
    return await run.step(pay, await run.step(look, n))


@dataclass
class Event:
    """A row of the log that may be changed."""

    pos: int
    stream: str
    seq: int
    team: str
    at: int
    kind: str
    path: str
    body: bytes
    key_id: str
    commitment: bytes
    prev_hash: bytes
    hash: bytes

    @property
    def envelope(self) -> tuple[Any, ...]:
        return (self.stream, self.seq, self.team, self.at, self.kind, self.path, self.key_id)

    @property
    def row(self) -> list[Any]:
        return [getattr(self, name) for name in COLUMNS]


@dataclass
class Books:
    """A workspace, its database, and what was anchored of it."""

    place: Path
    url: str
    events: list[Event] = field(default_factory=list[Event])

    @property
    def anchor(self) -> Path:
        """What the verifier holds."""
        return self.place / ANCHOR

    async def trade(
        self, *numbers: int, anchored: bool = True, subject: str = "", shred: str = "", what: Flow = buy
    ) -> list[str]:
        """Real runs; when the platform closes, the log is signed. `shred` destroys what is about somebody."""
        anchors = (f"file:{ANCHOR}",) if anchored else ()
        chosen = replace(Settings(database=self.url), audit=AuditSettings(anchors))
        runs: list[str] = []
        async with stage(what, workspace=self.place, database=self.url, chosen=chosen) as there:
            for number in numbers:
                run = await there.platform.submit(what, {"n": number}, subject=subject)
                await run.result()
                runs.append(run.id)
            if shred:
                await there.platform.shred(shred)
            await there.platform._parts.facts.catch_up()
        return runs

    async def judged(self, *, anchored: bool = True, key: str = "") -> Report:
        """Export what the database says, and verify it as somebody who has only files."""
        folder = self.place / f"export-{len(list(self.place.glob('export-*')))}"
        ground = await self.ground()
        try:
            await audit.export(ground, folder, Scope(), content=False)
        finally:
            await ground.database.close()
        return verify(folder, self.anchor if anchored else None, key)

    async def ground(self) -> Ground:
        """The workspace with its keys, as its operator has it."""
        return await open_ground(self.place, self.url, "default")

    # --- direct SQL ---------------------------------------------------------------------------------------

    async def sql(self, statement: str, rows: Iterable[Sequence[Any]] = ()) -> list[tuple[Any, ...]]:
        """Execute a statement behind everybody's back."""
        given = list(rows)
        if self.url.startswith("sqlite"):
            return self._in_file(statement, given)
        for number in range(statement.count("?")):
            statement = statement.replace("?", f"${number + 1}", 1)
        connection = await asyncpg.connect(self.url)
        try:
            if given:
                await connection.executemany(statement, given)
                return []
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    def _in_file(self, statement: str, given: list[Sequence[Any]]) -> list[tuple[Any, ...]]:
        connection = connect(self.place / "books.db")
        try:
            if given:
                connection.executemany(statement, given)
                return []
            return list(connection.execute(statement))
        finally:
            connection.close()

    async def saved(self) -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
        """A copy of the tables as they are."""
        ground = await self.ground()
        found: dict[str, tuple[list[str], list[tuple[Any, ...]]]] = {}
        async with ground.database.snapshot() as snapshot:
            for table in RESTORED:
                columns = await snapshot.columns(table)
                rows = [row async for page in snapshot.rows(table, columns) for row in page]
                found[table] = ([column.name for column in columns], rows)
        await ground.database.close()
        return found

    async def put_back(self, copy: dict[str, tuple[list[str], list[tuple[Any, ...]]]]) -> None:
        """The tables as they were; projections are rebuilt."""
        for table in REBUILT:
            await self.sql(f"DELETE FROM {table}")
        for table, (columns, rows) in copy.items():
            await self.sql(f"DELETE FROM {table}")
            if rows:
                await self._insert(table, columns, rows)

    async def _insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        places = ", ".join("?" * len(columns))
        await self.sql(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)

    # --- what an operator does to the log -------------------------------------------------------------------

    async def read(self) -> list[Event]:
        """The whole log, by position."""
        rows = await self.sql(f"SELECT {', '.join(COLUMNS)} FROM events ORDER BY pos")
        self.events = [Event(*row) for row in rows]
        return self.events

    def of(self, run: str) -> list[Event]:
        """The events of one run."""
        return [event for event in self.events if event.stream == f"run:{run}"]

    async def write(self) -> None:
        """Put the log back as it is in memory."""
        await self.sql("DELETE FROM events")
        await self._insert("events", COLUMNS, [event.row for event in self.events])

    async def reseal(self, event: Event, content: bytes | None = None, was: int | None = None) -> None:
        """Encrypt and commit to it anew, as only who has the root key can; `was` is its number until now."""
        ground = await self.ground()
        key = await ground.keys.get(event.key_id)
        old = f"{event.stream}|{event.seq if was is None else was}".encode()
        place = f"{event.stream}|{event.seq}".encode()
        content = key.open(event.body, old)[1:] if content is None else content
        event.body = key.seal(b"j" + content, place)
        event.commitment = key.commit(content, place)
        await ground.database.close()

    def rechain(self, run: str) -> None:
        """Recompute every hash of a stream."""
        previous = bytes(32)
        for event in sorted(self.of(run), key=lambda each: each.seq):
            event.prev_hash = previous
            event.hash = previous = link(previous, event.envelope, event.commitment)

    async def renumber(self, run: str, order: list[Event]) -> None:
        """Give the events of a run new numbers in this order, sealed where they stand then."""
        for seq, event in enumerate(order, 1):
            was, event.seq = event.seq, seq
            if was != seq:
                await self.reseal(event, was=was)
        self.rechain(run)

    async def resign(self) -> None:
        """Sign every checkpoint anew over what the log is now, with the stolen key of the log."""
        ground = await self.ground()
        signer = await open_signer(ground.database, ground.keys, ground.clock)
        await ground.database.close()
        kept = [
            Checkpoint.parse(row[0]) for row in await self.sql("SELECT note FROM checkpoints ORDER BY size")
        ]
        events = sorted(self.events, key=lambda each: each.pos)
        sizes = [each.size for each in kept if each.size < len(events)]
        frontier, rows = Frontier(), list[tuple[Any, ...]]()
        for size in [*sizes, len(events)]:
            after = frontier.size
            for event in events[after:size]:
                frontier.append(leaf_hash(event.hash))
            text = checkpoint_text(signer.origin, size, frontier.root(), kept[0].at + size, after, "0 AA==")
            rows.append((size, kept[0].at + size, signer.sign(text), events[size - 1].pos))
        await self.sql("DELETE FROM checkpoints")
        await self._insert("checkpoints", ("size", "at", "note", "upto"), rows)

    async def forget(self, run: str) -> None:
        """Take a run out of every table."""
        self.events = [event for event in self.events if event.stream != f"run:{run}"]
        await self.sql("DELETE FROM runs WHERE id = ?", [(run,)])
        await self.sql("DELETE FROM run_facts WHERE run = ?", [(run,)])
