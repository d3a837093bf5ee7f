"""The demonstration proves what it says, fails when that is not so, and leaves nothing behind."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

from remit.cli.demo.stage import staged
from remit.cli.demo.story import perform
from remit.control.platform import Platform
from tests.cli.conftest import REMIT, Terminal

ACTS = (
    "1  A team of agents settles a ticket",
    "2  A refund that needs a second person",
    "3  The first run again, from its journal alone",
    "4  The second run is taken back",
)


def test_the_proof_holds_in_four_acts_whatever_is_set_for_other_places(remit: Terminal) -> None:
    remit.environment |= {
        "OPENAI_API_KEY": "sk-of-somebody",
        "GEMINI_API_KEY": "of-somebody",
        "REMIT_DATABASE": "postgresql://nobody@127.0.0.1:1/elsewhere",
        "COLUMNS": "140",
    }
    told = remit("demo", "--yes", "--keep", "desk", code=0)
    assert [told.out.find(act) for act in ACTS] == sorted(told.out.find(act) for act in ACTS)
    assert -1 not in [told.out.find(act) for act in ACTS]
    assert "kill -9" in told.out
    assert "ran once · replayed ×1" in told.out
    assert "waits for finance-leads: refunds above 200 need a second person   [remit approve a-" in told.out
    assert "refund              write                      waiting" in told.out
    assert "desk/tickets/4812 is as it was before set_ticket" in told.out
    assert "✗" not in told.out
    assert "the proof holds: 13 of 13 counts" in told.out
    assert "What now:" in told.out.splitlines()[-1]
    assert "simulated model: nothing here asks a real one" in told.out
    assert "fast→sim-fast (simulated)" in told.out
    assert "gpt-" not in told.out  # without the dash it could be part of an id
    assert processes_about(remit.place / "desk") == []
    del remit.environment["REMIT_DATABASE"]
    kept = remit("-w", "desk", "runs", "--json", code=0).json
    assert [(run["flow"], run["status"]) for run in kept] == [
        ("remit.undo", "succeeded"),
        ("handle_ticket", "succeeded"),
        ("handle_ticket", "succeeded"),
    ]


def test_as_json_it_gives_every_count_and_asks_nobody(remit: Terminal) -> None:
    proof = remit("demo", "--json", code=0).json
    seen = {(check["act"], check["what"]): check["seen"] for check in proof["checks"]}
    assert proof["holds"] is True
    assert seen["killed", "refund requested"] == 2
    assert seen["killed", "refund paid"] == seen["killed", "ticket changed"] == 1
    assert seen["approved", "refund paid"] == 1
    assert seen["replayed", "new requests to the world"] == 0
    assert seen["undone", "refund reversed"] == seen["undone", "ticket is as it was"] == 1


async def test_with_a_bank_that_pays_twice_it_does_not_hold(tmp_path: Path) -> None:
    async with staged(tmp_path / "desk") as stage:
        service = stage.workspace / "app" / "service.py"
        forgetful = service.read_text().replace('request.headers.get("Idempotency-Key")', "None")
        assert forgetful != service.read_text()
        service.write_text(forgetful)
        async with Platform.open(stage.workspace, worker=False) as platform:
            proof = await perform(platform, stage, lambda line: None, lambda question: True)
    wrong = [(check.act, check.what, check.expected, check.seen) for check in proof.checks if not check.holds]
    assert not proof.holds
    assert wrong == [("killed", "refund paid", 1, 2), ("undone", "refunds that stand", 1, 2)]


def test_whoever_says_no_sees_that_nothing_was_paid_and_the_proof_holds(remit: Terminal) -> None:
    code, told = said_no(remit, "demo", "--keep", "desk")
    assert code == 0, told
    assert "Refund 240 for ticket 4812?" in told
    assert "failed in" in told
    assert "owner did not agree to refund: not agreed in the demonstration" in " ".join(told.split())
    assert "nothing was there to take back" in told
    assert "the proof holds: 13 of 13 counts" in told
    assert processes_about(remit.place / "desk") == []


def test_a_folder_that_is_there_already_is_left_alone(remit: Terminal) -> None:
    refused = remit("demo", "--keep", "flows", code=2)
    assert refused.err.startswith("error: flows is there already.")
    assert remit("demo", "--keep", "flows/shop.py/desk", code=2).err.startswith("error: ")


def said_no(remit: Terminal, *words: str) -> tuple[int, str]:
    """A person at a terminal who answers the question with no."""
    mine, its = pty.openpty()
    process = subprocess.Popen(
        [*REMIT, *words], cwd=remit.place, env=remit.environment, stdout=its, stdin=its, stderr=its
    )
    os.close(its)
    shown, answered = b"", False
    while True:
        try:
            part = os.read(mine, 4096)
        except OSError:  # how Linux says that the other side is gone
            break
        shown += part
        if not answered and b"[Y/n]" in shown:
            answered = True
            os.write(mine, b"n\n")
    os.close(mine)
    return process.wait(60), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


def processes_about(folder: Path) -> list[str]:
    lines = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    return [line.decode(errors="replace") for line in lines if str(folder).encode() in line]
