"""What can be asked about what runs said and why they failed. It only hands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.on_use import on_use

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.control.searching import explaining, failing, finding, learning, sentences
    from remit.control.searching.explaining import Explained
    from remit.control.searching.learning import Learner
    from remit.control.searching.sentences import Ask, Sentences
    from remit.control.searching.views import FailuresView, SearchView
    from remit.control.sections import Settings
else:
    explaining = on_use("remit.control.searching.explaining")
    failing = on_use("remit.control.searching.failing")
    finding = on_use("remit.control.searching.finding")
    learning = on_use("remit.control.searching.learning")
    sentences = on_use("remit.control.searching.sentences")


class SearchingDesk:
    """Looking for things in the runs of a team."""

    def __init__(self, ground: Ground, sentences: Sentences | None = None) -> None:
        self._ground = ground
        self._sentences = sentences

    async def search(
        self, text: str, *, since: str = "", by: str = "both", limit: int = 20, team: str = "", flow: str = "",
        agent: str = "", tool: str = "", model: str = "", error: str = "", part: str = "", status: str = "",
        session: str = "", release: str = "", environment: str = "", purpose: str = "", min_cost: int = 0,
    ) -> SearchView:  # fmt: skip
        """Where in runs something was said: by its words and by what they mean, the best place of each run first."""
        return await finding.search(
            self._ground, text, since=since, by=by, limit=limit, team=team, flow=flow, agent=agent, tool=tool,
            model=model, error=error, part=part, status=status, session=session, release=release,
            environment=environment, purpose=purpose, min_cost=min_cost, sentences=self._sentences,
        )  # fmt: skip

    async def why(self, run: str) -> Explained:
        """Why a run came out as it did: what it goes back to, which agent is most likely at fault, what was tried, and
        what to do next, with the events.
        """
        return await explaining.why(self._ground, run)

    async def failures(self, since: str = "7d", flow: str = "", limit: int = 20) -> FailuresView:
        """Failures of a time as groups of one kind each, the largest first, with their trend and what they said."""
        return await failing.failures(self._ground, since, flow, limit)


def learner(ground: Ground, ask: Ask, chosen: Settings) -> Learner | None:
    """What shows every text to the sentence model, where the settings want that."""
    if not chosen.search.route or not chosen.search.learn:
        return None
    return learning.Learner(ground, sentences.sentences_of(ground, ask, chosen))


def asking(ground: Ground, ask: Ask, chosen: Settings) -> SearchingDesk:
    """The desk of a process that can ask models; without a model, if none is chosen."""
    if not chosen.search.route:
        return SearchingDesk(ground)
    return SearchingDesk(ground, sentences.sentences_of(ground, ask, chosen))
