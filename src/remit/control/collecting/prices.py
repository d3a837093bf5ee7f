"""The prices by which model calls of agents that are not ours are reckoned: those that ship and those of the workspace,
written into the log once, so that whoever reads the log again comes to the same money.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.telemetry_events import PricesNoted
from remit.engine.outside import shared_event, team_stream
from remit.models.prices import PriceBook, shipped_prices
from remit.store.database import Commit

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.models.configuration import Configuration


def book_of(configuration: Configuration) -> PriceBook:
    """Every price that is known here, by maker and name; what the workspace says of a model counts."""
    found = PriceBook(shipped_prices()).to_plain()
    own: dict[str, Any] = configuration.book.to_plain()["prices"]
    for card in configuration.catalog:
        if card.name in own:
            found["prices"][f"{card.maker}/{card.sent_name}" if card.maker else card.sent_name] = own[
                card.name
            ]
    return PriceBook.from_plain(found)


class PriceNote:
    """Sees to it that the prices of this process stand in the log before what they are for."""

    def __init__(self, ground: Ground, book: PriceBook) -> None:
        self._ground = ground
        self._book = book
        self._noted = False

    async def name(self) -> str:
        """The name of the prices, which stand in the log by now."""
        if not self._noted:
            ground, team = self._ground, self._ground.principal.team
            if not await ground.database.fetch("foreign.book", team, self._book.name):
                now = ground.clock.now()
                key = await ground.keys.team_key(team, now)
                event = PricesNoted(self._book.name, self._book.to_plain()["prices"])
                shared = shared_event(team_stream(team), team, key, event, now)
                await ground.database.submit(Commit(shared=[shared]))
            self._noted = True
        return self._book.name
