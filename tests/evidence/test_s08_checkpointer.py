"""S8: one checkpointer, at most one checkpoint a second, leaves in an order that survives everything; anchors that fail
are heard of, and miss nothing.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import asyncpg
import pytest

from remit.control.auditing import audit
from remit.control.auditing.health import examine_evidence
from remit.control.ground.ground import Ground, open_ground
from remit.control.runs import orders
from remit.control.upkeep import databases as upkeep
from remit.domain.clock import MICROSECONDS
from remit.domain.events import BackupMade
from remit.domain.evidence_errors import LogContradicted
from remit.store.checkpointer import Checkpointer
from remit.store.database import Commit, Conflict
from remit.store.telling import told
from remit.store.verifying.held import Held
from remit.testing.clock import ManualClock
from tests.evidence.books import ANCHOR, Books
from tests.store.stores import Journal
from tests.store.test_s04_tail import ADD

ANCHORS = (f"file:{ANCHOR}",)


async def write(ground: Ground, number: int = 1) -> None:
    """Something happens."""
    for _ in range(number):
        event = await told(ground.keys, BackupMade("somebody", 1), ground.clock.now())
        await ground.database.submit(Commit(shared=[event]))


async def sizes(ground: Ground) -> list[int]:
    return [row[0] for row in await ground.database.fetch("evidence.checkpoints", 0, 1000)]


async def states(ground: Ground) -> dict[str, str]:
    return {finding.name: finding.state for finding in await examine_evidence(ground)}


def made(ground: Ground, name: str = "one") -> Checkpointer:
    return audit.checkpointer_of(ground, ANCHORS, 1.0, name)


async def test_s08_of_two_processes_one_signs_and_the_other_takes_over(books: Books) -> None:
    ground, other_ground = await books.ground(), await books.ground()
    one, other = made(ground), made(other_ground, "other")
    await write(ground)
    assert await one.checkpoint() is not None
    await write(ground)
    assert await other.checkpoint() is None
    await one.close()
    newest = await other.checkpoint()
    assert newest is not None
    assert (await sizes(ground))[-1] == newest.size
    await other.close()
    for each in (ground, other_ground):
        await each.database.close()
    assert (await books.judged()).outcome == "pass"


async def test_s08_a_checkpointer_that_lost_its_lease_writes_nothing(books: Books) -> None:
    ground, other_ground = await books.ground(), await books.ground()
    one, other = made(ground), made(other_ground, "other")
    await write(ground)
    await one.checkpoint()
    await books.sql("UPDATE checkpointer SET lease_until = 0")
    await write(ground)
    assert await other.checkpoint() is not None
    before = await sizes(ground)
    await write(ground)
    with pytest.raises(Conflict):
        await one._sign_next()  # as one that slept between its look at the lease and its commit
    assert await sizes(ground) == before
    assert await one.checkpoint() is None
    for each in (one, other):
        await each.close()
    for each in (ground, other_ground):
        await each.database.close()


async def test_s08_at_most_one_checkpoint_a_second_and_none_without_news(tmp_path: Path) -> None:
    clock = ManualClock()
    ground = await open_ground(tmp_path, "sqlite:///books.db", "default", clock)
    follower = made(ground)
    follower.start()
    for _ in range(20):
        await write(ground)
        await clock.advance(0.25)
        async with follower._turn:
            pass
    rows = await ground.database.fetch("evidence.checkpoints", 0, 1000)
    times = [row[1] for row in rows]
    assert 3 <= len(times) <= 6
    assert all(later - earlier >= MICROSECONDS for earlier, later in pairwise(times))
    await clock.advance(1)
    async with follower._turn:
        pass
    count = len(await sizes(ground))
    for _ in range(5):
        await clock.advance(1)
        async with follower._turn:
            pass
    assert len(await sizes(ground)) == count
    await follower.stop()
    await ground.database.close()


async def test_s08_a_transaction_that_commits_late_comes_behind_and_a_restore_keeps_the_order(
    tmp_path: Path, postgres_dsn: str
) -> None:
    books = Books(tmp_path, postgres_dsn)
    ground = await books.ground()
    one = made(ground)
    await one.checkpoint()
    opened, late = await asyncpg.connect(postgres_dsn), await asyncpg.connect(postgres_dsn)
    slow, slower = Journal("r-slow", "w-1"), Journal("r-slower", "w-1")
    first, second = opened.transaction(), late.transaction()
    await first.start()
    await opened.execute("SELECT pg_current_xact_id()")
    await second.start()
    await late.execute(ADD, *slower.event())
    await opened.execute(ADD, *slow.event())  # a later position in an older transaction
    await first.commit()
    assert await one.checkpoint() is not None
    rows = await ground.database.fetch("evidence.checkpoints", 0, 1000)
    assert rows[-1][5], "the place of the open transaction is noted as a gap"
    archive, keys = tmp_path / "data.zip", tmp_path / "keys.zip"
    await second.commit()
    await one.checkpoint()
    assert (await ground.database.fetch("evidence.checkpoints", 0, 1000))[-1][4], "and what came late as late"
    await one.close()
    await orders.backup(ground, archive, keys)
    for connection in (opened, late):
        await connection.close()
    await ground.database.close()
    folder = tmp_path / "restored"
    await upkeep.restore(archive, keys, folder, "")
    (folder / ".remit" / "keys").mkdir(parents=True, exist_ok=True)
    for name in ("root.key", "local.key"):
        (folder / ".remit" / "keys" / name).write_bytes((tmp_path / ".remit" / "keys" / name).read_bytes())
    again = await open_ground(folder, "", "default")
    restored = made(again, "restored")
    await write(again)
    assert await restored.checkpoint() is not None
    report = await audit.verify_log(again, books.anchor, "", ())
    assert [v.outcome for v in report.verdicts if v.question in {"anchoring", "consistency"}] == [
        "pass",
        "pass",
    ]
    await restored.close()
    await again.database.close()


async def test_s08_what_was_signed_and_not_anchored_is_anchored_by_the_next(books: Books) -> None:
    ground = await books.ground()
    killed = audit.checkpointer_of(ground, (), 1.0, "killed")
    killed._anchoring.anchors = made(ground)._anchoring.anchors  # it dies between its commit and the anchor
    for _ in range(3):
        await write(ground)
        async with killed._turn:
            await killed._lead()
            await killed._sign_next()
    assert not books.anchor.exists()
    await books.sql("UPDATE checkpointer SET lease_until = 0")
    after = made(ground, "after")
    await after.checkpoint()
    held = Held.read(books.anchor)
    assert [each.checkpoint.size for each in held.records] == await sizes(ground)
    assert held.gapless
    assert await books.sql("SELECT size FROM checkpoints WHERE heads <> ''") == []
    await after.close()
    await ground.database.close()


async def test_s08_an_anchor_that_cannot_be_written_is_said_and_stops_nothing(books: Books) -> None:
    clock = ManualClock()
    ground = await open_ground(books.place, books.url, "default", clock)
    one = made(ground)
    await write(ground)
    await one.checkpoint()
    assert await states(ground) == {"evidence": "ok", "anchor": "ok"}
    hidden = books.anchor.rename(books.place / "hidden")
    books.anchor.mkdir()
    await write(ground)
    assert await one.checkpoint() is not None
    assert await states(ground) == {"evidence": "ok", "anchor": "broken"}
    books.anchor.rmdir()
    hidden.rename(books.anchor)
    await clock.advance(5)
    await one.checkpoint()
    assert await states(ground) == {"evidence": "ok", "anchor": "ok"}
    assert Held.read(books.anchor).gapless
    await one.close()
    await ground.database.close()


async def test_s08_an_older_copy_is_an_alarm_of_the_doctor(books: Books) -> None:
    await books.trade(1)
    copy = await books.saved()
    await books.trade(2)
    await books.put_back(copy)
    ground = await books.ground()
    one = made(ground)
    await one.checkpoint()
    found = {finding.name: finding for finding in await examine_evidence(ground)}
    assert found["anchor"].state == "broken"
    assert "older copy" in found["anchor"].message
    await one.close()
    await ground.database.close()


async def test_s08_a_log_that_is_not_what_was_signed_is_not_signed_again(books: Books) -> None:
    runs = await books.trade(1)
    await books.read()
    await books.reseal(books.of(runs[0])[1], b"{}")
    books.rechain(runs[0])
    await books.write()
    await books.sql("UPDATE checkpointer SET tx = 0, pos = 0")
    ground = await books.ground()
    one = made(ground)
    before = await sizes(ground)
    with pytest.raises(LogContradicted, match="not what its checkpoint"):
        await one.checkpoint()
    assert await sizes(ground) == before
    assert (await states(ground))["evidence"] == "broken"
    await ground.database.close()


async def test_s08_doctor_warns_of_events_that_nobody_signs(books: Books) -> None:
    clock = ManualClock()
    ground = await open_ground(books.place, books.url, "default", clock)
    await write(ground)
    assert (await states(ground))["evidence"] == "ok"
    await clock.advance(3600)
    assert (await states(ground))["evidence"] == "warning"
    await ground.database.close()
