"""How canaries end: what is written down when one came to something, and what its runs say. It loads no code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.release_events import CanaryDecided
from remit.engine.outside import team_stream
from remit.operations.releases.canary import Ran
from remit.operations.releases.channels import Channel
from remit.store.database import Op

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.operations.releases.book import ReleaseBook, Told, Turn
    from remit.store.database import Row


async def canary_row(book: ReleaseBook) -> Row | None:
    """The canary that is under way."""
    rows = await book.rows("canary", book.team)
    return rows[0] if rows else None


async def end_canary(book: ReleaseBook, open_: Row, outcome: str, told: Told) -> None:
    """It came to something: no new run goes to it, and those that never began go to what is stable."""
    leads = await book.leads()
    turns = closed(book, leads, told)
    event, op = verdict(book, open_, outcome, told)
    stable = leads.get(Channel.STABLE)
    back = [Op("releases.return_unstarted", (open_[1], stable.release if stable is not None else ""))]
    await book.say([*(turn.event for turn in turns), event], [*(turn.op for turn in turns), op, *back])


def verdict(book: ReleaseBook, open_: Row, outcome: str, told: Told) -> tuple[CanaryDecided, Op]:
    """What a canary came to; the event is to be the last of its commit."""
    event = CanaryDecided(open_[0], open_[1], outcome, told.by, told.reason, told.evidence)
    now, stream = book.now(), team_stream(book.team)
    return event, Op("releases.canary_turns", (open_[0], open_[3], outcome, now, stream), one=True)


def ran_of(rows: Iterable[Row], canary: str) -> list[Ran]:
    """How runs came out, as the table of traces has it."""
    return [Ran(row[0], row[1] == canary, row[2] == "succeeded", row[3], row[4] / 1_000_000) for row in rows]


def closed(book: ReleaseBook, leads: Any, told: Told) -> list[Turn]:
    """What closes the channel of a canary."""
    lead = leads.get(Channel.CANARY)
    return [book.turned(lead, Channel.CANARY, "", told)] if lead is not None else []
