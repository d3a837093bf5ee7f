"""S7: after a shred the plaintext stands in no file: not in the database, its write-ahead log, blobs, projections, what
a process keeps in memory, what a model was told, what a person was asked, what undo would need, exports that we made,
dumps, nor in an earlier backup that is restored by the documented way; and every proof still holds.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from remit import Agent, Run, flow, step, tool
from remit.control.auditing import audit
from remit.control.platform import Platform
from remit.control.upkeep.databases import restore
from remit.domain.errors import Shredded
from remit.store.deletion_receipt import check
from remit.store.exporting import Scope
from remit.store.exports import register_export
from remit.testing import Stage, stage
from remit.testing.scripting import Script
from tests.engine.places import Place, parked
from tests.gate.desk import write_policy
from tests.postgres import PostgresServer
from tests.store.erasing import raw_bytes, stands_in

CANARY = "canary-7Qf-rua-das-flores"
LONG = f"{CANARY} " * 600


@step(effect="read", subject="patient")
async def read_file(patient: str) -> str:
    """A result under the patient's key."""
    return f"{patient}: {LONG}"


@flow
async def inner(run: Run, words: str) -> str:
    """A child of a run about somebody is about them as well."""
    del run
    return words


@flow
async def about(run: Run, words: str) -> str:
    """Input, a child, a question to nobody and a result that repeat it."""
    child = await run.spawn(inner, words=words)
    return f"{await child.result()} {words}"


@flow
async def elsewhere(run: Run) -> int:
    """A run about nobody in particular that reads a file about somebody."""
    return len(await run.step(read_file, "ana"))


FLOWS = (about, inner, elsewhere)
NOTES = {"ana": "an older note"}


@tool(effect="write", undo="restore")
async def set_note(whom: str, words: str) -> str:
    """Write something down about somebody."""
    NOTES[whom] = words
    return words


@set_note.before
async def note_before(whom: str, **_: object) -> str:
    """What undo will need."""
    return f"{NOTES[whom]} {CANARY}"


@set_note.restore
async def put_back(image: str) -> None:
    """As it was."""
    NOTES["ana"] = image


CLERK = Agent("clerk", prompt="You keep notes.", tools=[set_note])
ASKS = (
    '@id("all") permit (principal, action, resource);\n'
    '@id("look") @ask("leads") forbid (principal, action == Action::"call", resource == Tool::"set_note");\n'
)


async def _live(made: Stage) -> list[str]:
    """Everything that is about Ana, in short and in long."""
    runs = [await made.platform.submit(about, {"words": words}, subject="ana") for words in (CANARY, LONG)]
    for run in runs:
        assert CANARY in str(await run.result())
    other = await made.start(elsewhere)
    await other.result()
    fork = await made.platform.fork(runs[0].id)
    await fork.result()
    return [*(run.id for run in runs), other.id, fork.id]


async def _agent(made: Stage) -> str:
    """An agent that is told it, asks a person about it, writes it down, and could take it back."""
    asked = made.run((await made.platform.submit("clerk", {"question": LONG}, subject="ana")).id)
    await parked(asked, "human")
    assert CANARY in str((await made.inbox())[0].value)
    await asked.approve(by="lea")
    assert CANARY in str(await asked.result())
    return asked.id


async def _unreadable(platform: Platform, runs: list[str]) -> None:
    for run in runs:
        view = await platform.show(run)
        assert CANARY not in json.dumps([str(view.input), str(view.result), str(view.steps)])
    log = [finding for finding in await platform.doctor(deep=True) if finding.name == "log"]
    assert [finding.state for finding in log] == ["ok"]


async def test_s07_after_a_shred_the_canary_is_nowhere(
    place: Place, script: Script, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = tmp_path_factory.mktemp("out")
    script(CLERK).calls("set_note", whom="ana", words=LONG).says(f"I wrote {CANARY}")
    write_policy(place.folder, ASKS)
    async with stage(
        *FLOWS, workspace=place.folder, database=place.database, agents=[CLERK], script=script
    ) as made:
        runs = [*await _live(made), await _agent(made)]
        ground = made.platform.ground
        await made.platform.backup(out / "data.bak", out / "keys.bak")
        shutil.copy(out / "keys.bak", out / "hidden-keys.bak")  # a copy that nobody told us of
        export = out / "export.jsonl"
        lines = [{"key_id": f"k-{run}", "seq": 1, "content": {"words": CANARY}} for run in runs[:2]]
        export.write_text("".join(json.dumps(line) + "\n" for line in lines))
        await register_export(ground.database, ground.keys, "content", export, team="default", by="me", at=1)
        await audit.export(ground, out / "log", Scope(), content=True)
        for made_by_us in (export, out / "log" / "content.jsonl"):
            assert CANARY.encode() in made_by_us.read_bytes()
        wrapped = [row[3] for row in await ground.database.fetch("keys.all") if row[0] == f"k-{runs[0]}"]
        if place.dialect == "sqlite":
            assert wrapped[0] in (place.folder / ".remit" / "remit.db-wal").read_bytes(), (
                "this probe can find it"
            )
        done = await made.platform.erase("ana")
        assert done is not None
        assert check(done.receipt, await made.platform.receipt_key()).receipt["counts"]["runs"] == 7
        assert done.left == []
        await _unreadable(made.platform, runs)
        assert not stands_in(out, CANARY.encode())
        assert wrapped[0] not in (out / "keys.bak").read_bytes()
        assert not stands_in(place.folder, CANARY.encode()), "while the process still runs"
        if place.dialect == "sqlite":
            assert not stands_in(place.folder, wrapped[0]), (
                "neither in the database nor in its write-ahead log"
            )
        if place.dialect == "postgres":
            server: PostgresServer = request.getfixturevalue("postgres")
            _postgres_holds_nothing(server, place.database, wrapped[0])
    assert not stands_in(place.folder, CANARY.encode())
    if place.dialect == "sqlite":
        assert not stands_in(place.folder, wrapped[0])
    await _restored_holds_nothing(place.folder, out, runs)


def _postgres_holds_nothing(server: PostgresServer, dsn: str, wrapped: bytes) -> None:
    """Neither the plaintext anywhere in the data directory, nor the wrapped key in any table file or dump.

    The server's own log of changes keeps the wrapped key until it is recycled: a rotated and retired root key makes
    that copy worthless, which `test_rotation` shows.
    """
    data = server.home / "data"
    assert not stands_in(data, CANARY.encode())
    assert stands_in(data, b"run:r-")
    tables = [path for path in (data / "base").rglob("*") if path.is_file()]
    assert not any(wrapped in path.read_bytes() for path in tables)
    dump = shutil.which("pg_dump")
    if dump:
        said = subprocess.run([dump, dsn], check=False, capture_output=True)
        assert CANARY.encode() not in said.stdout
        assert wrapped.hex().encode() not in said.stdout


async def _restored_holds_nothing(workspace: Path, out: Path, runs: list[str]) -> None:
    """An earlier backup, with the keys of that time: as the page on backups says it."""
    for keys in ("keys.bak", "hidden-keys.bak"):
        folder = out / f"restored-{keys}"
        shutil.copytree(workspace / ".remit" / "keys", folder / ".remit" / "keys")
        await restore(out / "data.bak", out / keys, folder, "")
        async with Platform.open(folder, flows=FLOWS, worker=False) as platform:
            await _unreadable(platform, runs)
            with pytest.raises(Shredded):
                await platform.ground.keys.get(f"k-{runs[0]}")
        for content in raw_bytes(folder):
            assert CANARY.encode() not in content


async def test_s07_a_child_a_fork_and_an_undo_are_about_whom_their_run_is_about(on_sqlite: Place) -> None:
    async with stage(*FLOWS, workspace=on_sqlite.folder) as made:
        await _live(made)
        keys = made.platform.ground.keys
        rows = await made.platform.ground.database.fetch(
            "keys.of_subject", keys.subject_tag("default", "ana")
        )
        found = sorted(row[0].partition("-")[0] for row in rows)
        assert found == ["k"] * 6 + [
            "s"
        ]  # two runs, their children, the fork and its child, and what is about her
