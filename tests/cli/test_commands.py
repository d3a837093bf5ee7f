"""Every command does what its help says, and gives the same as JSON."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from remit.cli.main import SECTIONS
from remit.cli.main import remit as table
from tests.cli.conftest import REMIT, Terminal

COMMANDS = [name for section in SECTIONS.values() for name in section]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    said = CliRunner().invoke(table, [command, "--help"], prog_name="remit").output
    assert said.startswith(f"Usage: remit {command}")
    assert "--json" in said


def test_the_module_is_the_command(remit: Terminal) -> None:
    command = Path(sys.executable).with_name("remit")
    installed = subprocess.run(
        [command, "--help"], cwd=remit.place, capture_output=True, text=True, check=True
    )
    assert installed.stdout == remit("--help", code=0).out
    assert installed.stdout.startswith("Usage: remit ")
    assert REMIT[-2:] == ["-m", "remit"]


def test_run_shows_the_tree_and_the_result(remit: Terminal) -> None:
    done = remit("run", "order", "--input", '{"item": "lamp", "count": 2}', code=0)
    assert 'order(item="lamp", count=2)' in done.out
    assert 'result  "paid 8"' in done.out
    assert remit.world() == ["price", "pay"]


@pytest.mark.parametrize("no_color", ["", "1"])
def test_on_a_terminal_the_tree_is_drawn_in_colours_unless_they_are_unwanted(
    no_color: str, remit: Terminal
) -> None:
    remit.environment |= {"TERM": "xterm", "NO_COLOR": no_color}
    shown = on_a_terminal(remit, "run", "order", "--input", '{"item": "lamp"}')
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert re.search(r"├─ ✓ price +read +done", plain)
    assert re.search(r"└─ ✓ pay +write +done", plain)
    assert ("\x1b[32m" in shown) is (no_color == "")


def on_a_terminal(remit: Terminal, *words: str) -> str:
    mine, its = pty.openpty()
    process = subprocess.Popen(
        [*REMIT, *words], cwd=remit.place, env=remit.environment, stdout=its, stdin=its
    )
    os.close(its)
    shown = b""
    while True:
        try:
            part = os.read(mine, 4096)
        except OSError:  # how Linux says that the other side is gone
            break
        shown += part
    os.close(mine)
    assert process.wait(30) == 0
    return shown.decode()


def test_input_may_come_from_a_file_or_a_pipe(remit: Terminal) -> None:
    (remit.place / "in.json").write_text('{"item": "lamp"}')
    assert remit("run", "order", "--input", "@in.json", "--json", code=0).json["result"] == "paid 4"


def test_a_detached_run_waits_for_a_worker_and_is_watched(remit: Terminal) -> None:
    run = remit("run", "order", "--input", '{"item": "lamp"}', "--detach", "--json", code=0).json["run"]
    assert run["status"] == "ready"
    assert remit.world() == []
    worker = remit.start("worker")
    watched = remit("watch", run["id"], code=0)
    assert 'result  "paid 4"' in watched.out
    worker.signal(signal.SIGTERM)
    assert worker.end() == 0


def test_a_run_that_waits_for_a_person_exits_with_4_and_names_the_way_on(remit: Terminal) -> None:
    parked = remit("run", "approved", "--input", '{"item": "lamp"}', code=4)
    item = remit("inbox", "--group", "leads", "--json", code=0).json[0]
    assert f"[remit approve {item['id']}]" in parked.out
    assert "waits for leads until" in parked.out
    listed = remit("inbox", code=0).out
    assert "approved asks for a decision" in listed
    assert item["approve_means"] in listed
    said = remit("approve", item["id"][:6], "--value", "7", "--comment", "half", code=0)
    assert item["approve_means"] in said.out
    assert remit("inbox", code=0).out == "nothing waits for a person\n"
    worker = remit.start("worker")
    assert remit("watch", item["run"], "--json", code=0).out.splitlines()[-1].count('"paid 7"')
    worker.signal(signal.SIGTERM)
    assert worker.end() == 0


def test_a_rejected_run_fails_with_the_reason(remit: Terminal) -> None:
    remit("run", "approved", "--input", '{"item": "lamp"}', code=4)
    item = remit("inbox", "--json", code=0).json[0]
    assert item["reject_means"] in remit("reject", item["id"], "--reason", "too dear", code=0).out
    remit.start("worker")
    assert remit("watch", item["run"], code=1).out.count("too dear") >= 1


def test_a_signal_wakes_a_run_and_pause_holds_it(remit: Terminal) -> None:
    run = remit("run", "told", "--json", code=4).json["run"]["id"]
    assert f'signal "news" sent to {run}' in remit("signal", run, "news", "--payload", '{"a": 1}', code=0).out
    assert "paused" in remit("pause", run, code=0).out
    assert f"remit resume {run}" in remit("show", run, code=0).out
    remit("resume", run, code=0)
    remit.start("worker")
    assert json.loads(remit("watch", run, "--json", code=0).out.splitlines()[-1])["result"] == {"a": 1}


def test_a_run_that_waits_for_a_child_that_waits_has_come_to_rest(remit: Terminal) -> None:
    parked = remit("run", "parent", "--json", code=4).json
    child = parked["waits"][0]["name"]
    assert parked["waits"][0]["kind"] == "child"
    remit("signal", child, "news", "--payload", "7", code=0)
    remit.start("worker")
    assert "result  7" in remit("watch", parked["run"]["id"], code=0).out


def test_cancel_ends_a_run(remit: Terminal) -> None:
    run = remit("run", "told", "--json", code=4).json["run"]["id"]
    remit("cancel", run, "--reason", "not needed", code=0)
    remit.start("worker")
    assert "why  not needed" in remit("watch", run, code=1).out
    assert remit("show", run, "--json", code=0).json["run"]["cancelled_for"] == "not needed"
    assert "not needed" in remit("runs", code=0).out


def test_runs_lists_the_newest_first_and_filters(remit: Terminal) -> None:
    remit("run", "broken", code=1)
    remit("run", "order", "--input", '{"item": "lamp"}', code=0)
    assert [run["flow"] for run in remit("runs", "--json", code=0).json] == ["order", "broken"]
    table = remit("runs", "--status", "failed", code=0).out.splitlines()
    assert table[0].split() == ["run", "flow", "status", "steps", "started", "took", "about"]
    assert len(table) == 2
    assert table[1].split()[1:3] == ["broken", "failed"]
    assert remit("runs", "--flow", "told", code=0).out == "no runs\n"


def test_schedules_are_listed_with_their_next_time(remit: Terminal) -> None:
    remit("run", "order", "--input", '{"item": "lamp"}', code=0)
    assert "0 9 * * 1" in remit("runs", "--schedules", code=0).out
    assert remit("runs", "--schedules", "--json", code=0).json[0]["tz"] == "Europe/Berlin"


def test_show_takes_any_unique_beginning_or_end_of_an_id(remit: Terminal) -> None:
    run = remit("run", "order", "--input", '{"item": "lamp"}', "--json", code=0).json["run"]["id"]
    assert run in remit("show", run[:-1], code=0).out
    assert run in remit("show", run[-6:], code=0).out
    assert remit("show", run, "--json", code=0).json["steps"][0]["name"] == "price"


def test_replay_performs_nothing_and_fork_simulates_writes(remit: Terminal) -> None:
    run = remit("run", "order", "--input", '{"item": "lamp"}', "--json", code=0).json["run"]["id"]
    before = remit.world()
    assert remit("replay", run, code=0).out.startswith("equal: 2 of 2 recorded steps replayed")
    fork = remit("fork", run, "--at", "pay", "--json", code=0).json
    assert (fork["forked_from"], fork["simulated"]) == (run, True)
    assert remit.world() == before


def test_a_fork_with_another_input_begins_at_the_start(remit: Terminal) -> None:
    run = remit("run", "order", "--input", '{"item": "lamp"}', "--json", code=0).json["run"]["id"]
    other = remit("fork", run, "--input", '{"item": "mugs and more"}', "--json", code=0).json
    assert (other["forked_from"], other["input"]["item"], other["steps"]) == (run, "mugs and more", [])
    remit.start("worker")
    assert remit("watch", other["run"]["id"], code=1).out.count("price") >= 1
    assert remit.world() == ["price", "pay", "price"]
    said = remit("fork", run, "--input", '{"item": "mug"}', code=0).out
    assert f"forked {run} from its start, with another input, as r-" in said


def test_changed_code_is_shown_with_its_remedy_and_moved_to_only_where_that_fits(remit: Terminal) -> None:
    run = remit("run", "approved", "--input", '{"item": "lamp"}', "--json", code=4).json["run"]["id"]
    code = remit.place / "flows" / "shop.py"
    code.write_text(
        code.read_text().replace("async def price", "async def cost").replace("step(price", "step(cost")
    )
    question = remit("inbox", "--json").json[0]["id"]
    remit("approve", question, code=0)
    worker = remit.start("worker")
    watched_until(remit, run, '"reason":"code_changed"')
    shown = remit("show", run, code=0).out
    assert "stopped  its code changed: diverged at step 1 of 2: the code now calls cost before price" in shown
    assert f"remit migrate-run {run}" in shown
    assert question not in shown
    again = remit("migrate-run", run, code=1).err
    assert f"error: {run} would stop at this code again: diverged at step 1 of 2" in again
    unknown = remit("migrate-run", run, "--rename", "prise=cost", code=2).err
    assert unknown.splitlines() == [
        'error: the run has recorded no step called "prise".',
        '       Did you mean "price"?',
    ]
    assert remit("show", run, "--json", code=0).json["run"]["reason"] == "code_changed"
    worker.signal(signal.SIGTERM)
    assert worker.end() == 0


def test_changed_code_parks_a_run_and_migrate_run_moves_it(remit: Terminal) -> None:
    run = remit("run", "approved", "--input", '{"item": "lamp"}', "--json", code=4).json["run"]["id"]
    code = remit.place / "flows" / "shop.py"
    code.write_text(
        code.read_text().replace("async def price", "async def cost").replace("step(price", "step(cost")
    )
    assert remit("replay", run, code=1).out.startswith("diverged after 0 of")
    remit("approve", remit("inbox", "--json").json[0]["id"], code=0)
    worker = remit.start("worker")
    assert "code_changed" in watched_until(remit, run, '"reason":"code_changed"')
    remit("migrate-run", run, "--rename", "price=cost", code=0)
    assert '"paid 4"' in remit("watch", run, code=0).out
    worker.signal(signal.SIGTERM)
    assert worker.end() == 0


def watched_until(remit: Terminal, run: str, words: str) -> str:
    watcher = remit.start("watch", run, "--json")
    line = watcher.until(words)
    watcher.signal(signal.SIGKILL)
    return line


def test_doctor_finds_nothing_broken_and_reads_the_whole_log(remit: Terminal) -> None:
    remit("run", "order", "--input", '{"item": "lamp"}', code=0)
    said = remit("doctor", "--deep", code=0).out
    assert "nothing is broken" in said
    assert "are intact" in said
    findings = {finding["name"]: finding["state"] for finding in remit("doctor", "--json", code=0).json}
    assert findings["durability"] == findings["keys"] == findings["file system"] == "ok"
    assert findings["workers"] == "warning"


def test_migrate_says_what_is_missing_and_applies_it(remit: Terminal) -> None:
    assert remit("migrate", "--check", "--json", code=1).json["missing"] != []
    assert remit("migrate", "--json", code=0).json["applied"] != []
    assert remit("migrate", "--check", code=0).out == "the schema is current\n"


def test_a_backup_comes_back_with_its_keys(remit: Terminal, tmp_path: Path) -> None:
    run = remit("run", "order", "--input", '{"item": "lamp"}', "--json", code=0).json["run"]["id"]
    assert "1 run" in remit("backup", "data.bak", "--keys", "keys.bak", code=0).out
    (tmp_path / "back" / ".remit" / "keys").mkdir(parents=True, mode=0o700)
    for key in ("root.key", "local.key"):
        (tmp_path / "back" / ".remit" / "keys" / key).write_bytes(
            (remit.place / ".remit" / "keys" / key).read_bytes()
        )
    remit("backup", "--restore", "data.bak", "--keys", "keys.bak", "--to", str(tmp_path / "back"), code=0)
    assert remit("show", run, "-w", str(tmp_path / "back"), "--json", code=0).json["result"] == "paid 4"
    assert remit("tools", "-w", str(tmp_path / "back"), code=0).err == ""


def test_shred_asks_first(remit: Terminal) -> None:
    assert remit("shred", "ana", code=130).out == ""
    assert remit("shred", "ana", "--yes", "--json", code=0).json == {"subject": "ana", "keys": 0}


def test_new_makes_a_workspace_whose_flow_runs(remit: Terminal) -> None:
    assert "What now:" in remit("new", "desk", code=0).out
    done = remit("-w", "desk", "run", "hello", "--input", '{"name": "Ada"}', code=0)
    assert 'result  "Hello, Ada!"' in done.out
    assert len(list((remit.place / "desk" / "letters").iterdir())) == 1
