"""A backup is whole though others write, holds no key, restores into either database, and never brings a key back."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from remit.domain.errors import BadInput, Refused, Shredded, StoreCorrupt, StoreNewer, WrongKey
from remit.store.backup import back_up, restore, restore_keys
from remit.store.database import Database
from remit.store.databases.postgres import PostgresDatabase
from remit.store.databases.sqlite import SqliteDatabase
from remit.store.ledger import ShredLedger
from remit.store.migrate import check_schema
from remit.store.shred import shred_subject
from remit.store.tables import BACKED_UP
from tests.store.erasing import LONG, ROOT, contents, record, ring, wrapped_keys
from tests.store.stores import NOW, enlist, owned_run, seqs, shared, stream_of

LATER = NOW + 1


@pytest.fixture(params=["sqlite", "postgres"])
def fresh_place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Database]:
    """How to open an empty database, of each dialect in turn."""
    if request.param == "sqlite":
        return lambda: SqliteDatabase(tmp_path / "restored" / "remit.db")
    dsn: str = request.getfixturevalue("postgres_dsn")
    return lambda: PostgresDatabase(dsn)


@pytest.fixture
async def fresh(fresh_place: Callable[[], Database]) -> AsyncIterator[Database]:
    database = fresh_place()
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def ledger(tmp_path: Path) -> ShredLedger:
    return ShredLedger(tmp_path / "shredded.ledger")


async def test_a_backup_restores_into_either_database(
    database: Database, fresh: Database, tmp_path: Path, ledger: ShredLedger
) -> None:
    await enlist(database)
    await record(database, ring(database), "r-alice", "alice", "short", "long " * LONG)
    run = await owned_run(database)
    await asyncio.gather(*[database.submit(run.step()) for _ in range(30)])
    made = await back_up(database, tmp_path / "data.zip", keys=tmp_path / "keys.zip", at=NOW)
    assert (made.events, made.runs, made.keys) == (33, 1, 1)

    done = await restore(fresh, tmp_path / "data.zip", keys=tmp_path / "keys.zip", ledger=ledger, at=LATER)
    assert done == made
    await check_schema(fresh)
    before, after = await _everything(database), await _everything(fresh)
    assert [row[3] for row in after.pop("runs")] == ["ready"]
    assert [row[3] for row in before.pop("runs")] == ["running"]
    assert after == before
    assert await contents(fresh, ring(fresh), "r-alice") == ["short", "long " * LONG]

    worker = await enlist(fresh, "w-after")
    assert (await fresh.submit((await owned_run(fresh, "r-after")).step())).pos > made.upto
    assert [row[5] for row in await fresh.fetch("runs.get", "r-1")] == [LATER]
    assert worker.epoch == 1


async def test_a_backup_made_while_others_write_is_one_moment(
    database: Database, tmp_path: Path, ledger: ShredLedger
) -> None:
    await enlist(database)
    runs = [await owned_run(database, f"r-{n}") for n in range(4)]
    stop = asyncio.Event()

    async def write(n: int) -> None:
        while not stop.is_set():
            commit = runs[n].step()
            commit.shared.append(shared())
            await database.submit(commit)

    writing = [asyncio.create_task(write(n)) for n in range(4)]
    for n in range(3):
        target = SqliteDatabase(tmp_path / f"restored-{n}" / "remit.db")
        await target.open()
        made = await back_up(database, tmp_path / f"{n}.zip", at=NOW)
        await restore(target, tmp_path / f"{n}.zip", ledger=ledger, at=LATER)
        steps = sum([len(await seqs(target, run.stream)) - 1 for run in runs])
        assert steps == len(await stream_of(target, "team:team")) == (made.events - 4) / 2
        await target.close()
    stop.set()
    await asyncio.gather(*writing)


async def test_s07_a_data_backup_carries_no_key(
    database: Database, tmp_path: Path, ledger: ShredLedger, fresh: Database
) -> None:
    keys = ring(database)
    await record(database, keys, "r-alice", "alice", "the secret recipe")
    await back_up(database, tmp_path / "data.zip", keys=tmp_path / "keys.zip", at=NOW)
    with zipfile.ZipFile(tmp_path / "data.zip") as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (*(await wrapped_keys(database)).values(), ROOT, b"the secret recipe"):
        assert secret not in everything
        assert msgspec.json.encode(secret)[1:-1] not in everything
    for file in ("data.zip", "keys.zip"):
        assert (tmp_path / file).stat().st_mode & 0o777 == 0o600

    await restore(fresh, tmp_path / "data.zip", ledger=ledger, at=LATER)
    with pytest.raises(WrongKey, match="key backup"):
        await contents(fresh, ring(fresh), "r-alice")
    assert await restore_keys(fresh, tmp_path / "keys.zip", ledger=ledger) == 1
    assert await contents(fresh, ring(fresh), "r-alice") == ["the secret recipe"]


@pytest.mark.parametrize("with_keys", [True, False])
async def test_s07_a_restore_destroys_again_what_was_shredded_after_the_backup(
    database: Database, fresh: Database, tmp_path: Path, ledger: ShredLedger, with_keys: bool
) -> None:
    keys = ring(database)
    await record(database, keys, "r-alice", "alice", "long " * LONG)
    await record(database, keys, "r-bob", "bob", "long " * LONG)
    await back_up(database, tmp_path / "data.zip", keys=tmp_path / "keys.zip", at=NOW)
    await shred_subject(database, keys, ledger, team="team", subject="alice", by="officer", at=NOW)

    archive = tmp_path / "keys.zip" if with_keys else None
    await restore(fresh, tmp_path / "data.zip", keys=archive, ledger=ledger, at=LATER)
    if not with_keys:
        await restore_keys(fresh, tmp_path / "keys.zip", ledger=ledger)
    with pytest.raises(Shredded):
        await contents(fresh, ring(fresh), "r-alice")
    assert await contents(fresh, ring(fresh), "r-bob") == ["long " * LONG]
    blobs = [row for row in (await _everything(fresh))["blobs"] if "k-r-alice" in row]
    assert blobs == []
    assert len(await stream_of(fresh, "run:r-alice")) == 1


async def test_a_restore_never_overwrites(database: Database, tmp_path: Path, ledger: ShredLedger) -> None:
    await enlist(database)
    await owned_run(database)
    await back_up(database, tmp_path / "data.zip", at=NOW)
    with pytest.raises(Refused, match="not empty"):
        await restore(database, tmp_path / "data.zip", ledger=ledger, at=LATER)
    with pytest.raises(Refused, match="exists already"):
        await back_up(database, tmp_path / "data.zip", at=NOW)


async def test_an_archive_that_is_none_is_refused_and_leaves_nothing(
    database: Database, fresh: Database, tmp_path: Path, ledger: ShredLedger
) -> None:
    await enlist(database)
    run = await owned_run(database)
    await asyncio.gather(*[database.submit(run.step()) for _ in range(100)])
    await back_up(database, tmp_path / "good.zip", keys=tmp_path / "keys.zip", at=NOW)
    good = (tmp_path / "good.zip").read_bytes()
    (tmp_path / "text.zip").write_text("no zip at all")
    (tmp_path / "half.zip").write_bytes(good[: len(good) // 2])
    (tmp_path / "bent.zip").write_bytes(good[:300] + bytes(len(good) // 4) + good[300 + len(good) // 4 :])
    _rewrite(tmp_path / "good.zip", tmp_path / "newer.zip", schema=9999)
    wrong: dict[str, type[Exception]] = {
        "text.zip": StoreCorrupt,
        "half.zip": StoreCorrupt,
        "bent.zip": StoreCorrupt,
        "keys.zip": BadInput,
        "absent.zip": BadInput,
        "newer.zip": StoreNewer,
    }
    for name, error in wrong.items():
        with pytest.raises(error, match=name):
            await restore(fresh, tmp_path / name, ledger=ledger, at=LATER)
    await restore(fresh, tmp_path / "good.zip", ledger=ledger, at=LATER)
    assert len(await seqs(fresh, run.stream)) == 101


async def test_a_backup_that_fails_leaves_no_file(database: Database, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="cannot be written"):
        await back_up(database, tmp_path / "absent" / "data.zip", at=NOW)
    with pytest.raises(Exception, match="cannot be written"):
        await back_up(database, tmp_path / "data.zip", keys=tmp_path / "absent" / "keys.zip", at=NOW)
    assert _archives(tmp_path) == []


def _archives(folder: Path) -> list[Path]:
    return [*folder.glob("*.zip"), *folder.glob(".*.part")]


async def _everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    async with database.snapshot() as snapshot:
        for table in BACKED_UP:
            pages = [page async for page in snapshot.rows(table, await snapshot.columns(table))]
            found[table] = sorted((row for page in pages for row in page), key=repr)
    return found


def _rewrite(source: Path, target: Path, **changes: object) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "manifest.json":
                content = msgspec.json.encode(msgspec.json.decode(content) | changes)
            new.writestr(name, content)
