"""The front doors, below HTTP: who comes in by which key, and each of their exchanges as a run that is carried in this
process while they are connected (S29). Whatever is done in it passes the gate as the caller; what HTTP looks like, and
what a dialect is, is not known here.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from remit.control.fronting import routing
from remit.control.fronting.exchanges import Exchange, Recorded, actor_of
from remit.control.fronting.key_book import FrontKey, KeyBook
from remit.control.fronting.leftovers import FLOW, exchange_flow
from remit.control.fronting.pace import Paces
from remit.control.fronting.returning import Returning
from remit.control.inventory import toolbox
from remit.control.people import run_tokens
from remit.domain.decisions import AccessRequest
from remit.domain.errors import Infrastructure, RemitError, Unauthenticated
from remit.domain.front_errors import BadRunToken, NotServing, Pending
from remit.domain.fronting import Attribution, Caller
from remit.domain.ids import new_run_id
from remit.domain.people_errors import KeyRevoked
from remit.engine.attended import attend
from remit.engine.birth import Birth
from remit.store.database import Op

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from remit.control.fronting.routing import OfferedView
    from remit.control.inventory.views import ToolView
    from remit.control.running.parts import Parts
    from remit.engine.attended import Attended

T = TypeVar("T")
Kind = Literal["model", "tool", "list"]
Named = tuple[str, str]
"""The tag of a request that was named, and the digest of its body."""
_TAG = 200
"""Characters of what a request says about itself that the log keeps."""


class Fronts:
    """What the servers of this process call."""

    def __init__(self, parts: Parts, most: int = 1000) -> None:
        self._parts = parts
        self._most = most
        """Exchanges at once; whoever comes beyond is told to come again."""
        self.keys = KeyBook(parts.ground)
        self.keys.ended = self._end_key
        self.paces = Paces(parts.ground.clock)
        self.returning = Returning(parts)
        self.closing: list[Callable[[], Awaitable[None]]] = []
        """What else is to be ended before this process lets go of its runs."""
        self.leaving = False
        """Whether the server only finishes what is under way."""
        self._doubted = False
        """Whether the log refused something lately: then nobody is asked before it has taken the exchange (S3)."""
        self._live: dict[str, set[Exchange]] = {}
        self._count = 0
        self._flow = exchange_flow(parts.house.gate, self._caller_again)
        parts.flows[FLOW] = self._flow

    def start(self) -> None:
        """Serve from now on."""
        self.keys.start()

    async def stop(self) -> None:
        """Watch no more, and end what nobody waits for."""
        while self.closing:
            await self.closing.pop()()
        await self.keys.stop()

    def abandon(self) -> None:
        """End as a killed process does."""
        self.keys.abandon()

    @property
    def serving(self) -> bool:
        """Whether exchanges are taken up."""
        worker = self._parts.worker
        return worker is not None and not worker.stopping and not self.leaving

    @property
    def under_way(self) -> int:
        """How many exchanges are carried now."""
        return self._count

    # --- who ------------------------------------------------------------------------------------------

    async def caller(self, secret: str, attribution: Attribution = Attribution()) -> Caller:  # noqa: B008 - frozen
        """Whose key it is; raises `Unauthenticated` for everything that is not sure."""
        if not secret:
            raise Unauthenticated(
                "no key was shown.", "Send one: Authorization: Bearer rk_…  (remit key new --for-agent NAME)"
            )
        return self._caller(await self.keys.find(secret), attribution)

    def _caller(self, key: FrontKey, attribution: Attribution) -> Caller:
        scope = key.scope
        if scope is None:
            found = Caller(key.id, key.person, self._parts.ground.principal.team, attribution=attribution)
        else:
            found = Caller(
                key.id, key.person, self._parts.ground.principal.team, scope.agent, scope.routes, scope.tools,
                scope.accounts, attribution, "key", scope.pace,
            )  # fmt: skip
        return self._with_token(found) if attribution.run_token else found

    def _with_token(self, caller: Caller) -> Caller:
        ground = self._parts.ground
        token = run_tokens.read(
            ground.keys, caller.attribution.run_token, caller.key, caller.team, ground.clock.now()
        )
        roles = self._parts.house.gate.parts.roles
        if token.user and roles.any and not roles.knows(token.user):
            raise BadRunToken(f'there is no user or service "{token.user}".', "See: remit user list")
        return replace(
            caller, principal=token.user or caller.principal, accounts=(*caller.accounts, *token.accounts),
            authority="run", run=token.run, data_class=token.data_class,
        )  # fmt: skip

    async def _caller_again(self, key: str, about: dict[str, Any]) -> Caller:
        """The caller of an exchange that goes on without them, as their key stands now."""
        found = self._caller(await self.keys.by_id(key), Attribution(session=about.get("session", "")))
        return replace(found, principal=about.get("principal") or found.principal)

    # --- what -----------------------------------------------------------------------------------------

    async def perform(
        self, caller: Caller, kind: Kind, told: dict[str, Any], work: Callable[[Exchange], Awaitable[T]], *,
        gone: asyncio.Future[Any] | None = None, patience: float | None = None, named: Named | None = None,
    ) -> T:  # fmt: skip
        """One exchange as a run: what `work` gives or raises is how it ends, durably, before this returns.

        When `gone` is done, what is under way is cancelled (a relay heeds `exchange.over` by itself and needs none).
        After `patience` seconds a call that waits for a person raises `Pending`, and waits on without the caller, who
        makes it again for the answer. One that was `named` begins once.
        """
        self._admit(caller)
        attention = _Attention(gone, patience)
        try:
            if kind == "tool":
                attention.tag = self.returning.tag(caller, told)
                if run := await self.returning.run_of(attention.tag):
                    outcome = await self._come_back(attention.tag, run, gone, patience)
                    return await work(Recorded(run, outcome, caller))
            return await self._carry(caller, kind, told, work, attention, named)
        finally:
            self._count -= 1
            self.paces.leave(caller.key, attention.tokens)

    async def rejoin(
        self,
        caller: Caller,
        run: str,
        *,
        gone: asyncio.Future[Any] | None = None,
        patience: float | None = None,
    ) -> dict[str, Any]:
        """What a call gave that went on without its caller: its `result`, and a `note` beside it."""
        await self.returning.check(caller, run)
        result, note = await self.returning.outcome(run, patience, gone)
        return {"result": result, "note": note}

    def _admit(self, caller: Caller) -> None:
        worker = self._parts.worker
        if worker is None or worker.stopping or self._count >= self._most:
            raise NotServing("this process takes up nothing new at the moment.", "Ask again in a moment.")
        self.paces.enter(caller.key, caller.pace)
        self._count += 1

    async def _carry(
        self, caller: Caller, kind: Kind, told: dict[str, Any], work: Callable[[Exchange], Awaitable[T]],
        attention: _Attention, named: Named | None,
    ) -> T:  # fmt: skip
        exchange: Exchange | None = None

        def begun(execution: Attended) -> None:
            nonlocal exchange
            exchange = Exchange(execution, self._parts.house.gate, caller)
            exchange.left = self.paces.left(caller.key, caller.pace)
            self._live.setdefault(caller.key, set()).add(exchange)
            attention.begin(exchange, self.returning)

        async def act(execution: Attended) -> T:
            assert exchange is not None  # noqa: S101 - begun is called first
            if self._doubted:
                await _born(execution)
                self._doubted = False
            return await work(exchange)

        worker = self._parts.worker
        assert worker is not None  # noqa: S101 - it was admitted
        try:
            birth = self._birth(caller, kind, told)
            return await attend(worker, birth, act, begun, self._naming(birth, named))
        except Pending as wrong:
            raise await self.returning.pending(wrong.run) from None
        except Infrastructure:
            self._doubted = True
            raise
        finally:
            if exchange is not None:
                attention.tokens = exchange.tokens
                await attention.end(
                    self.returning, waits=exchange.execution.detached and exchange.execution.sealed
                )
                self._forget(exchange)

    async def _come_back(
        self, tag: str, run: str, gone: asyncio.Future[Any] | None, patience: float | None
    ) -> tuple[Any, str]:
        try:
            outcome = await self.returning.outcome(run, patience, gone)
        except Pending:
            raise
        except RemitError:
            await self.returning.told(tag)
            raise
        await self.returning.told(tag)
        return outcome

    def _naming(self, birth: Birth, named: Named | None) -> list[Op]:
        """What refuses a second run of one name."""
        if named is None:
            return []
        tag, digest = named
        return [Op("exchanges.add", (tag, birth.id, "request", digest, self._parts.ground.clock.now()))]

    def _birth(self, caller: Caller, kind: Kind, told: dict[str, Any]) -> Birth:
        parts = self._parts
        vault = parts.house.gate.parts.vault
        if vault.redactor.knows_any:
            told = vault.redact(told)
        given = {"kind": kind, "key": caller.key, "told": told, "about": _about(caller)}
        return Birth(
            new_run_id(parts.ground.clock.now()), caller.team, self._flow, given, caller.principal,
            session=caller.session[:_TAG], policy=parts.services.policy(), release=parts.services.release,
        )  # fmt: skip

    async def tools(self, caller: Caller) -> list[ToolView]:
        """The tools that the caller may see: the same policy answers that is asked when one is called."""
        gate = self._parts.house.gate.parts
        await gate.meet()
        await gate.acceptance.keep_up()
        actor = actor_of(caller)
        withheld = gate.standing.withheld(actor.user, actor.agent)
        names = [
            tool.name for tool in gate.registry
            if gate.acceptance.accepts(tool) and tool.name not in withheld
            and (caller.tools is None or tool.name in caller.tools)
        ]  # fmt: skip
        request = AccessRequest(
            actor.user, actor.team, actor.agent, "list", "", groups=gate.roles.of(actor.user),
            environment=gate.environment,
        )  # fmt: skip
        visible = set(gate.authority.visible(request, names))
        return [view for view in await toolbox.tools(self._parts) if view.name in visible]

    def route(self, caller: Caller, name: str) -> str:
        """The route that a client means by the name of a model."""
        return routing.route_named(self._parts.house.gate.parts.models.configuration, caller, name)

    def offered(self, caller: Caller) -> list[OfferedView]:
        """The names of models that the caller may ask for."""
        return routing.offered(self._parts.house.gate.parts.models.configuration, caller)

    # --- inside ---------------------------------------------------------------------------------------

    def _end_key(self, key: str) -> None:
        """A key opens nothing any more: what is under way with it ends."""
        for exchange in list(self._live.get(key, ())):
            exchange.end(KeyRevoked("the key was revoked while it was in use.", "Use another one."))

    def _forget(self, exchange: Exchange) -> None:
        live = self._live.get(exchange.caller.key)
        if live is not None:
            live.discard(exchange)
            if not live:
                del self._live[exchange.caller.key]


async def _born(execution: Attended) -> None:
    """Return once the log has taken the run; raises what it says instead."""
    await execution.settled()
    if execution.born is not None:
        await asyncio.shield(execution.born)


def _about(caller: Caller) -> dict[str, Any]:
    """What the log says of the caller beside the key."""
    said = caller.attribution
    found = {
        "agent": caller.agent or said.agent, "bound": bool(caller.agent), "purpose": said.purpose, "run": caller.run,
        "tag": said.run_tag, "session": said.session, "principal": caller.principal, "authority": caller.authority,
    }  # fmt: skip
    return {name: value[:_TAG] if isinstance(value, str) else value for name, value in found.items() if value}


class _Attention:
    """How long somebody waits for one exchange."""

    __slots__ = ("_gone", "_keeping", "_kept", "_patience", "_stops", "tag", "tokens")

    def __init__(self, gone: asyncio.Future[Any] | None, patience: float | None) -> None:
        self._gone, self._patience = gone, patience
        self.tag = ""
        """Under which they may come back; empty: there is nothing to come back for."""
        self.tokens = 0
        """What was used."""
        self._stops: list[Callable[[], object]] = []
        self._keeping: asyncio.Task[None] | None = None
        self._kept = False

    def begin(self, exchange: Exchange, returning: Returning) -> None:
        """It is under way."""
        gone, patience = self._gone, self._patience
        if gone is not None:

            def left(_: object) -> None:
                exchange.leave()

            gone.add_done_callback(left)
            self._stops.append(lambda: gone.remove_done_callback(left))
        if patience is not None and self.tag:

            def let_go() -> None:
                self._keeping = asyncio.get_running_loop().create_task(self._let_go(exchange, returning))

            self._stops.append(asyncio.get_running_loop().call_later(patience, let_go).cancel)

    async def _let_go(self, exchange: Exchange, returning: Returning) -> None:
        """First it is known under which tag they may come back; only then does it go on without them."""
        await returning.keep(self.tag, exchange.run_id)
        self._kept = True
        exchange.execution.detach()

    async def end(self, returning: Returning, *, waits: bool) -> None:
        """It is over here; unless it waits on, whoever asked was told how it ended."""
        for stop in self._stops:
            stop()
        if self._keeping is not None:
            await asyncio.wait([self._keeping])
        if self._kept and not waits:
            await returning.told(self.tag)
