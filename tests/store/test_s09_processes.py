"""S9: processes on one SQLite file take turns, none starves, a dead one holds nobody up, the WAL stays short."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from remit.domain.errors import StoreUnavailable, UnsafeFileSystem
from remit.store.database import BlobRow, Commit, Cursor, Op
from remit.store.databases import turnstile
from remit.store.databases.sqlite import SqliteDatabase
from remit.store.databases.turnstile import Turnstile, file_system_of, refuse_network_file_system
from tests.store.stores import Store, enlist, owned_run, seqs, stream_of

PROCESSES, COUNT = 4, 300
HOLD = """
import sys
from pathlib import Path
from remit.store.databases.turnstile import Turnstile
with Turnstile(Path(sys.argv[1])):
    print("inside", flush=True)
    sys.stdin.read()
"""


async def test_s09_several_processes_write_one_file_in_fair_turns(sqlite_place: Store) -> None:
    command = [sys.executable, "-m", "tests.store.writing_process", sqlite_place.place]
    writers = [_start([*command, str(n), str(COUNT)]) for n in range(PROCESSES)]
    for writer in writers:
        assert await asyncio.to_thread(_line, writer) == "ready"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        assert await asyncio.to_thread(writer.wait) == 0
        _close(writer)

    database = await sqlite_place.open()
    for n in range(PROCESSES):
        assert len(await seqs(database, f"run:r-{n}")) == COUNT + 1
    assert len(await stream_of(database, "team:team")) == PROCESSES * COUNT / 10
    order = [each.row.stream for each in await database.tail(Cursor(0, 0), 100_000) if each.row.seq > 1]
    steps = [stream for stream in order if stream != "team:team"]
    assert _least_share(steps) > 0.5 / PROCESSES
    await sqlite_place.close()


async def test_s09_a_killed_process_holds_nobody_up(sqlite_place: Store) -> None:
    database = await sqlite_place.open()
    await enlist(database)
    run = await owned_run(database)
    holder = _start([sys.executable, "-c", HOLD, sqlite_place.place])
    assert await asyncio.to_thread(_line, holder) == "inside"
    write = database.submit(run.step())
    holder.send_signal(signal.SIGKILL)
    await write
    holder.wait()
    _close(holder)
    await sqlite_place.close()


def test_s09_whoever_waits_goes_before_whoever_just_wrote(tmp_path: Path) -> None:
    ours, theirs = Turnstile(tmp_path / "remit.db"), Turnstile(tmp_path / "remit.db")
    order: list[str] = []

    def wait_and_write() -> None:
        with theirs:
            order.append("theirs")

    other = threading.Thread(target=wait_and_write)
    with ours:
        order.append("ours")
        other.start()
        _until_door_is_taken(tmp_path / "remit.db")
    with ours:
        order.append("ours")
    other.join()
    assert order == ["ours", "theirs", "ours"]
    ours.close()
    theirs.close()


async def test_s09_the_wal_stays_short_while_a_process_writes(sqlite_place: Store) -> None:
    database = await sqlite_place.open()
    longest = 0
    for n in range(60):
        blobs = [BlobRow(bytes([n, m]) * 16, "k", bytes(100_000)) for m in range(20)]
        await database.submit(Commit(blobs=blobs))
        longest = max(longest, _size(f"{sqlite_place.place}-wal"))
    assert longest < 60_000_000
    assert _size(sqlite_place.place) > 60_000_000
    await sqlite_place.close()


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph"])
def test_s09_network_file_systems_are_refused(kind: str, tmp_path: Path) -> None:
    place = tmp_path / "with space"
    place.mkdir()
    mounts = f"/dev/vda / ext4 rw 0 0\nserver:/x {str(place).replace(' ', chr(92) + '040')} {kind} rw 0 0\n"
    with pytest.raises(UnsafeFileSystem, match="network"):
        refuse_network_file_system(place, mounts)
    refuse_network_file_system(tmp_path, mounts)
    assert file_system_of(place / "deeper", mounts) == kind


async def test_s09_a_database_on_a_network_file_system_does_not_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turnstile, "_mounts", lambda: f"server:/x {tmp_path} nfs4 rw 0 0\n")
    with pytest.raises(UnsafeFileSystem, match="Postgres"):
        await SqliteDatabase(tmp_path / "remit.db").open()
    assert _names(tmp_path) == []


def _size(path: str) -> int:
    return Path(path).stat().st_size


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _least_share(steps: list[str]) -> float:
    """The smallest part that one process had while all of them were writing."""
    names = set(steps)
    first = max(steps.index(name) for name in names)
    last = min(len(steps) - steps[::-1].index(name) for name in names)
    shares = Counter(steps[first:last])
    return min(shares[name] for name in names) / (last - first)


def _until_door_is_taken(database: Path) -> None:
    """Return once somebody stands at the door, told by the kernel's own list of locks."""
    inode = str(database.with_name(database.name + ".door").stat().st_ino)
    while f":{inode} " not in Path("/proc/locks").read_text():
        pass


def _start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _close(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        pipe.close()


async def test_s09_a_process_stopped_in_the_room_is_named_instead_of_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen process that holds the write lock must not freeze every other one for ever."""
    monkeypatch.setattr(turnstile, "_PATIENCE", 0.05)
    database = SqliteDatabase(tmp_path / "remit.db")
    await database.open()
    stopped = turnstile.Turnstile(tmp_path / "remit.db")
    try:
        with stopped, pytest.raises(StoreUnavailable, match=f"process {os.getpid()}"):
            await database.submit(Commit(ops=[Op("workspace.set", ("a", "b"))]))
        with pytest.raises(Exception, match="no such table"):  # the room is free again, and the writer lives
            await database.submit(Commit(ops=[Op("workspace.set", ("a", "b"))]))
    finally:
        stopped.close()
        await database.close()
