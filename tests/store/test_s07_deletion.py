"""S7: a deletion is whole whatever happens in between, is forbidden by a hold, cleans the files that we made, and is
proven by a receipt that anybody can check.
"""

from __future__ import annotations

import asyncio
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from remit.domain.errors import Shredded, StoreCorrupt, WrongState
from remit.domain.protection_errors import LegalHold
from remit.domain.protection_events import HoldPlaced, HoldReleased, SubjectShredded
from remit.store.backup import back_up
from remit.store.database import Commit, Conflict, Database, Op
from remit.store.deletion import Deletion, delete_subject, finish_deletions, signing_key
from remit.store.deletion_receipt import check, digest_of
from remit.store.exports import Kind, register_export
from remit.store.holds import hold_of, holds, place_hold, release_hold
from remit.store.keys import KeyRing
from remit.store.ledger import ShredLedger
from remit.store.log import Log
from remit.store.shred import PURGED, shred_keys
from remit.store.tables import TABLES
from tests.store.erasing import LONG, contents, raw_bytes, record, ring, wrapped_keys
from tests.store.stores import NOW, Store

ANA, BOB = "ana@example.org", "bob@example.org"
OPENED = Op("workspace.set", ("root_key", "a-mark"))
"""What every workspace has that was opened: the row at which holds and deletions take turns."""
SPARED = {
    "events",
    "runs",
    "holds",
    "data_keys",
    "traces",
    "spans",
    "trace_keys",
    "foreign_batches",
    "foreign_records",
}
"""Tables that name a key and keep their rows: the log itself, where runs stand, what says that there is a hold, and
what is told of all these without content, anew after a shred.
"""


@pytest.fixture
def ledger(tmp_path: Path) -> ShredLedger:
    return ShredLedger(tmp_path / "shredded")


async def erase(
    database: Database, keys: KeyRing, ledger: ShredLedger, subject: str = ANA, at: int = NOW
) -> Deletion | None:
    return await delete_subject(database, keys, ledger, team="team", subject=subject, by="officer", at=at)


async def test_s07_a_deletion_gives_a_receipt_that_proves_itself_and_names_nobody(
    database: Database, ledger: ShredLedger
) -> None:
    keys = ring(database)
    await record(database, keys, "r-1", ANA, "short", "long " * LONG)
    await record(database, keys, "r-2", BOB, "short")
    about = await keys.subject_key("team", ANA, NOW)
    done = await erase(database, keys, ledger)
    assert done is not None
    assert sorted(done.keys) == sorted(["k-r-1", about.id])
    assert {name: done.counts[name] for name in ("runs", "events", "blobs")} == {
        "runs": 1,
        "events": 2,
        "blobs": 1,
    }
    with pytest.raises(Shredded):
        await contents(database, keys, "r-1")
    assert await contents(database, keys, "r-2") == ["short"]
    public = await signing_key(keys, NOW)
    checked = check(done.receipt, public)
    assert checked.pinned
    assert checked.receipt["keys"] == sorted(done.keys)
    assert checked.receipt["subject"] == keys.subject_tag("team", ANA)
    assert ANA not in done.receipt
    told = [entry.event for entry in (await Log(database, keys).read("workspace"))[0]]
    assert told[-1] == SubjectShredded(
        done.id, keys.subject_tag("team", ANA), "officer", 2, digest_of(done.receipt)
    )
    assert await erase(database, keys, ledger) is None


async def test_s07_an_empty_name_is_about_nobody_and_destroys_nothing(
    database: Database, ledger: ShredLedger
) -> None:
    """The keys of teams, of runs without a subject and of the signer have an empty tag; no name is theirs."""
    keys = ring(database)
    await record(database, keys, "r-1", "", "short")
    await keys.team_key("team", NOW)
    assert await erase(database, keys, ledger, subject="") is None
    await database.submit(
        Commit(ops=[Op("protection.begin_deletion", ("d-1", "team", "", "officer", NOW), one=True)])
    )
    (done,) = await finish_deletions(database, keys, ledger, NOW)  # as an older version may have begun it
    assert done.keys == []
    assert await contents(database, keys, "r-1") == ["short"]


@pytest.mark.parametrize("field", ["subject", "keys", "finished", "by", "counts", "signature", "public_key"])
async def test_s07_a_receipt_that_was_altered_or_signed_by_another_is_none(
    field: str, sqlite_place: Store, ledger: ShredLedger
) -> None:
    database = await sqlite_place.open()
    keys = ring(database)
    await record(database, keys, "r-1", ANA, "x")
    done = await erase(database, keys, ledger)
    assert done is not None
    public = await signing_key(keys, NOW)
    receipt = json.loads(done.receipt)
    value = receipt[field]
    receipt[field] = {"keys": ["k-r-9"], "counts": {"keys": 0}, "finished": 1}.get(field) or f"{value[:-1]}0"
    if receipt[field] == value:
        receipt[field] = f"{value[:-1]}1"
    with pytest.raises(StoreCorrupt):
        check(json.dumps(receipt), public)
    with pytest.raises(StoreCorrupt, match="another key than the one you hold"):
        check(done.receipt, "00" * 32)
    await sqlite_place.close()


async def test_s07_a_hold_forbids_a_deletion_until_it_is_released(
    database: Database, ledger: ShredLedger
) -> None:
    keys = ring(database)
    await record(database, keys, "r-1", ANA, "evidence")
    held = await place_hold(database, keys, team="team", subject=ANA, reason="case 17", by="lea", at=NOW)
    assert await holds(database, keys, "team") == [held]
    with pytest.raises(LegalHold, match="lea placed it because case 17"):
        await erase(database, keys, ledger)
    with pytest.raises(WrongState, match="held already, by lea"):
        await place_hold(database, keys, team="team", subject=ANA, reason="again", by="max", at=NOW)
    assert ledger.read() == {}
    assert await contents(database, keys, "r-1") == ["evidence"]
    await release_hold(database, keys, team="team", subject=ANA, reason="closed", by="max", at=NOW + 1)
    assert await hold_of(database, keys, "team", ANA) is None
    with pytest.raises(WrongState, match="there is no hold"):
        await release_hold(database, keys, team="team", subject=ANA, reason="closed", by="max", at=NOW + 1)
    tag = keys.subject_tag("team", ANA)
    told = [entry.event for entry in (await Log(database, keys).read("workspace"))[0]]
    assert told == [HoldPlaced(held.id, tag, "lea", "case 17"), HoldReleased(held.id, tag, "max", "closed")]
    done = await erase(database, keys, ledger)
    assert done is not None
    with pytest.raises(Shredded):
        await contents(database, keys, "r-1")


async def test_s07_of_a_hold_and_a_deletion_at_once_exactly_one_wins(
    store: Store, ledger: ShredLedger
) -> None:
    one, two = await store.open(), await store.open()
    keys, other = ring(one), ring(two)
    await one.submit(Commit(ops=[OPENED]))
    for n in range(12):
        subject = f"person-{n}"
        await record(one, keys, f"r-{n}", subject, "x")
        erased, placed = await asyncio.gather(
            erase(one, keys, ledger, subject),
            place_hold(two, other, team="team", subject=subject, reason="why", by="lea", at=NOW),
            return_exceptions=True,
        )
        held = await hold_of(one, keys, "team", subject)
        gone = (await wrapped_keys(one)).get(f"k-r-{n}") is None
        assert (held is not None) == (not isinstance(placed, BaseException))
        assert isinstance(erased, LegalHold) != gone
        assert (f"k-r-{n}" in ledger.read()) == gone
        assert held is not None or gone
        if held is not None and gone:  # the deletion was over before the hold was placed
            assert (held.subject, held.reason) == (subject, "why")


async def test_s07_a_hold_that_comes_in_the_last_moment_stops_a_rule_and_a_restore_knows(
    database: Database, ledger: ShredLedger
) -> None:
    keys = ring(database)
    await record(database, keys, "r-1", ANA, "evidence")
    await place_hold(database, keys, team="team", subject=ANA, reason="why", by="lea", at=NOW)
    await database.submit(Commit(ops=[OPENED]))
    unheld = Op("protection.unheld", (keys.subject_tag("team", ANA),), one=True)
    with pytest.raises(Conflict):
        await shred_keys(database, keys, ledger, ["k-r-1"], "rule", NOW, also=[unheld])
    assert await contents(database, keys, "r-1") == ["evidence"]
    assert ledger.read() == {}
    await release_hold(database, keys, team="team", subject=ANA, reason="closed", by="lea", at=NOW)
    await shred_keys(database, keys, ledger, ["k-r-1"], "rule", NOW, also=[unheld])
    assert ledger.read() == {"k-r-1": NOW}


@pytest.mark.parametrize("died", ["before the keys", "after the keys"])
async def test_s07_a_deletion_that_died_is_finished_by_whoever_comes_next(
    died: str, database: Database, ledger: ShredLedger
) -> None:
    keys = ring(database)
    await record(database, keys, "r-1", ANA, "x")
    submit = database.submit

    def failing(commit: Commit) -> Any:
        queries = {op.query for op in commit.ops}
        if ("keys.shred" if died == "before the keys" else "protection.finish_deletion") in queries:
            raise ConnectionAbortedError(died)
        return submit(commit)

    database.submit = failing
    with pytest.raises(ConnectionAbortedError):
        await erase(database, keys, ledger)
    database.submit = submit
    with pytest.raises(WrongState, match="is being shredded"):
        await place_hold(database, keys, team="team", subject=ANA, reason="too late", by="lea", at=NOW)
    done = await finish_deletions(database, keys, ledger, NOW + 5)
    assert len(done) == 1
    assert "k-r-1" in check(done[0].receipt).receipt["keys"]
    assert await finish_deletions(database, keys, ledger, NOW + 6) == []
    with pytest.raises(Shredded):
        await keys.get("k-r-1")


async def test_s07_files_that_we_made_lose_the_keys_and_the_content(
    database: Database, ledger: ShredLedger, tmp_path: Path
) -> None:
    keys = ring(database)
    await record(database, keys, "r-1", ANA, "x")
    await record(database, keys, "r-2", BOB, "x")
    folder = tmp_path / "out"
    folder.mkdir()
    await back_up(database, folder / "data.bak", at=NOW, keys=folder / "keys.bak")
    lines = [
        {"key_id": "k-r-1", "seq": 1, "hash": "aa", "content": "canary-of-ana"},
        {"key_id": "k-r-2", "seq": 2, "hash": "bb", "content": "of bob"},
    ]
    (folder / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    made: list[tuple[Kind, Path]] = [
        ("keys", folder / "keys.bak"), ("content", folder), ("content", tmp_path / "gone.jsonl"),
    ]  # fmt: skip
    for kind, path in made:
        await register_export(database, keys, kind, path, team="team", by="me", at=NOW)
    elsewhere = Op(
        "protection.add_export", ("x-1", "team", "keys", "/far/keys.bak", "another-host", "me", NOW)
    )
    await database.submit(Commit(ops=[elsewhere]))
    wrapped = (await wrapped_keys(database))["k-r-1"]
    done = await erase(database, keys, ledger)
    assert done is not None
    assert [(each.outcome, each.path) for each in done.left] == [("elsewhere", "/far/keys.bak")]
    kept = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert kept == [{"key_id": "k-r-1", "seq": 1, "hash": "aa", "shredded": True}, lines[1]]
    rows = [
        json.loads(line)
        for line in zipfile.ZipFile(folder / "keys.bak").read("data_keys.jsonl").splitlines()[1:]
    ]
    assert {row[0]: row[3] is None for row in rows}["k-r-1"]
    assert not {row[0]: row[3] is None for row in rows}["k-r-2"]
    for content in raw_bytes(folder):
        assert wrapped not in content
        assert b"canary-of-ana" not in content
    outcomes = [each["outcome"] for each in check(done.receipt).receipt["exports"]]
    assert sorted(outcomes) == ["clean", "clean", "elsewhere"]


async def test_s07_every_table_that_names_a_key_goes_with_it(database: Database) -> None:
    async with database.snapshot() as snapshot:
        named = {
            table
            for table in TABLES
            if table != "batches" and "key_id" in {column.name for column in await snapshot.columns(table)}
        }
    assert named - SPARED == PURGED.keys()
