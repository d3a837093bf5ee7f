"""The root key is replaced while others write; it can be cut off anywhere; and an old copy of a key opens nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from remit.domain.errors import Refused, Shredded, WrongKey, WrongState
from remit.domain.protection_events import RootKeyRetired, RootKeyRotated
from remit.store import rotation
from remit.store.database import Commit, Database, Op
from remit.store.databases.sqlite import SqliteDatabase
from remit.store.key_providers.file import KeyFile
from remit.store.key_providers.root import RootKey
from remit.store.keys import PERIOD, KeyRing
from remit.store.ledger import ShredLedger
from remit.store.log import Log
from remit.store.shred import shred_subject
from tests.store.erasing import contents, record, wrapped_keys
from tests.store.stores import NOW, Store, enlist

KEYS = 1200
"""More than one page."""


class Process:
    """What a process has of the keys: its own copy of the root key, and the way to the newer one."""

    def __init__(self, database: Database, root: RootKey, path: Path) -> None:
        self.database, self.root, self.keeper = database, root, KeyFile(path)
        self.keys = KeyRing(database, root, self.keeper)

    @classmethod
    async def on(cls, database: Database, path: Path) -> Process:
        keeper = KeyFile(path)
        if await keeper.read() is None:
            await keeper.write(RootKey.fresh(), None)
        root = await keeper.read()
        assert root is not None
        return cls(database, root, path)

    async def rotate(self) -> rotation.Rotation:
        return await rotation.rotate(self.database, self.keys, self.root, self.keeper, by="me", at=NOW)

    async def retire(self, at: int = NOW) -> int:
        return await rotation.retire(self.database, self.keys, self.root, self.keeper, by="me", at=at)


async def _many(process: Process, count: int) -> None:
    ops = [process.keys.new_run_key(f"r-{n}", "team", "", NOW)[1] for n in range(count)]
    await process.database.submit(Commit(ops=ops))


async def test_every_key_is_wrapped_again_and_everything_can_be_read(store: Store, tmp_path: Path) -> None:
    one = await Process.on(await store.open(), tmp_path / "root.key")
    await record(one.database, one.keys, "r-ana", "ana", "hello")
    await _many(one, KEYS)
    before, tag = await wrapped_keys(one.database), one.keys.subject_tag("team", "ana")
    done = await one.rotate()
    after = await wrapped_keys(one.database)
    assert (done.begun, done.older) == (True, 1)
    assert done.rewrapped >= KEYS
    assert all(one.root.wraps(after[key_id]) and after[key_id] != before[key_id] for key_id in before)
    other = await Process.on(await store.open(), tmp_path / "root.key")
    assert await contents(other.database, other.keys, "r-ana") == ["hello"]
    assert other.keys.subject_tag("team", "ana") == tag
    again = await one.rotate()
    assert (again.begun, again.rewrapped) == (False, 0)
    assert await one.retire() == 1
    alone = RootKey.from_text((tmp_path / "root.key").read_text(), "the file")
    assert alone.older == 0
    with pytest.raises(
        WrongKey
    ):  # an old copy of the table, of a backup or of the server's own log, opens nothing
        alone.unwrap(before["k-r-ana"], b"k-r-ana")
    told = [entry.event for entry in (await Log(one.database, one.keys).read("workspace"))[0]]
    assert told == [RootKeyRotated(done.root, "me"), RootKeyRetired(done.root, "me", 1)]


async def test_a_process_that_knows_only_the_old_key_reads_and_writes_on(
    store: Store, tmp_path: Path
) -> None:
    one = await Process.on(await store.open(), tmp_path / "root.key")
    old = await Process.on(await store.open(), tmp_path / "root.key")
    await record(one.database, one.keys, "r-1", "ana", "before")
    await one.rotate()
    await record(old.database, old.keys, "r-2", "ana", "meanwhile")
    assert not one.root.wraps((await wrapped_keys(one.database))["k-r-2"])
    assert await contents(one.database, one.keys, "r-2") == ["meanwhile"]
    with pytest.raises(WrongState, match="1 data keys are still under an older root key"):
        await one.retire()
    old.keys.forget("k-r-1")
    assert await contents(old.database, old.keys, "r-1") == ["before"]  # it met the new key and took it up
    await record(old.database, old.keys, "r-3", "ana", "after")
    assert one.root.wraps((await wrapped_keys(one.database))["k-r-3"])
    assert (await one.rotate()).rewrapped == 1
    assert await one.retire() == 1


async def test_writers_and_two_who_rotate_at_once_lose_nothing(store: Store, tmp_path: Path) -> None:
    processes = [await Process.on(await store.open(), tmp_path / "root.key") for _ in range(3)]
    await _many(processes[0], 700)
    fresh = (
        record(process.database, process.keys, f"r-{n}x{m}", "ana", f"{n}x{m}")
        for n in range(40)
        for m, process in enumerate(processes)
    )
    done = await asyncio.gather(*(process.rotate() for process in processes[:2]), *fresh)
    assert isinstance(done[0], rotation.Rotation)
    assert isinstance(done[1], rotation.Rotation)
    assert done[0].root == done[1].root
    assert done[0].begun + done[1].begun == 1
    await processes[1].rotate()
    assert await rotation.under_older(processes[0].database, processes[1].root) == 0
    last = await Process.on(await store.open(), tmp_path / "root.key")
    assert last.root.older == 1
    for n in range(40):
        assert await contents(last.database, last.keys, f"r-{n}x{n % 3}") == [f"{n}x{n % 3}"]


async def test_a_key_that_is_shredded_meanwhile_stays_shredded(store: Store, tmp_path: Path) -> None:
    one = await Process.on(await store.open(), tmp_path / "root.key")
    await record(one.database, one.keys, "r-ana", "ana", "hello")
    wrapped = (await wrapped_keys(one.database))["k-r-ana"]
    ledger = ShredLedger(tmp_path / "shredded")
    await shred_subject(one.database, one.keys, ledger, team="team", subject="ana", by="me", at=NOW)
    secret = one.root.unwrap(wrapped, b"k-r-ana")
    again = Op("keys.rewrap", ("k-r-ana", wrapped, one.root.wrap(secret, b"k-r-ana")))
    await one.database.submit(
        Commit(ops=[again])
    )  # what a rotation that read before the shred would write now
    with pytest.raises(Shredded):
        await one.keys.get("k-r-ana")
    await one.rotate()
    with pytest.raises(Shredded):
        await one.keys.get("k-r-ana")


async def test_older_keys_stay_while_a_worker_from_before_lives(store: Store, tmp_path: Path) -> None:
    one = await Process.on(await store.open(), tmp_path / "root.key")
    worker = await enlist(one.database)
    await one.database.submit(Commit(ops=[Op("workers.renew", (worker.id, worker.epoch, 2**62))]))
    await rotation.rotate(one.database, one.keys, one.root, one.keeper, by="me", at=NOW + 1)
    with pytest.raises(Refused, match="1 workers have been running since before"):
        await one.retire(NOW + 2)
    await one.database.submit(Commit(ops=[Op("workers.fence", (worker.id, worker.epoch, NOW + 3))]))
    assert await one.retire(NOW + 4) == 1


@pytest.mark.parametrize("place", ["begun", "page 1", "page 3"])
async def test_a_rotation_that_was_killed_goes_on_where_it_was(
    place: str, sqlite_place: Store, tmp_path: Path
) -> None:
    one = await Process.on(await sqlite_place.open(), tmp_path / "root.key")
    await record(one.database, one.keys, "r-ana", "ana", "hello")
    await _many(one, 2 * KEYS)
    old = one.root.id
    await sqlite_place.close()
    killed = subprocess.run(  # noqa: ASYNC221 - the test waits for its death
        [sys.executable, "-m", "tests.store.rotation_process", sqlite_place.place, str(tmp_path / "root.key"), place],
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert killed.returncode == -9, killed.stderr
    database = SqliteDatabase(Path(sqlite_place.place))
    await database.open()
    next_ = await Process.on(database, tmp_path / "root.key")
    assert next_.root.id != old
    left = await rotation.under_older(database, next_.root)
    assert 0 < left <= 2 * KEYS + 1
    assert await contents(database, next_.keys, "r-ana") == ["hello"]
    done = await next_.rotate()
    assert (done.begun, done.rewrapped, done.older) == (False, left, 1)
    told = [entry.event for entry in (await Log(database, next_.keys).read("workspace"))[0]]
    assert told == [RootKeyRotated(done.root, "me")]
    await database.close()


async def test_a_team_and_a_subject_get_new_keys_long_before_nonces_run_out(
    store: Store, tmp_path: Path
) -> None:
    database = await store.open()
    root = RootKey.fresh()
    keys = KeyRing(database, root, most_uses=3)
    ids = [(await keys.team_key("team", NOW)).id for _ in range(7)]
    assert [ids.count(each) for each in dict.fromkeys(ids)] == [3, 3, 1]
    assert (await keys.team_key("team", NOW + PERIOD)).id not in ids
    subjects = [(await keys.subject_key("team", "ana", NOW + n)).id for n in range(7)]
    assert [subjects.count(each) for each in dict.fromkeys(subjects)] == [3, 3, 1]
    much_later = await KeyRing(database, root).subject_key("team", "ana", NOW + 10 + PERIOD)
    assert much_later.id not in subjects
    living = await database.fetch("keys.of_subject", keys.subject_tag("team", "ana"))
    assert {row[0] for row in living} == {*subjects, much_later.id}
