"""Reads as much of the log as a source can have come to, and no more: the runs in which it was, then whoever is related
to those, until nobody new is found.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.control.containment.facts import MEMORY, PRINCIPAL, TOOL, Reader
from remit.control.runs.inspection import find
from remit.domain.action_errors import UnknownTool
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import InvalidInput
from remit.engine.outside import run_stream
from remit.policy.containment.tracing import Descent, Fact, descent
from remit.store.seeking import streams_holding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.control.ground.ground import Ground

_SHORTEST = 4
_MOST_DAYS = 36_500
_RUN_ID = re.compile(r"r-[0-9a-z]{4,16}")
_RUN = "run:"
_REMEMBERING = ("remember", "recall", "forget")


class Lineage:
    """The runs of a team since a time, and what is known of them so far."""

    def __init__(self, ground: Ground, source: str, days: int) -> None:
        if len(source.strip()) < _SHORTEST:
            raise InvalidInput(
                f'"{source}" names no source.', "Say RUN/PATH, RUN, memory:…, tool:NAME, or an address."
            )
        if not 0 < days <= _MOST_DAYS:
            raise InvalidInput(f"{days} days are none that can be looked back.", "Such as --days 30.")
        self._ground = ground
        self._source = source
        self._days = days
        self._since = ground.clock.now() - days * 86_400 * MICROSECONDS
        self.statuses: dict[str, str] = {}
        self._parents: dict[str, str] = {}
        self._children: dict[str, list[str]] = {}
        self._facts: list[Fact] = []
        self._read: set[str] = set()

    async def found(self) -> Descent:
        """Everything that descends from the source."""
        ground = self._ground
        for run, status, parent in await ground.database.fetch(
            "recall.runs", ground.principal.team, self._since
        ):
            self.statuses[run] = status
            if parent:
                self._parents[run] = parent
                self._children.setdefault(parent, []).append(run)
        await self._name()
        await self._take(await self._begin())
        while True:
            descends = descent(self._facts, *self._names())
            wanted = set(descends.runs) | {run for each in descends.runs for run in self._related(each)}
            if descends.memory:
                wanted |= await self._stepping(*_REMEMBERING)
            if wanted <= self._read:
                return descends
            await self._take(wanted)

    async def _name(self) -> None:
        """Know the run or the tool that is meant; of one that is misspelt, that nothing descends would reassure."""
        ground, (run, slash, path) = self._ground, self._source.partition("/")
        if self._source.startswith(TOOL):
            tool = self._source.removeprefix(TOOL)
            if not await self._stepping(tool) and not await ground.database.fetch(
                "tools.get", ground.principal.team, tool
            ):
                raise UnknownTool(f'no tool "{tool}" was ever seen here.', "See remit tools.")
        elif _RUN_ID.fullmatch(run):
            found = (await find(ground.database, run)).id
            if found not in self.statuses:
                raise InvalidInput(
                    f"{found} is none of this team's runs of the last {self._days} days.",
                    "Look further back: --days N",
                )
            self._source = f"{found}{slash}{path}"

    async def _begin(self) -> set[str]:
        """The runs in which the source itself may be; those that remember, because a label may name it there."""
        source, remembering = self._source, await self._stepping(*_REMEMBERING)
        run, _, _ = source.partition("/")
        if source.startswith(MEMORY):
            return remembering
        if source.startswith(TOOL):
            return await self._stepping(source.removeprefix(TOOL)) | remembering
        if run in self.statuses:
            return {run} | remembering
        return await self._holding(source.removeprefix(PRINCIPAL)) | remembering

    async def _take(self, runs: Iterable[str]) -> None:
        for run in sorted(set(runs) - self._read):
            self._read.add(run)
            if run in self.statuses:
                entries, _ = await self._ground.log.read(run_stream(run), lenient=True, query="recall.read")
                self._facts += Reader(run, self._source).read(entries)

    async def _stepping(self, *names: str) -> set[str]:
        """Runs with a step of one of these names; names stand in the log in the clear."""
        ground, found = self._ground, set[str]()
        for name in names:
            rows = await ground.database.fetch("recall.stepping", ground.principal.team, self._since, name)
            found |= {row[0].removeprefix(_RUN) for row in rows}
        return found

    async def _holding(self, text: str) -> set[str]:
        ground = self._ground
        streams = await streams_holding(
            ground.database, ground.keys, ground.principal.team, text, self._since
        )
        return {stream.removeprefix(_RUN) for stream in streams}

    def _related(self, run: str) -> list[str]:
        parent = self._parents.get(run)
        return [*self._children.get(run, ()), *([parent] if parent else [])]

    def _names(self) -> tuple[list[str], list[str]]:
        """What of it is an item of memory, and what labels may call it."""
        source = self._source
        if source.startswith(MEMORY):
            return [source], []
        if source.startswith(PRINCIPAL):
            return [], []
        return [], [source] if source.startswith(TOOL) else [source, f"{source}/"]
