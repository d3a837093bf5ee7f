"""What can be asked about labels, and done with them. It only hands on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from remit.control.labelling import freezing, giving, queueing, reading
from remit.control.labelling.views import QueueView
from remit.control.runs import matters
from remit.quality.labelling.agreement import agreement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from remit.control.ground.ground import Ground
    from remit.control.labelling.reading import Queue
    from remit.control.labelling.views import AddedView, ItemView, SetView
    from remit.quality.labelling.agreement import Agreement


class LabellingDesk:
    """Labels of one team."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def open(
        self, name: str, choices: Sequence[str] = ("pass", "fail"), *, labellers: int = 1,
        readers: Sequence[str] = (), ordinal: bool = False,
    ) -> QueueView:  # fmt: skip
        """Open a queue of things that so many people label each, without seeing what others say."""
        await queueing.open_queue(self._ground, name, choices, labellers, readers, ordinal=ordinal)
        return await self.queue(name)

    async def add_runs(self, queue: str, runs: Sequence[str]) -> AddedView:
        """Put runs into a queue."""
        return await queueing.add_runs(self._ground, queue, runs)

    async def add_file(self, queue: str, file: Path) -> AddedView:
        """Put lines of a file into a queue; those with a label count as settled."""
        return await queueing.add_matters(self._ground, queue, matters.read_matters(file))

    async def sample(
        self, queue: str, n: int, *, since_days: int = 7, flow: str = "", agent: str = "", flagged: bool = False,
        seed: int = 0,
    ) -> AddedView:  # fmt: skip
        """Put runs of the last days into a queue by lot: any, or those that failed, were refused something or went in
        circles.
        """
        return await queueing.sample(
            self._ground, queue, n, since_days=since_days, flow=flow, agent=agent, flagged=flagged, seed=seed
        )

    async def queues(self) -> list[QueueView]:
        """The queues of the team."""
        counts = await self._counts()
        return [_view(each, counts.get(each.name, {})) for each in await reading.queues(self._ground)]

    async def queue(self, name: str) -> QueueView:
        """One of them in figures, with how far its labellers agree; what is in it is for its readers."""
        ground = self._ground
        found = await reading.queue_named(ground, name)
        said: dict[str, dict[str, str]] = {}
        for item, person, label in await ground.database.fetch("labels.said", ground.principal.team, name):
            said.setdefault(item, {})[person] = label
        scale = "ordinal" if found.scale == "ordinal" else "nominal"
        how = await asyncio.to_thread(agreement, list(said.values()), found.choices, scale)
        return _view(found, (await self._counts()).get(name, {}), how)

    async def next(self, queue: str) -> ItemView | None:
        """What whoever asks has yet to label; None: nothing."""
        return await giving.next_item(self._ground, queue)

    async def item(self, item: str) -> ItemView:
        """One thing; what was said of it is shown once it is not open any more."""
        return await giving.show(self._ground, item)

    async def give(self, item: str, label: str, note: str = "") -> ItemView:
        """Say what a thing is."""
        return await giving.give(self._ground, item, label, note)

    async def settle(self, item: str, label: str, note: str = "") -> ItemView:
        """Decide what labellers differ about."""
        return await giving.settle(self._ground, item, label, note)

    async def freeze(self, queue: str, name: str, readers: Sequence[str] = ()) -> SetView:
        """Make a numbered set of what is settled."""
        return await freezing.freeze(self._ground, queue, name, readers)

    async def sets(self) -> list[SetView]:
        """The sets of the team."""
        return [freezing.view(each) for each in await reading.sets(self._ground)]

    async def set(self, name: str) -> SetView:
        """One of them (`name`, or `name@2`), with what detectors find in it."""
        return await freezing.look(self._ground, name)

    async def review(self, name: str, verdict: str, note: str = "") -> SetView:
        """Say whether a set may be used: `use`, `redact` (without what was found) or `refuse`."""
        return await freezing.review(self._ground, name, verdict, note)

    async def _counts(self) -> dict[str, dict[str, int]]:
        counts: dict[str, dict[str, int]] = {}
        for queue, status, n in await self._ground.database.fetch(
            "labels.counts", self._ground.principal.team
        ):
            counts.setdefault(queue, {})[status] = n
        return counts


def _view(row: Queue, counts: dict[str, int], how: Agreement | None = None) -> QueueView:
    return QueueView(
        row.name, row.choices, row.scale, row.labellers, row.readers, counts.get("open", 0),
        counts.get("disputed", 0), counts.get("settled", 0), counts.get("withdrawn", 0), row.made_by, row.made_at,
        how,
    )  # fmt: skip
