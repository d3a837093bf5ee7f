"""Long-lived commands: a worker that is told to stop finishes what it is doing, one that is killed is replaced,
one whose supervisor is gone goes too, and of two owners of one run only one is believed.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import select
import signal
from pathlib import Path

from tests.cli.conftest import Terminal
from tests.cli.processes import Process

SHIPPED = ["price", "ship-begun"]


def submit(remit: Terminal, flow: str) -> str:
    return remit("run", flow, "--detach", "--json", code=0).json["run"]["id"]


def test_sigterm_while_busy_drains(remit: Terminal) -> None:
    run = submit(remit, "shipped")
    worker = remit.start("worker")
    worker.until("world: ship-begun")
    worker.signal(signal.SIGTERM)
    worker.until("finishing what is under way")
    remit.happens("shipped")
    assert worker.end() == 0
    assert worker.said[-1].endswith("drained; nothing is lost")
    assert remit.world()[:3] == [*SHIPPED, "ship"]
    remit.start("worker")
    assert remit("watch", run, code=0)
    assert remit.world() == [*SHIPPED, "ship", "pay"]


def test_a_second_signal_leaves_at_once_and_what_is_open_is_known(remit: Terminal) -> None:
    run = submit(remit, "shipped")
    worker = remit.start("worker")
    worker.until("world: ship-begun")
    worker.signal(signal.SIGTERM)
    worker.until("finishing what is under way")
    worker.signal(signal.SIGTERM)
    assert worker.end() == 128 + signal.SIGTERM
    remit.start("worker")
    remit.start("watch", run, "--json").until('"kind":"unknown"')
    said = remit("inbox", code=0).out
    assert "did ship take place?" in said
    assert "it did not happen: the run performs it again" in said


def test_up_replaces_a_dead_worker_and_takes_everything_down(remit: Terminal) -> None:
    up = remit.start("up", "--processes", "2")
    pids = [int(re.findall(r"\(pid (\d+)\) serves", up.until(") serves"))[0]) for _ in range(2)]
    os.kill(pids[0], signal.SIGKILL)
    up.until("was killed by SIGKILL")
    replaced = int(re.findall(r"\(pid (\d+)\) serves", up.until(") serves"))[0])
    run = submit(remit, "order_of_one")
    assert remit("watch", run, code=0)
    up.signal(signal.SIGTERM)
    assert up.end() == 0
    assert up.said[-1].endswith("everything is down")
    for pid in (*pids, replaced):
        await_end(pid)


def test_up_gives_up_on_what_will_never_start(remit: Terminal) -> None:
    (remit.place / "flows" / "bad.py").write_text("now = yesterday\n")
    assert "flows/bad.py:1 cannot be imported" in remit("up", code=2).err


def test_workers_go_when_their_supervisor_is_killed(remit: Terminal) -> None:
    up = remit.start("up", "--json")
    ready = json.loads(up.until('"event": "ready"'))
    pid = int(re.findall(r"\(pid (\d+)\)", ready["message"])[0])
    up.signal(signal.SIGKILL)
    await_end(pid)


def test_single_works_in_one_process(remit: Terminal) -> None:
    up = remit.start("up", "--single")
    assert f"(pid {up.pid})" in up.until(") serves")
    assert remit("watch", submit(remit, "order_of_one"), code=0)
    up.signal(signal.SIGINT)
    assert up.end() == 0


def test_of_two_owners_of_one_run_only_the_later_is_believed(remit: Terminal) -> None:
    remit.environment |= {"REMIT_WORKER_LEASE_SECONDS": "2"}
    run = submit(remit, "looked")
    first = remit.start("worker")
    first.until("world: look")
    freeze(first, remit.place / ".remit" / "remit.db.room")
    remit.start("worker").until("world: look")  # its lease ran out, so the run is another's
    first.signal(signal.SIGCONT)
    remit.happens("seen")
    assert remit("watch", run, code=0)
    first.signal(signal.SIGTERM)
    assert first.end() == 0
    steps = remit("show", run, "--json", code=0).json["steps"]
    assert [(step["name"], step["state"]) for step in steps] == [("price", "done"), ("look", "done")]
    assert remit.world() == ["price", "look", "look"]
    assert "are intact" in remit("doctor", "--deep", code=0).out


def freeze(worker: Process, room: Path) -> None:
    """Stop a process at a moment at which it does not hold the write lock, which no other could then have."""
    while True:
        worker.signal(signal.SIGSTOP)
        worker.stopped()
        with room.open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                worker.signal(signal.SIGCONT)
            else:
                return


def await_end(pid: int) -> None:
    """Until a process that is not our child is gone: the kernel tells."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], 30)[0], f"process {pid} is still there"
    finally:
        os.close(handle)
