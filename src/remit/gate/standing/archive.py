"""The archive of rules: every set that was ever in force, word for word, by the digest of its texts. It stands in the
log; a table says where. It does not know what the rules mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from remit.domain.errors import StoreCorrupt
from remit.domain.policy_events import PolicyKept
from remit.engine.outside import shared_event, team_stream
from remit.policy.loading import digest_of
from remit.store.database import Commit, Op

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.store.database import Database
    from remit.store.keys import KeyRing
    from remit.store.log import Log


class InForce(NamedTuple):
    """Which rules are in force."""

    digest: str
    protected: bool
    """Whether one person alone may not change them."""
    since: int
    by: str


class PolicyArchive:
    """The rules of one team, of all times."""

    def __init__(self, database: Database, keys: KeyRing, log: Log, team: str) -> None:
        self._database = database
        self._keys = keys
        self._log = log
        self._team = team
        self._known: dict[str, Mapping[str, str]] = {}

    async def in_force(self) -> InForce | None:
        """Those of now; None before there were any."""
        rows = await self._database.fetch("policy.in_force", self._team)
        return InForce(rows[0][0], bool(rows[0][1]), rows[0][2], rows[0][3]) if rows else None

    async def keep(self, files: Mapping[str, str], at: int) -> str:
        """Keep a set of rules for good; gives its digest."""
        digest = digest_of(files)
        if digest not in self._known and not await self._database.fetch("policy.version", self._team, digest):
            stream = team_stream(self._team)
            key = await self._keys.team_key(self._team, at)
            event = shared_event(stream, self._team, key, PolicyKept(digest, dict(files)), at)
            add = Op("policy.keep", (self._team, digest, stream, at))
            await self._database.submit(Commit(ops=[add], shared=[event]))
        self._known[digest] = files
        return digest

    async def files(self, digest: str) -> Mapping[str, str] | None:
        """The texts of a version, by its digest or how that begins; None if nobody kept it."""
        found = self._known.get(digest)
        if found is not None:
            return found
        text = digest.replace("%", "").replace("_", "")
        rows = await self._database.fetch("policy.version", self._team, f"{text}%") if text else []
        if len(rows) != 1:
            return None
        whole, stream, seq, _ = rows[0]
        kept = (await self._log.read_one(stream, seq)).event
        if not isinstance(kept, PolicyKept) or digest_of(kept.files) != whole:
            raise StoreCorrupt(f"the rules {whole[:12]} are not what they were.", "remit doctor --deep")
        self._known[whole] = kept.files
        return kept.files
