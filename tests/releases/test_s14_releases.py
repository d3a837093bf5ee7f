"""S14, S21: a run stays with the release that it began with, whatever is stable by then; without anybody who serves
that, it waits where a person can see it.
"""

from __future__ import annotations

from typing import Any

import pytest

from remit.domain.errors import ReplayMismatch
from remit.domain.events import RunParked
from remit.domain.release_errors import ReleaseBlocked, UnfitArchive
from remit.domain.release_events import ChannelSet, ReleaseCreated, ReleaseRehearsed
from remit.engine.outside import run_stream
from remit.operations.releases import book
from remit.operations.releases.archive import pack
from remit.testing import ManualClock
from tests.engine.places import Place
from tests.releases.workspaces import at, made, said, stands, write


async def test_s14_a_run_is_finished_by_the_release_that_began_it_and_waits_where_nobody_has_that(
    place: Place,
) -> None:
    clock = ManualClock()
    one = await made(place, "one", "v1")
    async with at(place, "v1", worker=True, clock=clock) as serves:
        await serves.releasing.promote("the first")
        run = (await serves.submit("desk", {})).id
        assert (await serves.row(run)).pin == one.digest
        await stands(serves, run, "parked", "signal")
    two = await made(place, "two", "v2", first='await run.sleep("1s")')
    async with at(place, "v2", worker=True, clock=clock) as serves:
        with pytest.raises(
            ReleaseBlocked, match=f"1 of 1 parked runs would not go on with v2.*{run}: diverged at"
        ):
            await serves.releasing.promote()
        await serves.releasing.promote(despite_parked=True)
        assert [each.channels for each in await serves.releasing.list()] == [("stable",), ()]
        await serves.signal(run, "go", "now")
        while (await serves.row(run)).reason != "needs_release":
            await clock.advance(5)
        entries, _ = await serves.ground.log.read(run_stream(run))
        assert one.digest[:12] in next(
            e.event.detail for e in reversed(entries) if isinstance(e.event, RunParked)
        )
        (new,) = [each for each in await serves.releasing.list() if each.digest == two.digest]
        assert (new.served, (await serves.releasing.roster()).stable) == (True, two.digest)
    write(place, "three")
    async with at(place, "v1", worker=True, clock=clock) as serves:
        assert await (await serves.run(run)).result() == "one now"
        blocked, despite = [
            each for each in await said(serves, ReleaseRehearsed) if each.release == two.digest
        ]
        assert (
            [each["run"] for each in blocked.diverged] == [each["run"] for each in despite.diverged] == [run]
        )
        assert [(each.release, each.before) for each in await said(serves, ChannelSet)] == [
            (one.digest, ""), (two.digest, one.digest),
        ]  # fmt: skip


async def test_s14_what_is_handed_in_goes_by_the_channels_and_unreleased_runs_to_what_is_stable(
    place: Place,
) -> None:
    write(place, "zero")
    async with at(place) as before:
        old = (await before.submit("desk", {})).id
    one = await made(place, "one", "v1")
    async with at(place, "v1") as serves:
        await serves.releasing.promote()
    write(place, "two")
    async with at(place) as hands_in:
        new = (await hands_in.submit("desk", {}, session="s")).id
        here = (await hands_in.submit("desk", {}, release="here")).id
        assert (await hands_in.row(new)).pin == one.digest
        assert len((await hands_in.row(here)).pin) == 32
    async with at(place, "v1", worker=True) as serves:
        for run in (old, new, here):
            await serves.signal(run, "go", "on")
            assert await (await serves.run(run)).result() == "one on"
        assert {(await serves.row(run)).pin for run in (old, new, here)} == {one.digest}
        assert {row[0] for row in await serves.ground.database.fetch("releases.of_run", old)} == {one.digest}


async def test_s14_an_archive_holds_what_the_release_was_and_no_secret(
    on_sqlite: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(on_sqlite, "one")
    (on_sqlite.folder / "prompts").mkdir()
    (on_sqlite.folder / "prompts" / "desk.md").write_text("Be kind.\n")
    async with at(on_sqlite) as platform:
        one = await platform.releasing.create(note="the first")
        again = await platform.releasing.create("other")
        assert (await platform.halt("release", "v1")).target == one.digest
        assert (one.digest, one.name) == (again.digest, "v1")
        (created,) = await said(platform, ReleaseCreated)
        assert set(created.files) >= {"flows/desk.py", "prompts/desk.md", "policies/default.cedar"}
        assert "remit.toml" not in created.files
        home = await platform.releasing.extract("v1")
        kept = (home / "flows" / "desk.py").read_text()
        (home / "flows" / "desk.py").write_text("broken(")
        (home / "flows" / "more.py").write_text("broken(")
        assert await platform.releasing.extract(one.digest[:10]) == home
        assert ((home / "flows" / "desk.py").read_text(), (home / "flows" / "more.py").exists()) == (
            kept,
            False,
        )
        (home / "json").symlink_to(on_sqlite.folder / "flows")
        assert not (await platform.releasing.extract("v1") / "json").exists(), "it would be imported"
        (on_sqlite.folder / "notes.txt").write_text("first\nurl = postgres://me:hunter22@db/x\n")
        with pytest.raises(UnfitArchive, match=r"notes\.txt:2 holds what looks like a secret"):
            await platform.releasing.create()
        (on_sqlite.folder / "notes.txt").write_text("as it was")

        def saved_meanwhile(files: Any, key: Any) -> Any:
            (on_sqlite.folder / "flows" / "desk.py").write_text("# another\n")
            return pack(files, key)

        monkeypatch.setattr(book, "pack", saved_meanwhile)
        with pytest.raises(UnfitArchive, match=r"desk\.py was changed while"):
            await platform.releasing.create()
        assert len(await platform.releasing.list()) == 1


async def test_s14_a_run_moves_to_another_release_by_an_order_where_its_journal_fits(place: Place) -> None:
    one = await made(place, "one", "v1")
    async with at(place, "v1", worker=True) as serves:
        runs = [(await serves.submit("desk", {}, release="here")).id for _ in range(2)]
        for run in runs:
            await stands(serves, run, "parked", "signal")
    two = await made(place, "two", "v2")
    await made(place, "three", "v3", first='await run.sleep("1s")')
    async with at(place, "v3") as other:
        found = await other.replay(runs[0])
        assert found.verdict == "diverged"
        assert "remit replay" in found.message
        assert "--release v1" in found.message
        with pytest.raises(ReplayMismatch, match="would stop at this code again"):
            await other.migrate_run(runs[0], {})
    async with at(place, "v2", worker=True) as serves:
        assert (await serves.replay(runs[0])).verdict == "equal"
        await serves.migrate_run(runs[0], {})
        await serves.signal(runs[0], "go", "on")
        assert await (await serves.run(runs[0])).result() == "two on"
        assert [(await serves.row(run)).pin for run in runs] == [two.digest, one.digest]
