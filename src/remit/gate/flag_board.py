"""The flags of a team as this process knows them, at most a second old: whether a tool is on, where a route leads, what
a flow is told. It sets none. A provider of somebody else's may answer for names that nobody has set here.

Which run is in a share hangs on its session, or on the run that began it all: a session, a run and its children meet
the same side of a flag.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from remit.domain.decisions import Decision, Outcome, Reason
from remit.domain.flags import Flag, FlagKind, Picked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.domain.runs import RunRow
    from remit.store.database import Database, Row

Json = Any

_log = logging.getLogger("remit.flags")


class FlagSource(Protocol):
    """Somebody else's flags."""

    def pick(self, name: str, default: Json, key: str, facts: dict[str, Json]) -> Picked | None:
        """What a flag comes to there; None: they have none of that name."""
        ...


_elsewhere: list[FlagSource] = []
"""Providers outside; like the clients that they are made of, for the whole process."""


def take_from(*sources: FlagSource) -> None:
    """Ask these providers from now on, in this order, for flags that nobody has set here; none: nobody."""
    _elsewhere[:] = sources


class FlagBoard:
    """What flags say now."""

    def __init__(self, database: Database | None = None, team: str = "") -> None:
        self._database = database
        self._team = team
        self._flags: tuple[Flag, ...] = ()

    async def look(self) -> None:
        """Read how flags stand."""
        if self._database is not None:
            rows = await self._database.fetch("flags.list", self._team)
            self._flags = tuple(flags_of(rows))

    def without_tool(self, decision: Decision, tool: str, agent: str, row: RunRow) -> Decision:
        """A yes to a call, as a no where a flag has switched the tool off for this run."""
        for flag in self._flags:
            if flag.kind is FlagKind.TOOL and flag.target == tool and flag.covers(agent):
                picked = flag.pick(key_of(row))
                if picked.variant == "off":
                    text = f"the flag {flag.name} has switched {tool} off for this run"
                    remedies = ("Go on without it.", f"Switch it on: remit release flag set {flag.name} …")
                    return Decision(
                        Outcome.DENY, (Reason(f"flag:{flag.name}", "", text, remedies=remedies),),
                        policy=decision.policy,
                    )  # fmt: skip
        return decision

    def route(self, route: str, agent: str, row: RunRow) -> Picked | None:
        """The flag that has a say about this route; its value is the route to go by, or None for this one."""
        for flag in self._flags:
            if flag.kind is FlagKind.ROUTE and flag.target == route and flag.covers(agent):
                return flag.pick(key_of(row))
        return None

    def value(self, name: str, default: Json, agent: str, row: RunRow) -> Picked | None:
        """What whoever asks for a flag by name is told; None: nobody has set it here."""
        for flag in self._flags:
            if flag.name == name and flag.kind is FlagKind.VALUE and flag.covers(agent):
                picked = flag.pick(key_of(row))
                return picked if picked.value is not None else replace(picked, value=default)
        return None


async def others_say(name: str, default: Json, agent: str, row: RunRow) -> Picked:
    """What providers outside say of a name that is not ours; one that fails has said nothing."""
    facts = {"flow": row.flow, "agent": agent, "team": row.team}
    for source in _elsewhere:
        try:
            found = await asyncio.to_thread(source.pick, name, default, key_of(row), facts)
        except Exception:  # noqa: BLE001 - whatever a stranger's code does, the flow has a default
            _log.warning("the flag %s could not be asked for", name, exc_info=True)
            return Picked(name, "default", default, "ERROR", "outside")
        if found is not None:
            return found
    return Picked(name, "default", default, "DEFAULT")


def key_of(row: RunRow) -> str:
    """By what a run is in a share or not."""
    return row.session or row.id.partition(".")[0]


def flags_of(rows: Iterable[Row]) -> list[Flag]:
    """Flags as the table has them."""
    found: list[Flag] = []
    for name, kind, target, said, percent, salt, since, by in rows:
        told = json.loads(said)
        agents = tuple(told["agents"])
        found.append(
            Flag(
                name,
                FlagKind(kind),
                target,
                told["value"],
                told["otherwise"],
                percent,
                agents,
                salt,
                since,
                by,
            )
        )
    return found
