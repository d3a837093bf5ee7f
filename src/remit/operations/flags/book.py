"""The book of flags: what was set and taken away, as an event of the team and a row, in one commit. Who may change it
is not known here, nor what obeys it.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from remit.domain.flag_errors import UnknownFlag
from remit.domain.flag_events import FlagRemoved, FlagSet
from remit.engine.outside import shared_event, team_stream
from remit.gate.flag_board import flags_of
from remit.gate.toml_file import nearest
from remit.store.database import Commit, Op

if TYPE_CHECKING:
    from remit.domain.clock import Clock
    from remit.domain.event import Event
    from remit.domain.flags import Flag
    from remit.store.database import Database
    from remit.store.keys import KeyRing


class FlagBook:
    """The flags of one team."""

    def __init__(self, database: Database, keys: KeyRing, clock: Clock, team: str) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._team = team

    async def list(self) -> list[Flag]:
        """All of them, by name."""
        return flags_of(await self._database.fetch("flags.list", self._team))

    async def find(self, name: str) -> Flag:
        """One of them."""
        flags = {flag.name: flag for flag in await self.list()}
        if name not in flags:
            raise UnknownFlag(
                f'there is no flag "{name}"{nearest(name, flags)}.', "See: remit release flag list"
            )
        return flags[name]

    async def set(self, wanted: Flag, by: str, reason: str = "") -> Flag:
        """Let a flag stand like this; whoever was in its share stays in it, as far as it is as large."""
        known = next((flag for flag in await self.list() if flag.name == wanted.name), None)
        same = known is not None and (known.kind, known.target) == (wanted.kind, wanted.target)
        salt = known.salt if known is not None and same else secrets.token_hex(8)
        flag = replace(wanted, salt=salt, since=self._clock.now(), by=by)
        told = {"value": flag.value, "otherwise": flag.otherwise, "agents": list(flag.agents)}
        put = Op(
            "flags.put",
            (
                self._team, flag.name, flag.kind.value, flag.target, json.dumps(told), flag.percent, flag.salt,
                flag.since, by,
            ),
        )  # fmt: skip
        await self._say(
            FlagSet(
                flag.name, flag.kind.value, flag.target, flag.value, flag.otherwise, flag.percent, by,
                list(flag.agents), reason,
            ),
            put, flag.since,
        )  # fmt: skip
        return flag

    async def remove(self, name: str, by: str, reason: str = "") -> Flag:
        """Let a flag decide nothing any more."""
        flag = await self.find(name)
        await self._say(
            FlagRemoved(name, by, reason), Op("flags.remove", (self._team, name), one=True), self._clock.now()
        )
        return flag

    async def _say(self, event: Event, op: Op, now: int) -> None:
        key = await self._keys.team_key(self._team, now)
        shared = shared_event(team_stream(self._team), self._team, key, event, now)
        await self._database.submit(Commit(ops=[op], shared=[shared]))
        self._database.announce()
