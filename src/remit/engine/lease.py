"""A worker's right to act: known dead by a released lock or an expired lease, and renewed only while it is alive (S15).

The lease row is the database's; the lock file tells every process of the same host at once that this one is gone.
The event loop itself renews, every third of the lease: a loop that hangs for longer than the rest must lose its runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from remit.domain import ids
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import Fenced, Infrastructure, LateLease, StoreReadOnly
from remit.store.database import Commit, Conflict, Op, WorkerIdentity

if TYPE_CHECKING:
    from remit.domain.clock import Clock, Timer
    from remit.store.database import Database

_log = logging.getLogger("remit.worker")


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """How long a lease lasts; a loop that stalls for two thirds of it may lose its runs."""

    seconds: float = 30.0


class Lease:
    """One worker's registration, from start to end."""

    def __init__(
        self, database: Database, clock: Clock, locks: Path, terms: LeaseTerms | None = None
    ) -> None:
        self.worker = ""
        self.epoch = 1
        self._database = database
        self._clock = clock
        self._locks = locks
        self._terms = terms or LeaseTerms()
        self._lock = -1
        self._until = 0
        self._timer: Timer | None = None
        self._renewal: asyncio.Task[None] | None = None

    async def take(self) -> None:
        """Register as a new worker and start to renew."""
        self.worker = ids.worker_id()
        self._lock = hold_lock(self._locks, self.worker)
        now = await self._database.lease_now()
        self._note(now)
        row = (self.worker, host_of(self._locks), os.getpid(), self._until, self._clock.now())
        await self._database.submit(Commit(ops=[Op("workers.add", row)]))
        self._database.identity = WorkerIdentity(self.worker, self.epoch)
        self._schedule()

    async def give_up(self) -> None:
        """End in good order: nobody has to wait for the lease to run out."""
        self._stop()
        if self._database.identity is not None:
            self._database.identity = None
            end = Op("workers.fence", (self.worker, self.epoch, self._clock.now()))
            with contextlib.suppress(Infrastructure):  # the fallen lock, or the lease's end, says the same
                await self._database.submit(Commit(ops=[end]))
        self._release_lock()

    def abandon(self) -> None:
        """What the kernel does for a killed process: the lock falls, the row stays."""
        self._stop()
        self._release_lock(keep_file=True)

    async def ensure(self, seconds: float) -> None:
        """A call that may last `seconds` starts only if the lease outlasts it (S10)."""
        if self._remaining() > seconds:
            return
        await self._renew(seconds)
        if self._remaining() <= seconds:
            raise LateLease(
                f"the worker's lease ends in {self._remaining():.0f} s, before a call of {seconds:g} s could.",
                "Raise worker.lease_seconds, or shorten the step's timeout.",
            )

    @property
    def holds(self) -> bool:
        """Whether it still stands, as far as this process knows."""
        return self._remaining() > 0

    def _remaining(self) -> float:
        return (self._until - self._clock.boot() - self._offset) / MICROSECONDS

    def _note(self, now: int, extra: float = 0.0) -> None:
        self._offset = now - self._clock.boot()
        self._until = now + int((self._terms.seconds + extra) * MICROSECONDS)

    async def _renew(self, extra: float = 0.0) -> None:
        now = await self._database.lease_now()
        until = now + int((self._terms.seconds + extra) * MICROSECONDS)
        renew = Op("workers.renew", (self.worker, self.epoch, max(until, self._until)), one=True)
        try:
            await self._database.submit(Commit(ops=[renew]))
        except Conflict:
            raise Fenced(
                f"worker {self.worker} was declared dead by another.", "It has to start again."
            ) from None
        if until > self._until:
            self._note(now, extra)

    def _schedule(self) -> None:
        third = int(self._terms.seconds * MICROSECONDS / 3)
        self._timer = self._clock.call_at(self._clock.now() + third, self._start_renewal)

    def _start_renewal(self) -> None:
        self._renewal = asyncio.get_running_loop().create_task(self._renew_quietly())

    async def _renew_quietly(self) -> None:
        try:
            await self._renew()
        except (Fenced, Infrastructure):
            return  # every further commit is refused, or the store is away; the worker notices there
        except Exception as wrong:  # noqa: BLE001 - it is tried again, and a lease that runs out is noticed
            _log.warning("the lease could not be renewed: %s", wrong)
        finally:
            if self._lock >= 0:
                self._schedule()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._renewal is not None:
            self._renewal.cancel()

    def _release_lock(self, *, keep_file: bool = False) -> None:
        if self._lock >= 0:
            if not keep_file:
                lock_file(self._locks, self.worker).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1


def hold_lock(folder: Path, worker: str) -> int:
    """Hold the lock file that says this worker lives."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(lock_file(folder, worker), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as wrong:
        raise StoreReadOnly(f"the lock folder {folder} cannot be written: {wrong.strerror}.") from None
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return handle


def is_dead_here(folder: Path, worker: str) -> bool:
    """Whether a worker of this very host has let go of its lock, as every dead process does."""
    try:
        handle = os.open(lock_file(folder, worker), os.O_RDWR)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(handle)


def host_of(folder: Path) -> str:
    """Names the machine, its boot and the very folder, so that only who shares the locks judges by them."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        boot = socket.gethostname()
    place = folder.stat()
    return f"{boot}:{place.st_dev}:{place.st_ino}"


def lock_file(folder: Path, worker: str) -> Path:
    """Where a worker's lock is."""
    return folder / f"{worker}.lock"
