"""The book of releases of the team that asks. It loads no code, so that a process that only observes can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.operations.releases.book import ReleaseBook

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground


def book_of(ground: Ground) -> ReleaseBook:
    """The releases of this team."""
    return ReleaseBook(ground.database, ground.keys, ground.log, ground.clock, ground.principal.team)
