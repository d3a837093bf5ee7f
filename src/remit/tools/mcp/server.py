"""A server of a workspace: its connections, what it offers, and whether that is still what was accepted.

Every set of secrets has a connection of its own, so that nobody's call goes out over another's session, and so has
every party for whom a front asks. What the server offers is read when a connection opens, when it says that it
changed, and from time to time; a tool whose definition is not the one that was accepted is not called.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import InvalidTool, Quarantined
from remit.domain.errors import Retry
from remit.tools.changes import plain_manifest, surface
from remit.tools.mcp.offers import manifest_of, offer_of
from remit.tools.mcp.relaying import KINDS
from remit.tools.selection import refuse_idle, wants

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    import httpx2

    from remit.domain.tools import ToolManifest
    from remit.tools.mcp.connection import Connection, Heard
    from remit.tools.mcp.offers import Offer
    from remit.tools.mcp.relaying import Relay
    from remit.tools.mcp.settings import McpSettings

Json = Any

_MOST_CONNECTIONS = 8
_MOST_FOR_PARTIES = 64
_CONNECT = 30.0
_MOST_TOOLS = 1_000


@dataclass
class Held:
    """A connection, and what is known over it."""

    connection: Connection
    owner: str = ""
    """The party that it was opened for; empty: everybody with its secrets."""
    offers: dict[str, Offer] = field(default_factory=dict[str, "Offer"])
    looked_at: float = 0.0
    """On the monotonic clock; 0: not since it changed."""
    users: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Server:
    """One `[mcp.NAME]`."""

    def __init__(self, settings: McpSettings, workspace: Path) -> None:
        self.settings = settings
        self._workspace = workspace
        self._held: dict[tuple[str, ...], Held] = {}
        self._opening: dict[tuple[str, ...], asyncio.Lock] = {}
        self._taken: set[tuple[str, ...]] = set()
        self._auths: dict[tuple[str, ...], httpx2.Auth] = {}
        self._listeners: list[Callable[[Heard, str], None]] = []

    async def offers(self, secrets: dict[str, str]) -> list[Offer]:
        """What it offers and the operator wants."""
        settings = self.settings
        async with self.connected(secrets) as held:
            if held.offers:  # one that offers nothing now may do so later
                refuse_idle(settings.where, list(held.offers), settings.only, settings.skip, "")
            return [
                offer for offer in held.offers.values() if wants(offer.name, settings.only, settings.skip)
            ]

    @property
    def version(self) -> str:
        """The revision of the protocol that it was last agreed on; empty without a connection."""
        return next((held.connection.version for held in self._held.values() if not held.connection.lost), "")

    @property
    def modern(self) -> bool:
        """Whether it keeps no session."""
        return any(held.connection.modern for held in self._held.values() if not held.connection.lost)

    def listen(self, listener: Callable[[Heard, str], None]) -> None:
        """Be told what changes at the server, and over whose connection it was heard."""
        self._listeners.append(listener)

    @asynccontextmanager
    async def connected(self, secrets: dict[str, str], relay: Relay | None = None) -> AsyncGenerator[Held]:
        """A connection whose offers are known; raises `Retry` if there is none to be had."""
        key, alone = self._key(secrets, relay)
        if alone:
            self._taken.add(key)
        try:
            held = await self._ready(key, secrets, relay)
            held.users += 1
            try:
                yield held
            finally:
                held.users -= 1
                if held.connection.lost and self._held.get(key) is held:
                    del self._held[key]
        finally:
            self._taken.discard(key)

    def check(self, held: Held, name: str, accepted: ToolManifest) -> None:
        """Raise `Quarantined` if the server now says something else about a tool than what was accepted."""
        offer = held.offers.get(name)
        if offer is None:
            raise Quarantined(
                f"{self.settings.where} no longer offers {name}.",
                "Ask whoever runs the server; start Remit anew then.",
            )
        if offer.digest == accepted.version:
            return
        try:
            now = surface(plain_manifest(manifest_of(offer, self.settings)))
        except InvalidTool as wrong:
            raise Quarantined(
                f"{accepted.name} is not what was accepted: {wrong.message}", wrong.hint
            ) from None
        if now != surface(plain_manifest(accepted)):
            raise Quarantined(
                f"{accepted.name} is not what was accepted: the server describes it differently since Remit started.",
                f"Start Remit anew, look at what changed, and accept it: remit tools {accepted.name} --accept.",
            )

    async def drop(self, held: Held) -> None:
        """Give a connection up; the next call makes a new one."""
        for key, each in list(self._held.items()):
            if each is held:
                del self._held[key]
        await held.connection.close()

    async def leave(self, owner: str) -> None:
        """Close what was opened for a party that is gone."""
        for key, held in list(self._held.items()):
            if owner and held.owner == owner and not held.users:
                del self._held[key]
                await held.connection.close()

    async def close(self) -> None:
        """Leave the server; its processes end."""
        every, self._held = list(self._held.values()), {}
        for held in every:
            await held.connection.close()

    def _key(self, secrets: dict[str, str], relay: Relay | None) -> tuple[tuple[str, ...], bool]:
        """Which connection serves, and whether it serves nobody else meanwhile. A process is there once for all
        parties with the same abilities; over HTTP each party has its own, which costs a session.
        """
        own = tuple(secrets.values())
        if relay is None:
            return own, False
        if not self.settings.url:
            return (*own, "", *relay.key[1:]), False
        own = (*own, *relay.key)
        if not relay.alone:
            return own, False
        return next(key for n in itertools.count() if (key := (*own, str(n))) not in self._taken), True

    async def _ready(self, key: tuple[str, ...], secrets: dict[str, str], relay: Relay | None) -> Held:
        """A connection whose offers are known. One that broke while nobody used it is replaced once."""
        there = self._held.get(key)
        held = await self._find(key, secrets, relay)
        try:
            await self._look(held)
        except Retry:
            if held is not there:
                raise
            held = await self._find(key, secrets, relay)
            await self._look(held)
        return held

    async def _find(self, key: tuple[str, ...], secrets: dict[str, str], relay: Relay | None) -> Held:
        async with self._opening.setdefault(key, asyncio.Lock()):
            held = self._held.get(key)
            if held is not None and not held.connection.lost:
                return held
            if held is not None:
                await held.connection.close()
            await self._make_room(_MOST_CONNECTIONS if relay is None else _MOST_FOR_PARTIES)
            self._held[key] = made = await self._open(secrets, relay)
            return made

    async def _make_room(self, most: int) -> None:
        """Secrets change and parties leave: what nobody uses any more is closed, the oldest first."""
        idle = [key for key, held in self._held.items() if not held.users and key not in self._taken]
        while len(self._held) >= most and idle:
            key = idle.pop(0)
            self._opening.pop(key, None)
            await self._held.pop(key).connection.close()

    async def _open(self, secrets: dict[str, str], relay: Relay | None) -> Held:
        from remit.tools.mcp.connection import Connection  # the SDK takes half a second

        held: Held | None = None
        owner = relay.owner if relay is not None else ""
        abilities = [kind for kind in KINDS.values() if relay is not None and relay.can(kind)]

        def heard(what: Heard) -> None:
            if held is not None and what[0] == "tools":
                held.looked_at = 0.0
            for listener in self._listeners:
                listener(what, owner)

        connection = Connection(self._transport(secrets), self.settings.mode, heard, abilities)
        try:
            await connection.open(_CONNECT)
        except Exception as wrong:  # noqa: BLE001 - of whatever the SDK raises
            raise Retry(f"{self.settings.where} cannot be reached: {reason(wrong)}") from None
        held = Held(connection, owner if self.settings.url else "")
        return held

    def _transport(self, secrets: dict[str, str]) -> AbstractAsyncContextManager[Any]:
        settings = self.settings
        if settings.url:
            from remit.tools.mcp.http import line

            if settings.oauth:
                return line(settings.url, {}, settings.timeout, self._auth_for(secrets))
            token = secrets.get(settings.secret, "")
            headers = {settings.header: settings.prefix + token} if settings.secret else {}
            return line(settings.url, headers, settings.timeout)
        from remit.tools.mcp.stdio import pipes

        passed = {name: os.environ[name] for name in ("PATH", *settings.inherit) if name in os.environ}
        env = {**passed, **settings.environment(secrets)}
        return pipes(settings.command, env, self._workspace / settings.cwd, settings.where)

    def _auth_for(self, secrets: dict[str, str]) -> httpx2.Auth:
        """One for all connections with the same secrets, so that a token is had once."""
        from remit.tools.mcp.oauth import provider

        key = tuple(secrets.values())
        if key not in self._auths:
            self._auths[key] = provider(self.settings, self._workspace, secrets)
        return self._auths[key]

    async def _look(self, held: Held) -> None:
        """Read what it offers, unless that was done a moment ago."""
        async with held.lock:
            now = time.monotonic()
            if held.looked_at and now - held.looked_at < self.settings.look_again:
                return
            held.looked_at = now  # before the list is read: a change while it is read is a change
            try:
                async with asyncio.timeout(_CONNECT):
                    listed = await held.connection.list()
            except Exception as wrong:  # noqa: BLE001 - of whatever the SDK raises
                await self.drop(held)
                raise Retry(f"{self.settings.where} does not say what it offers: {reason(wrong)}") from None
            if len(listed) > _MOST_TOOLS:
                raise InvalidTool(f"{self.settings.where} offers more than {_MOST_TOOLS:,} tools.")
            held.offers = {offer.name: offer for offer in map(offer_of, listed)}


def reason(wrong: BaseException) -> str:
    """What went wrong, in a few words, out of however many groups of it."""
    while isinstance(wrong, BaseExceptionGroup):
        wrong = cast("BaseExceptionGroup[BaseException]", wrong).exceptions[0]
    said = str(wrong).strip().splitlines()
    return f"{said[0][:300]} ({type(wrong).__name__})" if said else type(wrong).__name__
