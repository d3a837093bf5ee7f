"""Which definition of each tool somebody accepted, and the quarantine of those that are no longer what was accepted.

What counts is everything that a model is told or that rules go by: name, description, parameters, effect, roles,
labels, limits, undo, secrets; not the digest of the code behind it, which a release pins. First use is trust. From
then on a stranger's tool (OpenAPI, SQL, MCP, gRPC) that changes is called by nobody before a person accepts it; the
workspace's own Python changes with the workspace, and the log says how, unless the workspace is told to be strict.
It knows nothing of how tools are called.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_errors import Quarantined, UnknownTool
from remit.domain.action_events import ToolAccepted, ToolQuarantined
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import WrongState
from remit.domain.tools import ToolManifest
from remit.engine.outside import WORKSPACE_STREAM, shared_event
from remit.store.database import Commit, Conflict, Op
from remit.tools.changes import Difference, differences, plain_manifest, readable, surface, todays

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.domain.clock import Clock
    from remit.domain.event import Event
    from remit.store.database import Database
    from remit.store.keys import KeyRing
    from remit.tools.tool import Tool

Json = Any

_OURS = frozenset({"python", "builtin"})
_GROWING = frozenset({"mcp", "grpc"})
"""Sources that list their tools themselves: one that they add later was never looked at by anybody."""
_TRIES = 5
_BOOT = "boot"
_STALE = MICROSECONDS


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the database says of one tool."""

    tool: str
    digest: str
    """Empty: never accepted."""
    by: str
    at: int | None
    manifest: dict[str, Json]
    pending: str
    """The digest of the definition that waits; empty: none does."""
    pending_manifest: dict[str, Json]

    @property
    def differences(self) -> list[Difference]:
        """What would change by accepting what waits."""
        return differences(self.manifest, self.pending_manifest) if self.pending else []


class Acceptance:
    """The accepted definitions of one team."""

    def __init__(
        self, database: Database, keys: KeyRing | None, clock: Clock, team: str, *, strict: bool = False
    ) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._team = team
        self._strict = strict
        self._known: dict[str, Accepted] = {}
        self._surfaces: dict[str, str] = {}
        """The accepted surface of each tool."""
        self._own: dict[str, str] = {}
        """The surfaces of our own tools as this process started with them, accepted: it goes on with its own code while
        others start with newer one.
        """
        self._seen_at: int | None = None
        self._keeping_up = asyncio.Lock()

    async def boot(self, tools: Iterable[Tool], by: str = _BOOT) -> list[Accepted]:
        """Look at the tools of the workspace; gives those in quarantine. Also after a source is read again."""
        manifests = [tool.manifest for tool in tools]
        for manifest in manifests:
            self._own.pop(manifest.name, None)
        waiting = await self._settled(manifests, by)
        for manifest in manifests:
            mine = surface(plain_manifest(manifest))
            if _kind(manifest) in _OURS and self._surfaces.get(manifest.name) == mine:
                self._own[manifest.name] = mine
        return waiting

    def accepts(self, tool: Tool) -> bool:
        """Whether this very definition is accepted, as far as this process knows."""
        return self._surfaces.get(tool.name) == _surface_of(tool)

    def check(self, tool: Tool) -> None:
        """Raise `Quarantined` unless this very definition is accepted, as far as this process knows."""
        if self.accepts(tool):
            return
        known = self._known.get(tool.name)
        was = known.manifest if known is not None else {}
        raise _quarantined(tool.name, differences(was, plain_manifest(tool.manifest)) if was else [])

    def remembered(self) -> dict[str, ToolManifest]:
        """The accepted definitions, also of tools whose source does not answer now."""
        return {
            name: msgspec.convert(known.manifest, ToolManifest)
            for name, known in self._known.items()
            if known.digest
        }

    def is_own(self, tool: Tool) -> bool:
        """Whether it is this very code's own definition, which nobody elsewhere can put another in place of."""
        return self._own.get(tool.name) == _surface_of(tool) and self.accepts(tool)

    async def admit(self, tool: Tool) -> None:
        """The same, by what the database says now, or said a moment ago: somebody may have accepted another definition
        elsewhere. Before it says no it looks again.
        """
        if tool.name not in self._own:
            await self.keep_up()
        if not self.accepts(tool):
            await self.refresh()
            self.check(tool)

    async def refresh(self) -> None:
        """Take over what other processes accepted, or quarantined, since."""
        self._known = {known.tool: known for known in await self.all()}
        self._surfaces = {
            known.tool: surface(known.manifest) for known in self._known.values() if known.digest
        } | self._own
        self._seen_at = self._clock.boot()

    async def keep_up(self) -> None:
        """Refresh what is older than a second; one look serves everybody who waits for it."""
        if self._is_old:
            async with self._keeping_up:
                if self._is_old:
                    await self.refresh()

    @property
    def _is_old(self) -> bool:
        return self._seen_at is None or self._clock.boot() - self._seen_at >= _STALE

    async def all(self) -> list[Accepted]:
        """Every tool that was ever seen."""
        return [_row(row) for row in await self._database.fetch("tools.all", self._team)]

    async def get(self, name: str) -> Accepted | None:
        """One tool."""
        rows = await self._database.fetch("tools.get", self._team, name)
        return _row(rows[0]) if rows else None

    async def pending(self) -> list[Accepted]:
        """The tools that wait for somebody to accept them."""
        return [known for known in await self.all() if known.pending]

    async def waiting(self, tools: Iterable[Tool]) -> list[str]:
        """The tools that are in quarantine, or would be after a start with these; nothing is written."""
        manifests, accepted = [tool.manifest for tool in tools], await self.all()
        _, events = self._compare(manifests, accepted, _BOOT, self._clock.now())
        there = {manifest.name: manifest.digest for manifest in manifests}
        new = {event.tool for event in events if isinstance(event, ToolQuarantined)}
        old = {each.tool for each in accepted if each.pending and each.pending == there.get(each.tool)}
        return sorted(new | old)

    async def accept(self, name: str, by: str, digest: str = "") -> Accepted:
        """Accept the definition that waits; `digest` is the one that was looked at, if another one has come since."""
        known = await self.get(name)
        if known is None:
            raise UnknownTool(f'no tool "{name}" was ever seen here.', "See remit tools.")
        if not known.pending:
            raise WrongState(f"{name} is not in quarantine.", "There is nothing to accept.")
        if digest and not known.pending.startswith(digest):
            raise WrongState(f"{name} changed again since you looked.", f"Look again: remit tools {name}.")
        now = self._clock.now()
        event = ToolAccepted(name, self._team, known.pending, by, "accepted by a person", known.differences)
        op = Op("tools.accept", (self._team, name, known.pending, by, now), one=True)
        try:
            await self._submit([op], [event], now)
        except Conflict:
            raise WrongState(
                f"{name} changed again since you looked.", f"Look again: remit tools {name}."
            ) from None
        await self.refresh()
        found = await self.get(name)
        assert found is not None  # noqa: S101 - rows of this table are never deleted
        return found

    # --- settling what is there with what was accepted --------------------------------------------------------

    async def _settled(self, manifests: list[ToolManifest], by: str) -> list[Accepted]:
        for _ in range(_TRIES):
            try:
                return await self._settle(manifests, by)
            except Conflict:  # another process is starting with the same tools
                continue
        return await self._settle(manifests, by)

    async def _settle(self, manifests: list[ToolManifest], by: str) -> list[Accepted]:
        now = self._clock.now()
        ops, events = self._compare(manifests, await self.all(), by, now)
        if ops:
            await self._submit(ops, events, now)
        await self.refresh()
        names = {manifest.name for manifest in manifests}
        return [each for each in await self.pending() if each.tool in names]

    def _compare(
        self, manifests: list[ToolManifest], accepted: list[Accepted], by: str, now: int
    ) -> tuple[list[Op], list[Event]]:
        """What has to be written down of these definitions, given what was accepted."""
        known = {each.tool: each for each in accepted}
        sources = {str(each.manifest.get("source", "")) for each in accepted if each.digest}
        ops: list[Op] = []
        events: list[Event] = []
        for manifest in manifests:
            there = known.get(manifest.name)
            if there is None:
                self._first_seen(manifest, sources, by, now, ops, events)
            else:
                self._seen_again(manifest, there, by, now, ops, events)
        return ops, events

    def _first_seen(
        self, manifest: ToolManifest, sources: set[str], by: str, now: int, ops: list[Op], events: list[Event]
    ) -> None:
        text = _text(manifest)
        if manifest.source in sources and _kind(manifest) in _GROWING:
            ops.append(Op("tools.unknown", (self._team, manifest.name, manifest.digest, text), one=True))
            events.append(ToolQuarantined(manifest.name, self._team, manifest.digest, ""))
            return
        ops.append(Op("tools.first", (self._team, manifest.name, manifest.digest, by, now, text), one=True))
        events.append(ToolAccepted(manifest.name, self._team, manifest.digest, by, "first seen"))

    def _seen_again(
        self, manifest: ToolManifest, there: Accepted, by: str, now: int, ops: list[Op], events: list[Event]
    ) -> None:
        plain = plain_manifest(manifest)
        same = bool(there.digest) and surface(plain) == surface(there.manifest)
        ours = (
            bool(there.digest)
            and not self._strict
            and _kind(manifest) in _OURS
            and _same_origin(manifest, there)
        )
        if same and manifest.digest == there.digest:
            if there.pending:
                ops.append(Op("tools.release", (self._team, manifest.name, there.digest), one=True))
        elif same or ours:
            changed = differences(there.manifest, plain)
            how = "its code changed" if same else "changed with the workspace"
            new = (self._team, manifest.name, there.digest, manifest.digest, by, now, _text(manifest))
            ops.append(Op("tools.replace", new, one=True))
            events.append(ToolAccepted(manifest.name, self._team, manifest.digest, by, how, changed))
        elif there.pending != manifest.digest:
            waits = (self._team, manifest.name, there.digest, manifest.digest, _text(manifest))
            ops.append(Op("tools.quarantine", waits, one=True))
            changed = differences(there.manifest, plain)
            events.append(ToolQuarantined(manifest.name, self._team, manifest.digest, there.digest, changed))

    async def _submit(self, ops: list[Op], events: list[Event], now: int) -> None:
        assert self._keys is not None  # noqa: S101 - who only looks has none, and writes nothing
        key = await self._keys.team_key("workspace", now)
        shared = [shared_event(WORKSPACE_STREAM, "workspace", key, event, now) for event in events]
        await self._database.submit(Commit([], [], ops, shared))


def _quarantined(name: str, changed: list[Difference]) -> Quarantined:
    accept = f"If that is what it should be, accept it: remit tools {name} --accept."
    if not changed:
        return Quarantined(f"{name} is new, and nobody has accepted it yet.", accept)
    return Quarantined(
        f"{name} is not what was accepted, and nobody calls it before somebody accepts it again.\n{readable(changed)}",
        accept,
    )


def _row(row: tuple[Any, ...]) -> Accepted:
    tool, digest, by, at, manifest, pending, pending_manifest = row
    stored, waiting = todays(json.loads(manifest or "{}")), todays(json.loads(pending_manifest or "{}"))
    return Accepted(tool, digest, by, at, stored, pending, waiting)


def _surface_of(tool: Tool) -> str:
    manifest = tool.manifest
    known = _SURFACES.get(manifest.digest)
    if known is None:
        if len(_SURFACES) >= _MOST_SURFACES:
            _SURFACES.clear()
        known = _SURFACES[manifest.digest] = surface(plain_manifest(manifest))
    return known


def _text(manifest: ToolManifest) -> str:
    return json.dumps(plain_manifest(manifest), separators=(",", ":"))


def _kind(manifest: ToolManifest) -> str:
    return manifest.source.partition(":")[0]


def _same_origin(manifest: ToolManifest, there: Accepted) -> bool:
    """A tool of ours that was a stranger's before has its name, and nothing else of it, in common."""
    return _kind(manifest) == str(there.manifest.get("source", "")).partition(":")[0]


_MOST_SURFACES = 10_000
_SURFACES: dict[str, str] = {}
