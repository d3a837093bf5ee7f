"""S7: content can be destroyed and the proof still stands; nothing about a person is left lying about in the clear."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from remit.domain.errors import Shredded, StoreReadOnly, WrongKey
from remit.domain.events import KeyShredded
from remit.store.database import Database
from remit.store.keys import DataKey
from remit.store.ledger import ShredLedger
from remit.store.log import Log
from remit.store.pen import seal_blob
from remit.store.shred import shred_key, shred_subject
from tests.postgres import PostgresServer
from tests.store.erasing import LONG, contents, record, ring, stands_in, wrapped_keys
from tests.store.stores import NOW, Store, stream_of

ALICE, BOB = "alice@example.org", "bob@example.org"


@pytest.fixture
def ledger(tmp_path: Path) -> ShredLedger:
    return ShredLedger(tmp_path / "keys" / "shredded.ledger")


async def test_s07_equal_contents_of_two_subjects_share_nothing(database: Database) -> None:
    keys = ring(database)
    same = "the same words " * LONG
    for run, subject in (("r-1", ALICE), ("r-2", BOB)):
        await record(database, keys, run, subject, same, same)
    rows = [await stream_of(database, f"run:r-{n}") for n in (1, 2)]
    bodies = [{row.commitment for row in stream} | {row.body for row in stream} for stream in rows]
    assert bodies[0].isdisjoint(bodies[1])
    names = [
        {seal_blob(b"same", DataKey(name, name.encode() * 8)).id for _ in range(2)}
        for name in ("k-r1", "k-r2")
    ]
    assert [len(each) for each in names] == [1, 1]
    assert names[0] != names[1]


async def test_s07_a_shredded_subject_is_unreadable_and_the_chain_still_verifies(
    database: Database, ledger: ShredLedger
) -> None:
    keys = ring(database)
    await record(database, keys, "r-1", ALICE, "short", "long " * LONG)
    await record(database, keys, "r-2", BOB, "short", "long " * LONG)
    about = await keys.subject_key("team", ALICE, NOW)
    before = await stream_of(database, "run:r-1")
    shredded = await shred_subject(database, keys, ledger, team="team", subject=ALICE, by="officer", at=NOW)
    assert sorted(shredded) == sorted(["k-r-1", about.id])
    assert await stream_of(database, "run:r-1") == before
    for ring_of in (keys, ring(database)):
        with pytest.raises(Shredded):
            await contents(database, ring_of, "r-1")
        assert len(await contents(database, ring_of, "r-2")) == 2
    assert ledger.read() == dict.fromkeys(shredded, NOW)
    told = [entry.event for entry in (await Log(database, keys).read("workspace"))[0]]
    assert told == [KeyShredded(key, "officer") for key in shredded]
    assert await shred_subject(database, keys, ledger, team="team", subject=ALICE, by="officer", at=NOW) == []


async def test_s07_blobs_of_a_shredded_key_are_removed(database: Database, ledger: ShredLedger) -> None:
    keys = ring(database)
    pen = await record(database, keys, "r-1", ALICE, "long " * LONG)
    blob = pen.key.open((await stream_of(database, "run:r-1"))[0].body, b"run:r-1|1")[1:]
    assert await database.fetch("log.blob", blob)
    await shred_key(database, keys, ledger, key_id="k-r-1", by="officer", at=NOW)
    assert await database.fetch("log.blob", blob) == []
    with pytest.raises(Shredded):
        await shred_key(database, keys, ledger, key_id="k-r-1", by="officer", at=NOW)
    with pytest.raises(WrongKey):
        await shred_key(database, keys, ledger, key_id="nobody", by="officer", at=NOW)


async def test_s07_without_its_ledger_nothing_is_shredded(database: Database, tmp_path: Path) -> None:
    keys = ring(database)
    await record(database, keys, "r-1", ALICE, "content")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreReadOnly, match="nothing was shredded"):
        await shred_subject(
            database, keys, ShredLedger(tmp_path / "folder"), team="team", subject=ALICE, by="officer", at=NOW
        )
    assert await contents(database, keys, "r-1") == ["content"]


async def test_s07_no_plaintext_stands_in_any_file(
    place: Store, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    database = await place.open()
    await record(database, ring(database), "r-1", ALICE, "the secret recipe", "the secret recipe " * LONG)
    folder = tmp_path
    if place.dialect == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        folder = server.home / "data"
        connection = await asyncpg.connect(place.place)
        await connection.execute("CHECKPOINT")
        await connection.close()
    assert stands_in(folder, b"run:r-1")
    for secret in (b"secret recipe", b"alice@", b"example.org"):
        assert not stands_in(folder, secret)
    await place.close()


async def test_s07_a_destroyed_key_is_in_no_page_of_the_file(
    sqlite_place: Store, tmp_path: Path, ledger: ShredLedger
) -> None:
    database = await sqlite_place.open()
    keys = ring(database)
    await asyncio.gather(
        *[record(database, keys, f"r-{n * 7919 % 2000}", f"{n % 40}", "x") for n in range(2000)]
    )
    before = await wrapped_keys(database)
    for subject in ("3", "17"):
        await shred_subject(database, keys, ledger, team="team", subject=subject, by="officer", at=NOW)
    left = await wrapped_keys(database)
    destroyed = [before[key_id] for key_id in before.keys() - left.keys()]
    assert len(destroyed) == 100
    assert [key for key in destroyed if stands_in(tmp_path, key)] == []
    assert stands_in(tmp_path, next(iter(left.values())))
    await sqlite_place.close()


def test_s07_a_line_cut_off_by_a_crash_does_not_spoil_the_ledger(tmp_path: Path) -> None:
    ledger = ShredLedger(tmp_path / "shredded.ledger")
    assert ledger.read() == {}
    ledger.add(["k-1", "k-2"], 5)
    with (tmp_path / "shredded.ledger").open("a") as file:
        file.write("6 k-half")
    assert ledger.read() == {"k-1": 5, "k-2": 5}
    ledger.add(["k-3"], 7)
    assert {key: at for key, at in ledger.read().items() if key != "k-half"} == {"k-1": 5, "k-2": 5, "k-3": 7}
    assert (tmp_path / "shredded.ledger").stat().st_mode & 0o777 == 0o600
