"""What a person's memory held is gone with their key: from the table, from every run's outcome, from backups that are
restored; nothing of it ever stood on the disk in the clear, and everybody else keeps theirs (S7).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.control.platform import Platform
from remit.control.upkeep.databases import restore
from remit.domain.errors import Shredded
from remit.domain.events import StepDone
from tests.engine.places import Place, journal
from tests.knowledge.flows import FLOWS, keep, look, remembered, result
from tests.store.erasing import stands_in

CANARY = "canary-elm-street-12"


async def test_s07_a_shred_takes_a_persons_memory_and_no_other(place: Place) -> None:
    async with place.stage(*FLOWS) as made:
        run = await made.start(keep, key=CANARY, value=CANARY)
        await run.result()
        await result(made, "keep", key="motto", value="stays", scope="team")
        recall = await made.start(look)
        await recall.result()
        done = await made.platform.ground.database.fetch("log.read", f"run:{run.id}", 1, 100)
        assert {row[7][:2] for row in done if row[4] == StepDone.KIND} == {
            "s-"
        }  # sealed under the person's own key
        await made.platform.shred("owner")
        assert await remembered(made) == {"team:default/motto": "stays"}
        assert await made.platform.ground.database.fetch("memory.of_team", "default", "", 10) != []
        assert len(await made.platform.ground.database.fetch("memory.of_team", "default", "", 10)) == 1
        for each in (run, recall):
            with pytest.raises(Shredded):
                await journal(made, each.id)
        await result(made, "keep", key=CANARY, value="another life")
        assert (await remembered(made))[f"user:owner/{CANARY}"] == "another life"


async def test_s07_nothing_of_it_stands_on_the_disk(on_sqlite: Place) -> None:
    async with on_sqlite.stage(*FLOWS) as made:
        run = await made.start(keep, key=CANARY, value={CANARY: CANARY})
        await run.result()
        await made.start(look, text=CANARY)
        assert not stands_in(on_sqlite.folder, CANARY.encode())
        await made.platform.forget("user", CANARY)
    assert not stands_in(on_sqlite.folder, CANARY.encode())


async def test_s07_a_backup_carries_memory_and_a_restore_forgets_the_shredded(
    on_sqlite: Place, tmp_path: Path
) -> None:
    data, keys, folder = tmp_path / "data.zip", tmp_path / "keys.zip", tmp_path / "restored"
    async with on_sqlite.stage(*FLOWS) as made:
        await result(made, "keep", key="mine", value=1)
        await result(made, "keep", key="ours", value=2, scope="team")
        await made.platform.backup(data, keys)
        await made.platform.shred("owner")
    folder.mkdir()
    kept = folder / ".remit" / "keys"
    kept.mkdir(parents=True)
    for file in (on_sqlite.folder / ".remit" / "keys").iterdir():
        (kept / file.name).write_bytes(file.read_bytes())
    await restore(data, keys, folder, "")
    async with Platform.open(folder, flows=FLOWS, worker=False) as platform:
        assert [(each.scope, each.value) for each in await platform.memories()] == [("team:default", 2)]
        assert len(await platform.ground.database.fetch("memory.of_team", "default", "", 10)) == 1
