"""Which release a new run goes to. Whoever executes the workspace as it stands, executes what it starts; a front door,
whoever only hands in and whoever serves a release go by the channels: sticky, so that one session meets one release
(S14, S21).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from remit.domain.clock import MICROSECONDS
from remit.operations.releases.book import ReleaseBook
from remit.operations.releases.channels import Channel, Lead, chosen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.control.ground.ground import Ground
    from remit.engine.services import Services
    from remit.engine.worker import Worker

HERE: Final = "here"
"""In place of a release: whatever this process executes."""
BY_CHANNEL: Final = "by channel"
"""In place of a release: wherever the channels lead, though this process may execute something else."""
_OWN = "remit."
"""How flows begin that nobody wrote, such as the one that takes a run back: they belong to no release."""
STICKY: Final = ("session", "subject")
_INPUT = "input."
_STALE = MICROSECONDS


class Bound(NamedTuple):
    """Where a run goes."""

    release: str
    channel: str
    policy: str
    """The rules that it is born under."""


class Request(NamedTuple):
    """What is known of a run before there is one."""

    run: str
    flow: str
    session: str
    subject: str
    given: Mapping[str, object]


class Switch:
    """The channels as this process knows them; at most a second old."""

    def __init__(self, ground: Ground, sticky: tuple[str, ...] = STICKY) -> None:
        self.book = ReleaseBook(ground.database, ground.keys, ground.log, ground.clock, ground.principal.team)
        self.sticky = sticky
        """By what runs keep to one release: the first of these that a run has."""
        self._ground = ground
        self._leads: dict[Channel, Lead] = {}
        self._policies: dict[str, str] = {}
        self._seen_at: int | None = None

    async def bound(self, services: Services, worker: Worker | None, wanted: str, request: Request) -> Bound:
        """Where a run goes; `wanted` is a release, a channel, `here`, `by channel`, or empty: as this process does."""
        mine = Bound(services.release, "", services.policy())
        if wanted == HERE or request.flow.startswith(_OWN):
            return mine
        if wanted and wanted != BY_CHANNEL:
            release = await self.book.find(wanted)
            return Bound(release.digest, "", release.policy)
        front = worker is not None and not worker.claims
        if not (wanted or front or services.release):
            return mine
        lead = chosen(await self._known(), self._key(request))
        if lead is None:
            return mine
        if lead.release not in self._policies:
            self._policies[lead.release] = (await self.book.find(lead.release)).policy
        return Bound(lead.release, lead.channel.value, self._policies[lead.release])

    def forget(self) -> None:
        """Channels were turned here: the next run looks again."""
        self._seen_at = None

    async def _known(self) -> dict[Channel, Lead]:
        now = self._ground.clock.boot()
        if self._seen_at is None or now - self._seen_at >= _STALE:
            self._leads, self._seen_at = await self.book.leads(), now
        return self._leads

    def _key(self, request: Request) -> str:
        """What a run is told apart by; where it has none of it, it stands for itself."""
        principal = self._ground.principal
        known = {
            "session": request.session, "subject": request.subject, "principal": principal.id, "team": principal.team,
            "run": request.run,
        }  # fmt: skip
        for name in self.sticky:
            if name.startswith(_INPUT):
                value = request.given.get(name.removeprefix(_INPUT))
                found = "" if value is None else str(value)
            else:
                found = known.get(name, "")
            if found:
                return f"{name}:{found}"
        return f"run:{request.run}"
