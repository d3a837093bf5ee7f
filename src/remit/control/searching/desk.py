"""What can be asked about what runs said and why they failed. It only hands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.on_use import on_use

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.control.searching import finding
    from remit.control.searching.views import SearchView
else:
    finding = on_use("remit.control.searching.finding")


class SearchingDesk:
    """Looking for things in the runs of a team."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def search(
        self, text: str, *, since: str = "", by: str = "both", limit: int = 20, team: str = "", flow: str = "",
        agent: str = "", tool: str = "", model: str = "", error: str = "", part: str = "", status: str = "",
        session: str = "", release: str = "", environment: str = "", purpose: str = "", min_cost: int = 0,
    ) -> SearchView:  # fmt: skip
        """Where in runs something was said: by its words and by what they mean, the best place of each run first."""
        return await finding.search(
            self._ground, text, since=since, by=by, limit=limit, team=team, flow=flow, agent=agent, tool=tool,
            model=model, error=error, part=part, status=status, session=session, release=release,
            environment=environment, purpose=purpose, min_cost=min_cost,
        )  # fmt: skip
