"""The demonstration proves what it says, fails when that is not so, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

from remit.cli.demo.stage import staged
from remit.cli.demo.story import perform
from remit.control.platform import Platform
from tests.cli.conftest import Terminal


def test_the_proof_holds_and_every_step_is_shown(remit: Terminal) -> None:
    told = remit("demo", "--keep", "desk", code=0)
    assert "kill -9" in told.out
    assert "ran once · replayed ×1" in told.out
    assert "✗" not in told.out
    assert "the proof holds" in told.out
    assert "What now:" in told.out.splitlines()[-1]
    assert processes_about(remit.place / "desk") == []
    kept = remit("-w", "desk", "runs", "--json", code=0).json
    assert [run["status"] for run in kept] == ["succeeded", "succeeded"]


def test_as_json_it_gives_every_count(remit: Terminal) -> None:
    proof = remit("demo", "--json", code=0).json
    seen = {(check["act"], check["what"]): check["seen"] for check in proof["checks"]}
    assert proof["holds"] is True
    assert seen["killed", "refund requested"] == 2
    assert seen["killed", "refund paid"] == seen["killed", "letter sent"] == 1
    assert seen["replayed", "new requests to the world"] == 0


async def test_with_a_bank_that_pays_twice_it_does_not_hold(tmp_path: Path) -> None:
    async with staged(tmp_path / "desk") as stage:
        world = stage.workspace / "flows" / "world.py"
        forgetful = world.read_text().replace('payment["key"] == key', "False")
        assert forgetful != world.read_text()
        world.write_text(forgetful)
        async with Platform.open(stage.workspace, worker=False) as platform:
            proof = await perform(platform, stage, lambda line: None)
    wrong = [(check.what, check.expected, check.seen) for check in proof.checks if not check.holds]
    assert not proof.holds
    assert wrong == [("refund paid", 1, 2)]


def processes_about(folder: Path) -> list[str]:
    lines = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    return [line.decode(errors="replace") for line in lines if str(folder).encode() in line]
