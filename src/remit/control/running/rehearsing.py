"""Replaying and forking runs: looking again at what happened, and trying what could have happened."""

from __future__ import annotations

import contextlib
import difflib
from typing import TYPE_CHECKING

from remit.control.running.handle import RunHandle
from remit.control.running.starting import accept, flow_named
from remit.control.running.views import ReplayReport
from remit.control.runs.inspection import find
from remit.control.runs.orders import check
from remit.domain.errors import InvalidInput, ReplayMismatch, Shredded, UnknownStep, WrongState
from remit.domain.events import RunContinued, RunCreated
from remit.domain.fronting import EXCHANGE
from remit.domain.ids import new_run_id
from remit.engine.birth import Birth
from remit.engine.fork import copy_past
from remit.engine.journal import Journal
from remit.engine.outside import run_stream
from remit.engine.rehearsal import replay as rehearse
from remit.store.database import Commit

if TYPE_CHECKING:
    from remit.control.running.parts import Parts
    from remit.domain.runs import RunRow


async def replay(parts: Parts, run: str) -> ReplayReport:
    """Execute the code over the journal; nothing is appended, nothing performed."""
    row = await find(parts.ground.database, run)
    _check_ours(row)
    journal = await _journal(parts, row)
    key = await parts.ground.keys.get(row.key_id)
    flow = flow_named(parts, row.flow)
    found = await rehearse(row, flow, key, journal, parts.services)
    if found.mismatch is None:
        return ReplayReport(
            row.id, "equal", found.steps, found.replayed, "", "every recorded step is repeated"
        )
    place = found.mismatch.message.partition(":")[0]
    said = f"{found.mismatch}{await _where_it_belongs(parts, row)}"
    return ReplayReport(row.id, "diverged", found.steps, found.replayed, place, said)


async def _where_it_belongs(parts: Parts, row: RunRow) -> str:
    """Which release made it, if that is not the one that it was tried with."""
    rows = await parts.ground.database.fetch("releases.of_run", row.id)
    made_by = rows[0][0] if rows else ""
    if made_by in {"", parts.services.release}:
        return ""
    name = (await parts.switch.book.find(made_by)).name
    here = f"the release {parts.services.release[:12]}" if parts.services.release else "the code as it stands"
    there = f"remit replay {row.id} --release {name}"
    return f"\nThe run was made by the release {name}; this is {here}. Replay it there: {there}"


async def fork(
    parts: Parts, run: str, at: str | None, *, live: bool, given: dict[str, object] | None
) -> RunHandle:
    """Create the fork; a worker takes it up like any other run."""
    row = await find(parts.ground.database, run)
    _check_ours(row)
    if at is not None and given is not None:
        raise InvalidInput(
            "a fork at a step keeps the input of its original.",
            "With another input it begins at the start: give --input without --at.",
        )
    ground, flow = parts.ground, flow_named(parts, row.flow)
    created = (await _journal(parts, row)).created
    assert isinstance(created, (RunCreated, RunContinued))  # noqa: S101 - a generation begins with one of them
    now = ground.clock.now()
    birth = Birth(
        new_run_id(now), row.team, flow, accept(flow, given) if given is not None else created.input,
        ground.principal.id, session_tag=row.session, simulated=not live, asks=live,
        forked_from=row.id, forked_at=at or "", policy=parts.services.policy(),
        warrant=created.warrant, release=parts.services.release,
    )  # fmt: skip
    born = birth.prepare(ground.keys, now)
    past, mail = await copy_past(ground.log, row, at, born)
    blobs = [*born.blobs, *born.pen.take_blobs()]
    await ground.database.submit(Commit([*born.events, *past], blobs, [*born.ops, *mail]))
    parts.dispatcher.submit(birth.id)
    return RunHandle(parts, birth.id, flow)


def _check_ours(row: RunRow) -> None:
    if row.flow == EXCHANGE:
        raise WrongState(
            f"{row.id} is an exchange of an agent that is not ours: nobody here has the code to execute again.",
            f"Look at it: remit show {row.id}",
        )


async def check_migration(parts: Parts, run: str, renames: dict[str, str]) -> None:
    """Refuse to move a run to code on which it would only stop again."""
    row = await find(parts.ground.database, run)
    check(row, "migrate", parts.services.release)
    journal = await _journal(parts, row)
    _check_names(journal, renames)
    journal.rename(renames)
    key = await parts.ground.keys.get(row.key_id)
    found = await rehearse(row, flow_named(parts, row.flow), key, journal, parts.services)
    if found.mismatch is not None:
        raise ReplayMismatch(
            f"{row.id} would stop at this code again: {found.mismatch.message}", found.mismatch.hint
        )


def _check_names(journal: Journal, renames: dict[str, str]) -> None:
    """A name that nothing was recorded under would be renamed in vain."""
    known = list(dict.fromkeys(_bare(part) for path in journal.at_path for part in path.split("/")))
    for old in renames:
        if old not in known:
            near = difflib.get_close_matches(old, known, n=1)
            hint = f'Did you mean "{near[0]}"?' if near else f"It has: {', '.join(known[:20]) or 'none'}."
            raise UnknownStep(f'the run has recorded no step called "{old}".', hint)


def _bare(part: str) -> str:
    return part.partition("#")[0]


async def _journal(parts: Parts, row: RunRow) -> Journal:
    with contextlib.suppress(Shredded):  # reading says it better
        await parts.ground.keys.still(row.key_id)  # what was destroyed must not be rehearsed from memory
    entries, _ = await parts.ground.log.read(run_stream(row.id), row.base_seq)
    return Journal(entries)
