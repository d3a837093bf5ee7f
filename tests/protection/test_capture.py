"""Content is there until a run has ended, and after that only what the rule of its class leaves (S7): in every place to
which it was repeated, on both stores, with every proof intact.
"""

from __future__ import annotations

from asyncio import gather

import pytest

from remit.control.platform import Platform
from remit.control.upkeep.databases import restore
from remit.domain.errors import InvalidSetting
from remit.domain.protection_errors import Reduced
from remit.domain.protection_events import RunReduced
from remit.policy.data_classes import capture_rules, classes_of
from remit.store.backup import back_up
from remit.store.database import BlobRow
from remit.store.pen import open_blob
from remit.testing import ManualClock
from remit.testing.scripting import Script
from tests.engine.places import Place
from tests.protection.desk import (
    ADDRESS,
    CARD,
    CITY,
    DAY,
    EMAIL,
    FLOWS,
    WORLD,
    clerk,
    desk,
    everything,
    ill,
    look,
    move,
    parent,
    plain,
    settings,
    talk,
)


async def test_s07_declared_fields_and_what_repeats_them_are_redacted_after_the_end(place: Place) -> None:
    clock = ManualClock()
    async with desk(place, settings(), clock) as stage:
        run = await stage.start(look, id=7)
        said = await run.result()
        assert EMAIL in said
        assert EMAIL in everything(await run.show())
        swept = await stage.platform.sweep()
        assert swept.reduced == [run.id]
        page = everything(await run.show())
        for gone in (EMAIL, CARD):
            assert gone not in page
        assert "wrote to [personal] in Coimbra about card [personal], plan gold" in page
        deep = await stage.platform.doctor(deep=True)
        assert [finding.state for finding in deep if finding.name == "log"] == ["ok"]
        assert (await stage.platform.sweep()).reduced == []


@pytest.mark.parametrize(
    ("rule", "leaves"),
    [("keep", EMAIL), ("redact", "[personal]"), ("hash", "[personal "), ("drop", "wrote to  in")],
)
async def test_s07_each_rule_leaves_what_it_says(rule: str, leaves: str, on_sqlite: Place) -> None:
    async with desk(on_sqlite, settings(f"personal={rule}", "place=keep"), ManualClock()) as stage:
        run = await stage.start(look, id=7)
        await run.result()
        await stage.platform.sweep()
        view = await run.show()
        assert leaves in str(view.result)
        assert (EMAIL in everything(view)) == (rule == "keep")
        if rule == "hash":  # equal values stay equal, and nobody can guess them
            found = {word for word in everything(view).split("[personal ") if word[12:13] == "]"}
            assert {word[:12] for word in found} == {str(view.result).split("[personal ")[1][:12]} | {
                word[:12] for word in found
            }


async def test_s07_a_rule_of_an_environment_wins_there(on_sqlite: Place) -> None:
    chosen = settings("personal=keep", "prod:personal=drop", "place=hash", environment="stage")
    async with desk(on_sqlite, chosen, ManualClock()) as stage:
        run = await stage.start(look, id=7)
        await run.result()
        await stage.platform.sweep()
        page = everything(await run.show())
        assert EMAIL in page
        assert CITY not in page
    assert capture_rules(("personal=keep", "prod:personal=drop"), "prod") == {"personal": "drop"}


async def test_s07_a_result_that_is_classed_as_a_whole_leaves_its_shape(place: Place) -> None:
    async with desk(place, settings("health=redact"), ManualClock()) as stage:
        run = await stage.start(ill)
        assert await run.result() == "patient 7 has influenza"
        await stage.platform.sweep()
        view = await run.show()
        assert view.result == "[health]"
        for gone in ("influenza", ADDRESS):
            assert gone not in everything(view)
        assert '"codes":["[health]"]' in everything(view) or '"[health]"' in everything(view)


async def test_s07_a_child_and_its_parent_are_reduced_as_one(place: Place) -> None:
    async with desk(place, settings(), ManualClock()) as stage:
        run = await stage.start(parent)
        assert EMAIL in await run.result()
        assert (await stage.platform.sweep()).reduced == [run.id]
        runs = await stage.platform.runs()
        assert len(runs) == 2
        for each in runs:
            assert EMAIL not in everything(await stage.platform.show(each.id))


async def test_s07_a_conversation_is_reduced_with_the_run_that_held_it(place: Place, script: Script) -> None:
    script(clerk).calls("get_customer", id=7)
    script(clerk).replies(f"It is {EMAIL}, with card {CARD}.")
    async with desk(place, settings(), ManualClock(), script) as stage:
        run = await stage.start("clerk", question=f"who is customer 7? She said {EMAIL}")
        assert EMAIL in await run.result()
        await stage.platform.sweep()
        assert EMAIL not in everything(await run.show())


async def test_s07_what_is_kept_beside_the_events_is_reduced_under_its_name(place: Place) -> None:
    async with desk(place, settings(), ManualClock()) as stage:
        run = await stage.start(talk)
        assert await run.result() == 1
        ground = stage.platform.ground
        before = await ground.database.fetch("protection.blobs_of", f"k-{run.id}", b"", 100)
        await stage.platform.sweep()
        after = await ground.database.fetch("protection.blobs_of", f"c-{run.id}", b"", 100)
        assert [row[0] for row in after] == [row[0] for row in before] != []
        key = await ground.keys.get(f"c-{run.id}")
        texts = [open_blob(BlobRow(*row), key).decode() for row in after]
        assert any("write to [personal], [personal]" in text for text in texts)
        assert not any(EMAIL in text or CARD in text for text in texts)
        assert EMAIL not in everything(await run.show())


async def test_s07_a_replay_names_what_is_no_longer_there(on_sqlite: Place) -> None:
    async with desk(on_sqlite, settings(), ManualClock()) as stage:
        run = await stage.start(look, id=7)
        await run.result()
        assert (await stage.platform.replay(run.id)).verdict == "equal"
        await stage.platform.sweep()
        for refused in (stage.platform.replay(run.id), stage.platform.fork(run.id)):
            with pytest.raises(Reduced, match="reduced by the rules of its data classes") as gone:
                await refused
            assert "get_customer" in str(gone.value)


async def test_s07_what_undo_needs_is_kept_until_it_cannot_be_asked_for_any_more(place: Place) -> None:
    clock = ManualClock()
    WORLD.clear()
    async with desk(place, settings(), clock) as stage:
        run = await stage.start(move, address=ADDRESS)
        await run.result()
        assert (await stage.platform.sweep()).reduced == []
        undo = await stage.platform.undo(run.id)
        await undo.result()
        assert WORLD == {7: "nowhere"}
        assert set((await stage.platform.sweep()).reduced) == {run.id, undo.id}
        for each in (run.id, undo.id):
            assert ADDRESS not in everything(await stage.platform.show(each))
        second = await stage.start(move, address=ADDRESS)
        await second.result()
        await clock.advance(6 * DAY)
        assert (await stage.platform.sweep()).reduced == []
        await clock.advance(2 * DAY)
        assert (await stage.platform.sweep()).reduced == [second.id]
        page = await second.show()
        assert ADDRESS not in everything(page)
        assert page.input == {"address": "[personal]"}


async def test_s07_undeclared_runs_are_looked_at_only_where_that_was_asked_for(on_sqlite: Place) -> None:
    async with desk(on_sqlite, settings(), ManualClock()) as stage:
        run = await stage.start(plain)
        await run.result()
        assert (await stage.platform.sweep()).reduced == []
        assert EMAIL in everything(await run.show())
    async with desk(on_sqlite, settings(detect=True), ManualClock()) as stage:
        assert (await stage.platform.sweep()).reduced == [run.id]
        assert EMAIL not in everything(await stage.platform.show(run.id))
        assert (await stage.platform.sweep()).reduced == []


async def test_s07_a_hold_keeps_a_run_as_it_is(place: Place) -> None:
    async with desk(place, settings(), ManualClock()) as stage:
        run = await stage.platform.submit(look, {"id": 7}, subject="ana")
        await run.result()
        await stage.platform.hold("ana", "case 17")
        assert (await stage.platform.sweep()).reduced == []
        assert EMAIL in everything(await stage.platform.show(run.id))
        await stage.platform.release("ana", "closed")
        assert (await stage.platform.sweep()).reduced == [run.id]
        assert await stage.platform.shred("ana") >= 1
        assert "[personal]" not in everything(await stage.platform.show(run.id))


async def test_s07_two_who_reduce_at_once_leave_one_truth(place: Place) -> None:
    async with desk(place, settings(), ManualClock()) as stage:
        runs = [await stage.start(look, id=n) for n in range(6)]
        for run in runs:
            await run.result()
        async with Platform.open(
            place.folder, database=place.database, flows=FLOWS, worker=False, chosen=settings(), agents=[clerk],
            clock=stage.platform.ground.clock,
        ) as other:  # fmt: skip
            done = await gather(stage.platform.sweep(), other.sweep(), stage.platform.sweep())
            assert sorted(run for each in done for run in each.reduced) == sorted(run.id for run in runs)
        for run in runs:
            page = await run.show()
            assert "wrote to [personal]" in str(page.result)
        told, _ = await stage.platform.ground.log.read("team:default", lenient=True)
        reduced = [entry.event.run for entry in told if isinstance(entry.event, RunReduced)]
        assert sorted(reduced) == sorted(run.id for run in runs)


async def test_s07_a_backup_restores_what_was_left_and_no_more(
    on_sqlite: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = tmp_path_factory.mktemp("out")
    async with desk(on_sqlite, settings(), ManualClock()) as stage:
        run = await stage.start(look, id=7)
        await run.result()
        ground = stage.platform.ground
        await back_up(ground.database, out / "early.bak", at=1, keys=out / "early-keys.bak")
        await stage.platform.sweep()
        await back_up(ground.database, out / "late.bak", at=2, keys=out / "late-keys.bak")
    for which, shows in (("early", False), ("late", True)):
        folder = out / which
        (folder / ".remit" / "keys").mkdir(parents=True)
        for file in (on_sqlite.folder / ".remit" / "keys").iterdir():
            (folder / ".remit" / "keys" / file.name).write_bytes(file.read_bytes())
        await restore(out / f"{which}.bak", out / f"{which}-keys.bak", folder, "")
        async with Platform.open(folder, flows=FLOWS, worker=False) as platform:
            page = everything(await platform.show(run.id))
            assert EMAIL not in page
            assert ("[personal]" in page) == shows


def test_classes_are_found_wherever_a_schema_can_name_them() -> None:
    schema = {
        "$defs": {
            "C": {"properties": {"mail": {"x-remit-class": "personal"}, "next": {"$ref": "#/$defs/C"}}}
        },
        "properties": {
            "who": {"$ref": "#/$defs/C"},
            "list": {"items": {"anyOf": [{"type": "null"}, {"x-remit-class": "place"}]}},
            "map": {"additionalProperties": {"x-remit-class": "secret"}},
        },
    }
    found = classes_of(schema, "whole")
    assert found["who/mail"] == found["who/next/mail"] == "personal"
    assert (found[""], found["list/*"], found["map/*"]) == ("whole", "place", "secret")


@pytest.mark.parametrize(
    "rule", ["personal", "personal=maybe", "Personal=drop", "a:b:c=keep", "=drop", "prod:=drop"]
)
def test_a_rule_that_cannot_be_read_is_refused(rule: str) -> None:
    with pytest.raises(InvalidSetting):
        capture_rules((rule,), "dev")
