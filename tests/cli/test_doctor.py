"""The doctor names what is wrong and what to do; each illness here is a real one."""

from __future__ import annotations

import signal

import pytest

from remit.store.databases.sqlite_driver import connect
from tests.cli.conftest import Terminal


@pytest.fixture
def parked(remit: Terminal) -> Terminal:
    """A workspace with a run that waits for a person."""
    remit("run", "approved", "--input", '{"item": "lamp"}', code=4)
    return remit


def findings(remit: Terminal, name: str) -> list[tuple[str, str]]:
    found = remit("doctor", "--json").json
    return [(f["state"], f"{f['message']} {f['remedy']}") for f in found if f["name"] == name]


def test_runs_whose_code_is_gone_are_named_by_their_flow(parked: Terminal) -> None:
    parked("run", "order", "--input", '{"item": "lamp"}', "--detach", code=0)
    code = parked.place / "flows" / "shop.py"
    code.write_text(code.read_text().replace("async def order(", "async def ordr("))
    [(state, said)] = findings(parked, "runs")
    assert state == "broken"
    assert "1 run of the flow order wait, and no code here has it" in said


def test_a_dead_worker_that_holds_runs_is_named(remit: Terminal) -> None:
    remit("run", "looked", "--detach", code=0)
    worker = remit.start("worker")
    worker.until("world: look")
    assert findings(remit, "workers") == [("ok", "1 alive, with 1 run in hand ")]
    worker.signal(signal.SIGKILL)
    worker.end()
    assert any(
        f"(pid {worker.pid}) is dead and still holds 1 run" in said for _, said in findings(remit, "workers")
    )


def test_a_key_that_others_may_read_is_broken(parked: Terminal) -> None:
    key = parked.place / ".remit" / "keys" / "root.key"
    key.chmod(0o644)
    [(state, said)] = findings(parked, "keys")
    assert state == "broken"
    assert f"chmod go-rwx {key}" in said


def test_a_clock_that_was_set_back_is_noticed(parked: Terminal) -> None:
    connection = connect(parked.place / ".remit" / "remit.db")
    connection.execute("UPDATE events SET at = at + 3600000000")
    connection.close()
    [(state, said)] = findings(parked, "clock")
    assert state == "warning"
    assert "this clock was set back" in said


def test_the_question_that_waits_longest_is_named(parked: Terminal) -> None:
    question = parked("inbox", "--json").json[0]["id"]
    [(state, said)] = findings(parked, "inbox")
    assert (state, question in said) == ("ok", True)


def test_runs_that_only_a_person_can_move_are_named(parked: Terminal) -> None:
    code = parked.place / "flows" / "shop.py"
    code.write_text(
        code.read_text().replace('return f"paid {cents}"', "return 'changed'").replace("price", "cost")
    )
    parked("approve", parked("inbox", "--json").json[0]["id"], code=0)
    run = parked("runs", "--json").json[0]["id"]
    parked.start("worker")
    parked.start("watch", run, "--json").until('"reason":"code_changed"')
    [(state, said)] = findings(parked, "parked")
    assert state == "warning"
    assert f"remit migrate-run {run}" in said
