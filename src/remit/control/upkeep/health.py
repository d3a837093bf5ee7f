"""What the doctor looks at: the ground (versions, files, disk) and the database (settings, workers, runs,
clocks). Every finding says what is, and what to do where something is wrong. It changes nothing, and it reads
only what can be read without any key. It is given the database and the flows, and does not know how they were
opened.
"""

from __future__ import annotations

import os
import platform
import shutil
import stat
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from remit.control.auditing.health import examine_evidence
from remit.control.auditing.integrity import examine_log
from remit.control.drifting.health import examine_drift
from remit.control.finding import Finding
from remit.control.observing.health import examine_lag
from remit.control.people.lasting import examine_admins
from remit.control.policy_life.overdue import examine_reviews
from remit.control.protecting.protection import examine_protection
from remit.control.redteaming.health import examine_red_team
from remit.control.releasing.health import examine_releases
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import UnsafeFileSystem
from remit.engine.lease import host_of, is_dead_here
from remit.engine.outside import WORKSPACE_STREAM
from remit.store.database import EventRow
from remit.store.databases.turnstile import refuse_network_file_system
from remit.tools.sandboxes.choosing import probe_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.control.ground.ground import Ground
    from remit.domain.clock import Clock
    from remit.store.database import Database

_GIGABYTE = 1024**3
_LITTLE_SPACE = 1.0
_NO_SPACE = 0.05
_SLOW_FLUSH_MS = 20.0
_FLUSHES = 15
_OVERDUE_SECONDS = 60
_CLOCK_SLACK_SECONDS = 5.0
_SAME_START_SECONDS = 60
_LONG_WAIT_HOURS = 24.0
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_STUCK = {
    "code_changed": "their code changed in a way that their journal does not fit",
    "needs_release": "nobody executes the release that they belong to",
    "unknown": "nobody knows whether a write took place",
    "trouble": "something failed again and again outside of their steps",
}
_STUCK_REMEDY = {
    "code_changed": "Put the old code back or mark the change with run.patched(…), then: remit migrate-run {run}",
    "needs_release": "Start what does: remit up. Or move them: remit migrate-run {run} --release RELEASE",
    "unknown": "Find out and say so: remit inbox",
    "trouble": "See what it was: remit show {run}. Mend it, then: remit resume {run}",
}


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined: an open database, the names of the flows known here, and which workers are dead."""

    database: Database
    flows: Sequence[str] | None
    """None: nobody knows, because the code was not read."""
    clock: Clock
    is_dead: Callable[[str, str], bool]
    """Whether a worker (its id, its host) is known to be dead on this machine."""


async def examine_platform(
    ground: Ground, flows: Sequence[str] | None, *, deep: bool = False, days: int = 0
) -> list[Finding]:
    """Everything about an open workspace; `deep` also reads the whole log. Content is kept for `days` (0: for ever)."""
    here = host_of(ground.locks) if ground.locks.exists() else ""

    def is_dead(worker: str, host: str) -> bool:
        return host == here and is_dead_here(ground.locks, worker)

    local = ground.database.dialect == "sqlite"
    findings = examine_ground(ground.workspace, local_database=local)
    findings.append(await _sandboxes())
    findings += await _descent(ground)
    findings += await examine_evidence(ground)
    findings += await examine_protection(ground, days)
    findings += await examine_reviews(ground)
    findings += await examine_red_team(ground)
    findings += await examine_admins(ground)
    findings += await examine_lag(ground)
    findings += await examine_releases(ground)
    findings += await examine_drift(ground)
    findings += await examine(Patient(ground.database, flows, ground.clock, is_dead))
    return [*findings, *await examine_log(ground.database, ground.log)] if deep else findings


def examine_ground(workspace: Path, *, local_database: bool = True) -> list[Finding]:
    """Everything that can be said without opening the database."""
    findings = [_versions(), *_keys(workspace / ".remit" / "keys")]
    if local_database:
        findings += [_file_system(workspace), _space(workspace), _flush(workspace)]
    return findings


async def _descent(ground: Ground) -> list[Finding]:
    """Whether the keys here are older than the database: then there was another one before it."""
    file = ground.workspace / ".remit" / "keys" / "local.key"
    first = await ground.database.fetch("log.read", WORKSPACE_STREAM, 1, 1)
    if not first or not file.exists():
        return []
    if EventRow(*first[0]).at / MICROSECONDS - file.stat().st_mtime < _SAME_START_SECONDS:
        return []
    message = "the keys are those of another database: this one was made later, and began empty"
    remedy = "If data should be in it, restore a backup: remit backup --restore FILE --to FOLDER"
    return [Finding("database", "warning", message, remedy)]


async def examine(patient: Patient) -> list[Finding]:
    """Everything that an open database tells."""
    return [
        *await _settings(patient.database),
        *await _workers(patient),
        *await _waiting_runs(patient),
        *await _parked_runs(patient.database),
        await _oldest_question(patient),
        await _clocks(patient),
    ]


# --- the ground ---------------------------------------------------------------------------------------------


def _versions() -> Finding:
    parts = [f"Remit {_version('remit')}", f"Python {platform.python_version()}", f"apsw {_version('apsw')}"]
    if _version("asyncpg"):
        parts.append(f"asyncpg {_version('asyncpg')}")
    return Finding("versions", "ok", f"{', '.join(parts)} on {sys.platform} {platform.release()}", "")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        if package != "remit":
            return ""
        from remit import __version__

        return __version__


def _keys(folder: Path) -> list[Finding]:
    if not folder.is_dir():
        return [Finding("keys", "ok", "none yet; they are made at the first start", "")]
    loose = [path for path in (folder, *sorted(folder.iterdir())) if path.stat().st_mode & _OPEN_TO_OTHERS]
    if not loose:
        return [Finding("keys", "ok", f"{folder} is readable by its owner only", "")]
    return [
        Finding(
            "keys",
            "broken",
            f"{path} may be read by others ({stat.filemode(path.stat().st_mode)})",
            f"Take that away: chmod go-rwx {path}",
        )
        for path in loose
    ]


def _file_system(workspace: Path) -> Finding:
    try:
        refuse_network_file_system(workspace)
    except UnsafeFileSystem as wrong:
        return Finding("file system", "broken", wrong.message, wrong.hint)
    return Finding("file system", "ok", "local, so locks between processes can be trusted", "")


def _space(workspace: Path) -> Finding:
    free = shutil.disk_usage(workspace).free / _GIGABYTE
    message = f"{free:.1f} GB free where {workspace} is"
    if free < _NO_SPACE:
        return Finding(
            "disk space", "broken", message, "Free some: without room nothing can be made durable."
        )
    state = "warning" if free < _LITTLE_SPACE else "ok"
    return Finding("disk space", state, message, "Free some soon." if state == "warning" else "")


def _flush(workspace: Path) -> Finding:
    """Time what every commit waits for, where the database lies."""
    folder = workspace / ".remit" if (workspace / ".remit").is_dir() else workspace
    probe = folder / f".flush-{os.getpid()}"
    try:
        took = _time_flushes(probe)
    except OSError as wrong:
        remedy = "Give this user write access to the folder."
        return Finding("disk", "broken", f"{folder} cannot be written: {wrong.strerror}", remedy)
    finally:
        probe.unlink(missing_ok=True)
    message = f"a flush takes {took:.1f} ms (median of {_FLUSHES}); every commit waits for one"
    if took > _SLOW_FLUSH_MS:
        return Finding(
            "disk", "warning", message, "A faster disk makes single runs faster; many at once share a flush."
        )
    return Finding("disk", "ok", message, "")


def _time_flushes(probe: Path) -> float:
    times: list[float] = []
    with probe.open("wb", buffering=0) as file:
        for _ in range(_FLUSHES):
            file.write(b"\0" * 4096)
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begun) * 1000)
    return median(times)


async def _sandboxes() -> Finding:
    """Which tiers this machine has. To lack one is no fault: what asks for it is refused, and nothing else needs it."""
    probed = await probe_all()
    works = ", ".join(each.tier for each in probed if each.works) or "none"
    missing = "; ".join(f"no {each.tier}: {each.missing}" for each in probed if not each.works)
    return Finding("sandboxes", "ok", f"{works} ({missing})" if missing else works, "")


# --- the database -------------------------------------------------------------------------------------------


async def _settings(database: Database) -> list[Finding]:
    version = (await database.fetch("health.version"))[0][0]
    found: dict[str, str] = dict(await database.fetch("health.settings"))
    name = "SQLite" if database.dialect == "sqlite" else "Postgres"
    findings = [Finding("database", "ok", f"{name} {version} at {database.url} answers", "")]
    if database.dialect == "sqlite":
        return [*findings, _journal_mode(found["journal_mode"])]
    return [*findings, *_durability(found)]


def _journal_mode(mode: str) -> Finding:
    if mode == "wal":
        return Finding("durability", "ok", "journal mode wal, every commit flushed", "")
    return Finding(
        "durability",
        "broken",
        f"the journal mode is {mode}, not wal",
        "Close what else has the file open, then start Remit again: it sets the mode.",
    )


def _durability(found: dict[str, str]) -> list[Finding]:
    meanings = {
        "fsync": ("broken", "a power cut can destroy the whole database"),
        "full_page_writes": ("warning", "a power cut can tear pages"),
        "synchronous_commit": ("warning", "a crash of the server can lose steps that were reported as done"),
    }
    findings = [
        Finding(
            "durability",
            "broken" if state == "broken" else "warning",
            f"{name} is off: {means}",
            f"Set {name} = on.",
        )
        for name, (state, means) in meanings.items()
        if found.get(name) == "off"
    ]
    if found.get("default_transaction_read_only") == "on":
        findings.append(
            Finding(
                "database",
                "broken",
                "it takes no writes (default_transaction_read_only)",
                "Name the primary.",
            )
        )
    return findings or [
        Finding("durability", "ok", "fsync, full_page_writes and synchronous_commit are on", "")
    ]


async def _workers(patient: Patient) -> list[Finding]:
    now = await patient.database.lease_now()
    rows = await patient.database.fetch("workers.live")
    held: dict[str, int] = dict(await patient.database.fetch("health.owners"))
    findings: list[Finding] = []
    alive = 0
    for worker, _epoch, host, pid, lease_until, _started in rows:
        if lease_until >= now and not patient.is_dead(worker, host):
            alive += 1
        elif held.get(worker):
            message = f"{worker} (pid {pid}) is dead and still holds {_runs(held[worker])}"
            findings.append(
                Finding("workers", "warning", message, "Start a worker; it takes them over: remit worker")
            )
    if alive:
        return [
            Finding("workers", "ok", f"{alive} alive, with {_runs(sum(held.values()))} in hand", ""),
            *findings,
        ]
    return [Finding("workers", "warning", "none is alive: runs wait", "Start one: remit up"), *findings]


async def _waiting_runs(patient: Patient) -> list[Finding]:
    now = patient.clock.now()
    findings: list[Finding] = []
    for flow, count, due in await patient.database.fetch("health.overdue", now):
        if patient.flows is not None and flow not in patient.flows:
            message = f"{_runs(count)} of the flow {flow} wait, and no code here has it"
            findings.append(Finding("runs", "broken", message, "Put its module back, or cancel the runs."))
        elif now - due > _OVERDUE_SECONDS * MICROSECONDS:
            late = (now - due) // MICROSECONDS
            message = f"{_runs(count)} of {flow} are due and nobody takes them, for {late} s at most"
            findings.append(
                Finding("runs", "warning", message, "Start more workers, or raise worker.concurrency.")
            )
    return findings or [Finding("runs", "ok", "none is overdue", "")]


async def _parked_runs(database: Database) -> list[Finding]:
    return [
        Finding(
            "parked",
            "warning",
            f"{_runs(count)} parked because {_STUCK[reason]} (the oldest: {oldest})",
            _STUCK_REMEDY[reason].format(run=oldest),
        )
        for reason, count, oldest in await database.fetch("health.parked")
        if reason in _STUCK
    ]


async def _oldest_question(patient: Patient) -> Finding:
    rows = await patient.database.fetch("health.oldest_question")
    if not rows:
        return Finding("inbox", "ok", "nothing waits for a person", "")
    identity, run, group, asked_at = rows[0]
    hours = (patient.clock.now() - asked_at) / MICROSECONDS / 3600
    waited = f"{hours:.0f} h" if hours >= 1 else f"{hours * 60:.0f} min"
    message = f"the oldest question, {identity} of {run} for {group}, has waited {waited}"
    if hours < _LONG_WAIT_HOURS:
        return Finding("inbox", "ok", message, "")
    return Finding("inbox", "warning", message, "Answer it: remit inbox")


async def _clocks(patient: Patient) -> Finding:
    now = patient.clock.now()
    newest = (await patient.database.fetch("health.newest"))[0][0]
    ahead = (newest - now) / MICROSECONDS if newest is not None else 0.0
    if ahead > _CLOCK_SLACK_SECONDS:
        message = (
            f"the newest event is {ahead:.0f} s in the future: this clock was set back, or another runs ahead"
        )
        return Finding(
            "clock", "warning", message, "Set the clocks by NTP. Leases do not depend on it; timers do."
        )
    if patient.database.dialect == "postgres":
        apart = abs(await patient.database.lease_now() - now) / MICROSECONDS
        if apart > _CLOCK_SLACK_SECONDS:
            message = f"this machine and the database server are {apart:.0f} s apart"
            return Finding(
                "clock", "warning", message, "Set both by NTP. Leases use the server's clock; timers do not."
            )
    return Finding("clock", "ok", "agrees with the log", "")


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"
