"""Bad input gets one clear sentence of what and why, one of what to do, the exit code for it, and never a
traceback (which `Terminal` looks for in every answer).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from remit.store.databases.sqlite_driver import connect
from tests.cli.conftest import REMIT, Terminal

LAMP = '{"item": "lamp"}'


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ("rum", 2, 'there is no command "rum" (nearest: "run").'),
        ("run", 2, "missing argument 'FLOW'."),
        ("runs --status done", 2, "invalid value for '--status'"),
        ("run ordr", 2, 'this workspace has no flow "ordr".'),
        ("run order --input {", 2, "--input: this is not JSON: Expecting property name"),
        (
            "run order --input [1]",
            2,
            "--input takes a JSON object with the parameters by name, and this is a list.",
        ),
        (
            'run order --input {"item":"a","item":"b"}',
            2,
            '--input: the key "item" stands twice in one object.',
        ),
        ('run order --input {"item":NaN}', 2, "NaN is not a number JSON can hold."),
        ('run order --input {"item":"a","count":9007199254740993}', 2, "is beyond 2^53-1"),
        ("run order --input @nowhere.json", 2, "nowhere.json cannot be read: No such file or directory."),
        ('run order --input {"itm":"a"}', 2, 'order has no parameter "itm"; it takes item: str, count: int.'),
        ('run order --input {"item":7}', 2, 'order takes "item" as str: Expected `str`, got `int`.'),
        ("run order", 2, 'order needs "item"; it takes item: str, count: int.'),
        ("show r-zzzz", 2, 'there is no run "r-zzzz".'),
        ("watch r-zzzz", 2, 'there is no run "r-zzzz".'),
        ("cancel r-zzzz", 2, 'there is no run "r-zzzz".'),
        ("replay r-zzzz", 2, 'there is no run "r-zzzz".'),
        ("approve a-zzzz", 2, 'there is no question "a-zzzz".'),
        ("migrate-run r-zzzz --rename old", 2, '--rename takes OLD=NEW, and this is "old".'),
        ("backup", 2, "either name the FILE to write, or --restore FILE"),
        ("backup both.bak --keys ./both.bak", 2, "the data and the keys go into two files"),
        ("fork r-zzzz", 2, "a fork begins --at a STEP, with the past of the run up to there"),
        ("fork r-zzzz --at pay --input {}", 2, "a fork begins --at a STEP"),
        ("run order --ask why --input {}", 2, "--ask TEXT is short for --input"),
        ("run order --stream --detach", 2, "there is nothing to --stream here."),
        ("backup --restore nowhere --to x", 2, "nowhere cannot be read"),
        ("-w nowhere runs", 2, "nowhere is no workspace: it has no remit.toml."),
        ("new flows", 2, "flows is not empty."),
        ("new flows/shop.py/inner", 2, "cannot be written: not a directory"),
    ],
)
def test_bad_input_is_one_sentence_with_its_exit_code(
    words: str, code: int, sentence: str, remit: Terminal
) -> None:
    refused = remit(*words.split(" "), code=code)
    assert refused.out == ""
    assert refused.err.startswith("error: ")
    assert sentence in refused.err.splitlines()[0]


def test_with_json_errors_are_json_too(remit: Terminal) -> None:
    for words in (["run", "ordr"], ["runs", "--status", "done"], ["rum"]):
        refused = remit(*words, "--json", code=2)
        assert refused.out == ""
        assert set(refused.error) == {"code", "message", "hint", "exit_code"}
    assert remit("run", "ordr", "--json").error["hint"] == 'Did you mean "order"?'
    unasked = remit("shred", "ana", "--json", code=2)
    assert unasked.error["message"] == "with --json nobody can be asked whether it is meant; say --yes."


def test_a_misspelt_parameter_is_shown_as_it_should_be_typed(remit: Terminal) -> None:
    said = remit("run", "order", "--input", '{"itm": "lamp"}', code=2).err.splitlines()
    assert said[1] == """       Did you mean --input '{"item":"lamp"}'?"""


def test_a_parameter_that_is_like_none_is_not_taken_for_another(remit: Terminal) -> None:
    said = remit("run", "order", "--input", '{"item": "lamp", "zz": 1}', code=2)
    assert said.err == 'error: order has no parameter "zz"; it takes item: str, count: int.\n'


def test_debug_shows_where_an_error_comes_from(remit: Terminal) -> None:
    words = [*REMIT, "show", "r-zzzz", "--debug"]
    done = subprocess.run(
        words, cwd=remit.place, env=remit.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Traceback (most recent call last)" in done.stderr


def test_outside_a_workspace_it_says_how_to_make_one(remit: Terminal, tmp_path: Path) -> None:
    remit.place = tmp_path
    assert "remit new NAME" in remit("runs", code=2).err


def test_what_a_step_returns_is_refused_with_the_name_of_the_step(remit: Terminal) -> None:
    opaque = remit("run", "opaque_result", code=1).out
    assert "step opaque returned something that cannot be journaled" in " ".join(opaque.split())
    assert "step huge returned 5,000,002 bytes" in remit("run", "huge_result", code=1).out


def test_a_flow_that_fails_says_so_and_exits_with_1(remit: Terminal) -> None:
    failed = remit("run", "broken", code=1)
    assert "ValueError: the price is negative" in failed.out
    assert failed.err == ""


def test_code_that_does_not_load_is_named_by_file_and_line(remit: Terminal) -> None:
    (remit.place / "flows" / "bad.py").write_text("\n\nnow = yesterday\n")
    refused = remit("run", "order_of_one", code=2).err
    assert refused.startswith("error: flows/bad.py:3 cannot be imported: NameError")


def test_a_misspelt_setting_stops_everything(remit: Terminal) -> None:
    (remit.place / "remit.toml").write_text("[worker]\nconcurency = 3\n")
    assert '(nearest: "worker.concurrency")' in remit("up", code=2).err


def test_a_variable_that_looks_like_a_setting_and_is_none_is_refused(remit: Terminal) -> None:
    remit.environment["REMIT_WORKERS"] = "3"
    assert '"REMIT_WORKERS", which is no setting' in remit("runs", code=2).err
    del remit.environment["REMIT_WORKERS"]
    remit.environment |= {"REMIT_SERVICE_HOST": "10.0.0.1", "REMIT_PORT_4040_TCP": "tcp://10.0.0.1:4040"}
    remit("runs", code=0)


@pytest.mark.parametrize("words", [["show", "r-\udcff"], ["run", "order", "--input", '{"item": "\udcc3"}']])
def test_what_is_not_utf_8_is_refused_as_bad_usage(words: list[str], remit: Terminal) -> None:
    refused = remit(*words, code=2)
    assert refused.err.startswith("error: this is not UTF-8: ")


def test_a_lone_surrogate_and_a_pipe_of_other_bytes_are_bad_input(remit: Terminal) -> None:
    assert remit("run", "order", "--input", '{"item": "\\ud800"}', code=2).err.startswith("error: --input: ")
    words = [*REMIT, "run", "order", "--input", "-"]
    done = subprocess.run(
        words,
        cwd=remit.place,
        env=remit.environment,
        input=b'{"item": "\xff"}',
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.decode() == "error: --input: standard input cannot be read: it is not UTF-8.\n"


@pytest.mark.parametrize("words", [["runs"], ["demo", "--keep", "kept"], ["new", "desk"]])
def test_in_a_folder_that_is_gone_it_says_so(words: list[str], remit: Terminal, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = 'rmdir "$PWD" && exec "$@"'
    done = subprocess.run(
        ["sh", "-c", command, "sh", *REMIT, *words],
        cwd=gone, env=remit.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: the folder you are in does not exist any more.")


def test_ids_that_several_runs_have_are_refused_with_the_candidates(remit: Terminal) -> None:
    for _ in range(2):
        remit("run", "order", "--input", LAMP, "--detach", code=0)
    assert re.search(r'"r-0" could be r-\w+, r-\w+\.', remit("show", "r-0", code=2).err)


def test_what_is_over_or_decided_stays_so(remit: Terminal) -> None:
    run = remit("run", "order", "--input", LAMP, "--json", code=0).json["run"]["id"]
    assert "has ended (succeeded)" in remit("cancel", run, code=1).err
    assert "has ended (succeeded)" in remit("signal", run, "news", code=1).err
    remit("run", "approved", "--input", LAMP, code=4)
    question = remit("inbox", "--json").json[0]["id"]
    remit("approve", question, code=0)
    assert "already" in remit("reject", question, code=1).err


def test_without_its_key_a_workspace_answers_nobody(remit: Terminal) -> None:
    remit("runs", code=0)
    (remit.place / ".remit" / "keys" / "local.key").unlink()
    assert "none was given" in remit("runs", code=1).err
    remit.environment["REMIT_KEY"] = "rk-guessed"
    assert "the one given is not it" in remit("runs", code=1).err


# --- the ground gives way ------------------------------------------------------------------------------------


@pytest.fixture
def database(remit: Terminal) -> Path:
    """The database of a workspace that has been in use."""
    remit("run", "order", "--input", LAMP, code=0)
    return remit.place / ".remit" / "remit.db"


def behind_its_back(database: Path, statement: str) -> None:
    """What no Remit does: change the file itself."""
    connection = connect(database)
    connection.execute(statement)
    connection.close()


def test_a_corrupt_database_is_said_to_be_corrupt(remit: Terminal, database: Path) -> None:
    for leftover in database.parent.glob("remit.db-*"):
        leftover.unlink()
    database.write_bytes(b"this was a database" * 500)
    refused = remit("runs", code=5)
    assert "is damaged or not a database of Remit" in refused.err
    assert "remit backup --restore" in refused.err
    assert "is damaged" in remit("doctor", code=1).out


@pytest.mark.parametrize("left", [None, b""])
def test_a_database_that_is_gone_is_not_silently_another_one(
    left: bytes | None, remit: Terminal, database: Path
) -> None:
    key = database.parent / "keys" / "local.key"
    os.utime(key, (1_700_000_000, 1_700_000_000))
    for file in database.parent.glob("remit.db*"):
        file.unlink()
    if left is not None:
        database.write_bytes(left)
    warned = remit("runs", code=0)
    assert "warning: the keys here are those of another database: this one is new and empty." in warned.err
    assert remit("runs", code=0).err == ""
    assert "the keys are those of another database" in remit("doctor", code=0).out


def test_events_whose_keys_were_not_restored_are_one_finding(
    remit: Terminal, database: Path, tmp_path: Path
) -> None:
    remit("backup", "data.bak", "--keys", "keys.bak", code=0)
    back = tmp_path / "back" / ".remit"
    back.mkdir(parents=True, mode=0o700)
    shutil.copytree(database.parent / "keys", back / "keys")
    remit("backup", "--restore", "data.bak", "--to", str(back.parent), code=0)
    findings = remit("-w", str(back.parent), "doctor", "--deep", "--json", code=1).json
    sealed = [finding for finding in findings if finding["name"] == "log"]
    assert len(sealed) == 1
    assert "events stay sealed: their data keys are not in this database" in sealed[0]["message"]
    assert "--keys KEYS" in sealed[0]["remedy"]


def test_an_altered_event_is_named_by_the_doctor(remit: Terminal, database: Path) -> None:
    behind_its_back(database, "UPDATE events SET path = 'pay#2' WHERE path = 'pay' AND kind = 'step.done'")
    assert re.search(r"event \d of run\S*: .* was altered", remit("doctor", "--deep", code=1).out)


def test_a_newer_database_is_left_alone(remit: Terminal, database: Path) -> None:
    behind_its_back(
        database, "INSERT INTO migrations (version, name, digest) VALUES (9999, '9999_beyond', 'x')"
    )
    refused = remit("run", "order", "--input", LAMP, code=5)
    assert "was written by a newer Remit" in refused.err
    assert "Upgrade" in refused.err


def test_a_file_where_the_folder_should_be_is_one_sentence(remit: Terminal) -> None:
    (remit.place / ".remit").write_text("")
    refused = remit("runs", code=5)
    assert refused.err.startswith("error: ")
    assert "cannot be written" in refused.err


READ_ONLY = """
import importlib, os, pkgutil, sys, remit
for module in pkgutil.walk_packages(remit.__path__, "remit."):
    if not module.name.endswith("__main__") and not module.name.startswith("remit.integrations."):
        importlib.import_module(module.name)
if os.geteuid() == 0:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
from remit.cli.main import main
main(sys.argv[1:])
"""


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A workspace that the user of the subprocess may read and not write, whoever runs the tests."""
    with tempfile.TemporaryDirectory(prefix="remit-read-only-") as folder:
        place = Path(folder)
        (place / "remit.toml").touch()
        place.chmod(0o555)
        yield place
        place.chmod(0o755)


def test_a_read_only_folder_is_one_sentence(read_only: Path, remit: Terminal) -> None:
    words = [sys.executable, "-P", "-c", READ_ONLY, "-w", str(read_only), "runs"]
    done = subprocess.run(words, cwd="/", env=remit.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 5, done.stderr
    assert re.match(r"error: .*cannot be written", done.stderr)
    assert "Give this user write access" in done.stderr


FULL = """
import sys
from remit.store.databases import sqlite, sqlite_driver
connect = sqlite_driver.connect
def nearly_full(path):
    connection = connect(path)
    connection.pragma("max_page_count", connection.pragma("page_count"))
    return connection
sqlite.connect = nearly_full
from remit.cli.main import main
main(sys.argv[1:])
"""


def test_a_full_disk_is_one_sentence_and_loses_nothing(remit: Terminal, database: Path) -> None:
    before = remit("runs", "--json").json
    (remit.place / "large.json").write_text('{"item": "' + os.urandom(100_000).hex() + '"}')
    words = [sys.executable, "-P", "-c", FULL, "run", "order", "--input", "@large.json", "--detach"]
    done = subprocess.run(
        words, cwd=remit.place, env=remit.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 5, done.stderr
    assert done.stderr.startswith("error: the disk that holds")
    assert "Traceback" not in done.stderr
    assert remit("runs", "--json").json == before
    assert database.exists()


def test_an_interrupted_command_says_where_its_run_is(remit: Terminal) -> None:
    process = remit.start("run", "looked")
    process.until("world: look")
    process.signal(signal.SIGINT)
    remit.happens("seen")
    assert process.end() == 130
    assert any("any worker continues it" in line for line in process.said)


def test_what_no_worker_here_could_execute_is_refused_before_a_run_is_left_behind(remit: Terminal) -> None:
    remit("run", "order", "--input", LAMP, "--detach", code=0)
    (known,) = remit("runs", "--json", code=0).json
    settings = remit.place / "remit.toml"
    settings.write_text(settings.read_text() + '\n[audit]\nanchors = ["gopher://somewhere"]\n')
    for words in (["run", "order", "--input", LAMP], ["undo", known["id"], "--preview"]):
        assert remit(*words, "--json", code=2).error["code"] == "invalid_setting"
    assert [each["id"] for each in remit("runs", "--json", code=0).json] == [known["id"]]
