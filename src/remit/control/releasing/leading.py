"""Turning channels: a release is promoted, taken back, or tried on a share of the traffic. Before new runs are led to a
release, the journals of parked runs are replayed against it, and what would not go on as it began stands in the way.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from remit.control.authority.duties import require
from remit.control.releasing.booking import book_of
from remit.control.releasing.ending import canary_row, closed, end_canary, ran_of, verdict
from remit.control.releasing.views import CanaryView, DivergedRun, RehearsalView
from remit.control.running import rehearsing
from remit.domain.errors import InvalidInput, RemitError, WrongState
from remit.domain.fronting import EXCHANGE
from remit.domain.ids import worker_id
from remit.domain.release_errors import CanaryUnderWay, ReleaseBlocked
from remit.domain.release_events import CanaryDecided, CanaryStarted, ReleaseRehearsed
from remit.engine.outside import team_stream
from remit.operations.releases.book import Release, Told
from remit.operations.releases.canary import Terms, bounds_of, usual_of
from remit.operations.releases.channels import Channel
from remit.store.database import Op
from remit.store.runs import run_row

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.control.running.parts import Parts
    from remit.domain.event import Event
    from remit.operations.releases.book import ReleaseBook, Turn
    from remit.store.database import Row

_PAGE = 200
_MOST = 2000
_BEFORE = 500
_NAMED = 5
_PATCH = (
    "Mark the change with run.patched(…), end these runs, or promote all the same with --despite-parked: they stay "
    "with the release that they began with."
)


async def rehearse(parts: Parts) -> RehearsalView:
    """Replay the journals of parked runs against the release of this process; nothing is appended or performed."""
    mine, team, after = parts.services.release, parts.ground.principal.team, ""
    runs, diverged, unread = 0, list[DivergedRun](), list[str]()
    while runs < _MOST:
        rows = await parts.ground.database.fetch("releases.parked", team, mine, after, _PAGE)
        for row in map(run_row, rows):
            after = row.id
            if row.flow == EXCHANGE or row.flow.startswith("remit."):
                continue
            runs += 1
            if row.flow not in parts.flows:
                diverged.append(DivergedRun(row.id, row.flow, "", f"the release has no flow {row.flow}"))
                continue
            try:
                report = await rehearsing.replay(parts, row.id)
            except RemitError as wrong:
                unread.append(f"{row.id}: {wrong.message}")
                continue
            if report.verdict != "equal":
                diverged.append(DivergedRun(row.id, row.flow, report.at, report.message))
        if len(rows) < _PAGE:
            break
    return RehearsalView(mine, runs, tuple(diverged), tuple(unread))


async def promote(parts: Parts, reason: str = "", *, despite_parked: bool = False) -> RehearsalView:
    """From now on new runs go to the release of this process, unless a parked run stands in the way."""
    ground = parts.ground
    await require(ground, "admin", "releases", "promote a release")
    release = await served(parts)
    found = await rehearse(parts)
    if found.diverged and not despite_parked:
        await book_of(ground).say([_rehearsed(found, ground.principal.id)], [])
        raise blocked(release, found)
    await lead(parts, release, found, Told("promote", ground.principal.id, reason))
    return found


async def lead(parts: Parts, release: Release, found: RehearsalView, told: Told, cleared: str = "") -> None:
    """Turn what is stable to a release; a canary of it has come to its end by that. With the canary that `cleared` it,
    only as long as that still stands: somebody may have taken it back while parked runs were replayed.
    """
    book = book_of(parts.ground)
    leads = await book.leads()
    stable = leads.get(Channel.STABLE)
    if stable is not None and stable.release == release.digest:
        raise WrongState(f"{release.name} is stable already.")
    turns = [book.turned(stable, Channel.STABLE, release.digest, told)]
    open_ = await canary_row(book)
    against = stable.release if stable is not None else ""
    if cleared and (open_ is None or (open_[0], open_[2], open_[3]) != (cleared, against, "cleared")):
        raise WrongState(f"the canary that cleared {release.name} does not stand any more.")
    events, ops = await _with_canary(book, open_, turns, release.digest, told)
    await book.say([_rehearsed(found, told.by), *events], ops)
    parts.switch.forget()


async def _with_canary(
    book: ReleaseBook, open_: Row | None, turns: list[Turn], stable: str, told: Told
) -> tuple[list[Event], list[Op]]:
    """What turns a channel, and ends the canary that is under way: it is promoted by that, or has nothing to be held
    against any more.
    """
    if open_ is None:
        return [turn.event for turn in turns], [turn.op for turn in turns]
    turns = [*turns, *closed(book, await book.leads(), told)]
    outcome = "promoted" if open_[1] == stable else "ended"
    event, op = verdict(book, open_, outcome, told)
    back = [Op("releases.return_unstarted", (open_[1], stable))] if outcome == "ended" else []
    return [*(turn.event for turn in turns), event], [*(turn.op for turn in turns), op, *back]


async def roll_back(ground: Ground, reason: str, to: str = "") -> str:
    """End the canary that is under way; without one, lead what is stable back to what was there before. Gives the
    digest that new runs go to.
    """
    await require(ground, "admin", "releases", "roll a release back")
    book = book_of(ground)
    told = Told("rollback", ground.principal.id, reason)
    open_, leads = await canary_row(book), await book.leads()
    stable = leads.get(Channel.STABLE)
    if open_ is not None and not to:
        await end_canary(book, open_, "rolled_back", told)
        return stable.release if stable is not None else ""
    if stable is None:
        raise WrongState(
            "nothing is released here, so nothing can be rolled back.", "See: remit release list"
        )
    target = (await book.find(to)).digest if to else stable.previous
    if not target or target == stable.release:
        raise WrongState(
            "there is no release before this one.", "Name one: remit release rollback --to RELEASE"
        )
    turn = book.turned(stable, Channel.STABLE, target, told)
    await book.say(*await _with_canary(book, open_, [turn], target, told))
    return target


async def shadow(ground: Ground, wanted: str, percent: int, reason: str = "") -> None:
    """Copy a share of runs that are over to a release, where nothing that they do has any effect; none: no more."""
    await require(ground, "admin", "releases", "lead a shadow")
    book = book_of(ground)
    to = (await book.find(wanted)).digest if wanted else ""
    lead = (await book.leads()).get(Channel.SHADOW)
    if not to and lead is None:
        raise WrongState("no release has a shadow's share of runs.", "See: remit release list")
    if not 0 <= percent <= 100:  # noqa: PLR2004 - percent
        raise InvalidInput(f"a shadow gets from 0 to 100 percent of runs, and not {percent}.")
    turn = book.turned(
        lead, Channel.SHADOW, to, Told("shadow" if to else "end", ground.principal.id, reason), percent
    )
    await book.say([turn.event], [turn.op])


async def start_canary(parts: Parts, terms: Terms, *, despite_parked: bool = False) -> CanaryView:
    """Try the release of this process on a share of new runs. It gets the first as soon as anybody serves it, so that
    no run of it waits for a process to start, and counts as slow.
    """
    ground = parts.ground
    await require(ground, "admin", "releases", "start a canary")
    book, release = book_of(ground), await served(parts)
    leads, by = await book.leads(), ground.principal.id
    stable = leads.get(Channel.STABLE)
    if stable is None or stable.release == release.digest:
        said = "nothing is stable here yet" if stable is None else f"{release.name} is stable already"
        raise WrongState(
            f"{said}, so there is nothing to hold a canary against.", "See: remit release promote"
        )
    if await canary_row(book) is not None:
        raise CanaryUnderWay(
            "a canary is under way already.", "See it: remit release canary; end it: remit release rollback"
        )
    found = await rehearse(parts)
    if found.diverged and not despite_parked:
        await book.say([_rehearsed(found, by)], [])
        raise blocked(release, found)
    before = ran_of(await book.rows("before", stable.release, _BEFORE), canary="")
    terms = replace(terms, bounds=bounds_of(before, terms.slack), usual=usual_of(before))
    identity = f"c-{worker_id()[2:]}"
    turn = book.turned(leads.get(Channel.CANARY), Channel.CANARY, release.digest, Told("canary", by), 0)
    started = CanaryStarted(
        identity, release.digest, stable.release, by, asdict(terms) | {"steps": list(terms.steps)}
    )
    begins = Op(
        "releases.canary_begins",
        (identity, book.team, release.digest, stable.release, team_stream(book.team), ground.clock.now()),
    )
    await book.say([_rehearsed(found, by), turn.event, started], [turn.op, begins])
    parts.switch.forget()
    return (await canaries(ground))[0]


async def canaries(ground: Ground) -> list[CanaryView]:
    """Canaries, newest first."""
    book = book_of(ground)
    leads, names = await book.leads(), {each.digest: each.name for each in await book.list()}
    found: list[CanaryView] = []
    for row in await book.rows("canaries", book.team, _PAGE):
        identity, release, against, status, _, _, started, decided, stream, seq = row
        event = await book.event_at(stream, seq) if stream else None
        said = event if isinstance(event, CanaryDecided) else None
        lead = leads.get(Channel.CANARY)
        percent = lead.percent if lead is not None and lead.release == release else 0
        found.append(
            CanaryView(
                identity, release, names.get(release, ""), against, status, percent, started, decided,
                said.reason if said is not None else "", said.evidence or {} if said is not None else {},
            )
        )  # fmt: skip
    return found


# --- pieces ---------------------------------------------------------------------------------------------------


async def served(parts: Parts) -> Release:
    """The release that this process executes."""
    if not parts.services.release:
        raise WrongState(
            "this process executes the workspace as it stands, and no release that parked runs could be tried with.",
            "Open the platform with release=…, or use the terminal: remit release promote RELEASE",
        )
    return await book_of(parts.ground).find(parts.services.release)


def blocked(release: Release, found: RehearsalView) -> ReleaseBlocked:
    """Why parked runs stand in the way, by name."""
    named = "; ".join(
        f"{each.run}: {each.why.partition(chr(10))[0].rstrip('.')}" for each in found.diverged[:_NAMED]
    )
    more = f"; and {len(found.diverged) - _NAMED} more" if len(found.diverged) > _NAMED else ""
    count = len(found.diverged)
    return ReleaseBlocked(
        f"{count} of {found.runs} parked runs would not go on with {release.name} as they began: {named}{more}.",
        _PATCH,
    )


def _rehearsed(found: RehearsalView, by: str) -> ReleaseRehearsed:
    diverged = [asdict(each) for each in found.diverged]
    return ReleaseRehearsed(found.release, by, found.runs, diverged, list(found.unread))
