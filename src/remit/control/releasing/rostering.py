"""Which releases have to be executed now: for whoever starts processes, asked where no code is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.releasing.booking import book_of
from remit.control.releasing.views import Roster
from remit.domain.clock import MICROSECONDS
from remit.operations.releases.channels import Channel

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground

_SOON = 10 * MICROSECONDS
"""A run that is due so soon has to find a process that serves its release."""


async def roster(ground: Ground) -> Roster:
    """What has to be executed now: whatever channels lead to, and releases whose runs are due or under way."""
    book, now = book_of(ground), ground.clock.now()
    leads = await book.leads()
    busy = {
        row[0] for row in await book.rows("live") if row[3] or (row[2] is not None and row[2] <= now + _SOON)
    }  # fmt: skip
    stable = leads[Channel.STABLE].release if Channel.STABLE in leads else ""
    others = (busy | {lead.release for lead in leads.values()}) - {stable}
    known = {each.digest for each in await book.list()}
    return Roster(stable, tuple(sorted(others & known)))
