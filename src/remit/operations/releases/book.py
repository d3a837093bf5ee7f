"""The book of releases: what was released and where channels lead, as the log and its tables have it. Every change is
an event of the team and a row, in one commit; whoever was slower is refused. Who may change it is not known here.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from remit.domain.errors import StoreCorrupt
from remit.domain.release_errors import ReleaseBlocked, UnfitArchive, UnknownRelease
from remit.domain.release_events import ChannelSet, ReleaseCreated
from remit.engine.outside import shared_event, team_stream
from remit.operations.releases.archive import extract, pack
from remit.operations.releases.channels import Channel, Lead, leads_of
from remit.quality.fingerprint import Fingerprint, of_parts
from remit.store.database import Commit, Conflict, Op

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.domain.clock import Clock
    from remit.domain.event import Event
    from remit.store.database import Database, Row
    from remit.store.keys import KeyRing
    from remit.store.log import Log

_MOST = 500
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Release:
    """One release, without what it holds."""

    digest: str
    name: str
    policy: str
    stream: str
    seq: int
    at: int
    by: str


@dataclass(frozen=True, slots=True)
class Told:
    """Who turns a channel, and why."""

    how: str
    by: str
    reason: str = ""
    evidence: Any = None


class Turn(NamedTuple):
    """A channel that is turned: what is said, and what changes."""

    event: ChannelSet
    op: Op


@dataclass(frozen=True, slots=True)
class Plan:
    """A release that is to be."""

    fingerprint: Fingerprint
    files: Mapping[str, Path]
    settings: Mapping[str, Any]
    policy: str
    card: Any
    name: str = ""
    note: str = ""


class ReleaseBook:
    """The releases of one team."""

    def __init__(self, database: Database, keys: KeyRing, log: Log, clock: Clock, team: str) -> None:
        self.database = database
        self.team = team
        self._keys = keys
        self._log = log
        self._clock = clock

    # --- releases -------------------------------------------------------------------------------------

    async def create(self, plan: Plan, by: str) -> Release:
        """Keep a workspace for good; what was kept already is given back as it is."""
        digest = plan.fingerprint.digest
        known = await self._like(digest)
        if known:
            return known[0]
        now = self._clock.now()
        key = await self._keys.team_key(self.team, now)
        told, blobs = pack(plan.files, key)
        _agree(told, plan.fingerprint)
        name = plan.name or await self._free_name()
        created = ReleaseCreated(
            digest, name, by, {kind: dict(parts) for kind, parts in plan.fingerprint.parts.items()}, told,
            dict(plan.settings), plan.policy, plan.card, plan.note,
        )  # fmt: skip
        add = Op("releases.add", (self.team, digest, name, plan.policy, team_stream(self.team), now, by))
        shared = shared_event(team_stream(self.team), self.team, key, created, now)
        try:
            await self.database.submit(Commit(blobs=list(blobs), ops=[add], shared=[shared]))
        except Conflict:
            return await self.find(digest)  # another process made the same one
        return await self.find(digest)

    async def list(self) -> list[Release]:
        """All of them, newest first."""
        return [Release(*row) for row in await self.database.fetch("releases.list", self.team, _MOST)]

    async def find(self, wanted: str) -> Release:
        """A release by its name, its digest or how that begins, or the channel that leads to it."""
        if wanted in set(Channel):
            lead = (await self.leads()).get(Channel(wanted))
            if lead is None:
                raise UnknownRelease(f"the channel {wanted} leads to no release.", "See: remit release list")
            wanted = lead.release
        found = await self._like(wanted)
        if not found:
            raise UnknownRelease(f'there is no release "{wanted}".', "See: remit release list")
        if len(found) > 1 and found[0].name != wanted:
            near = ", ".join(f"{each.digest[:12]} ({each.name})" for each in found)
            raise UnknownRelease(f'several releases begin with "{wanted}": {near}.', "Type more of it.")
        return found[0]

    async def created(self, release: Release) -> ReleaseCreated:
        """What the log says of it."""
        event = (await self._log.read_one(release.stream, release.seq)).event
        if not isinstance(event, ReleaseCreated) or of_parts(event.parts).digest != release.digest:
            raise StoreCorrupt(f"the release {release.name} is not what it was.", "remit doctor --deep")
        return event

    async def extract(self, release: Release, folder: Path) -> Path:
        """Its files, in a folder of their own below `folder`."""
        created = await self.created(release)
        rows = await self.database.fetch("log.read", release.stream, release.seq, 1)
        key = await self._keys.get(rows[0][7])
        return await extract(created.files, release.digest, self.database, key, folder)

    async def _like(self, wanted: str) -> list[Release]:
        text = wanted.replace("%", "").replace("_", "\\_")
        begins = f"{text}%" if len(text) >= _SHORTEST else ""
        return [
            Release(*row) for row in await self.database.fetch("releases.like", self.team, wanted, begins)
        ]

    async def _free_name(self) -> str:
        """The next number: names are for people, digests for everything else."""
        count = (await self.database.fetch("releases.named", self.team, "%"))[0][0]
        while await self._like(f"v{count + 1}"):
            count += 1
        return f"v{count + 1}"

    # --- channels -------------------------------------------------------------------------------------

    async def leads(self) -> dict[Channel, Lead]:
        """Where the channels lead."""
        return leads_of(await self.database.fetch("releases.channels", self.team))

    def turned(self, lead: Lead | None, channel: Channel, to: str, told: Told, percent: int = 100) -> Turn:
        """What lets a channel lead to another release, or nowhere; it is refused where somebody was faster."""
        now, salt = self._clock.now(), secrets.token_hex(8)
        before = lead.release if lead is not None else ""
        at = (self.team, channel.value)
        if lead is None:
            op = Op("releases.open_channel", (*at, to, percent, salt, now, told.by))
        elif to:
            back = "" if told.how == "rollback" else before  # what was left behind is nothing to go back to
            op = Op("releases.turn_channel", (*at, before, to, percent, salt, now, told.by, back), one=True)
        else:
            op = Op("releases.close_channel", (*at, before), one=True)
        return Turn(ChannelSet(channel.value, to, before, told.how, told.by, told.reason, told.evidence), op)

    def now(self) -> int:
        """The time."""
        return self._clock.now()

    async def say(self, events: Sequence[Event], ops: Sequence[Op]) -> None:
        """Events of the team and what they change, all or nothing."""
        now = self._clock.now()
        key = await self._keys.team_key(self.team, now)
        stream = team_stream(self.team)
        shared = [shared_event(stream, self.team, key, event, now) for event in events]
        try:
            await self.database.submit(Commit(ops=list(ops), shared=shared))
        except Conflict as wrong:
            raise ReleaseBlocked(
                "somebody else changed the channels in this very moment.", "Look again: remit release list"
            ) from wrong

    # --- runs -----------------------------------------------------------------------------------------

    async def event_at(self, stream: str, seq: int) -> Event:
        """One event that a table refers to."""
        return (await self._log.read_one(stream, seq)).event

    async def rows(self, query: str, *params: object) -> list[Row]:
        """What a named query of this book says."""
        return await self.database.fetch(f"releases.{query}", *params)


def _agree(told: Mapping[str, Any], fingerprint: Fingerprint) -> None:
    """Whether what was kept is what the digest is of: somebody may save a file while a release is made."""
    digests = {name: digest for named in fingerprint.parts.values() for name, digest in named.items()}
    changed = [name for name, said in told.items() if digests.get(name) != said[0]]
    if changed:
        raise UnfitArchive(f"{changed[0]} was changed while the release was made.", "Make it again.")
