"""The desk at which models are asked: it alone holds providers and fetches the keys that open them.

It turns a route into a plan, a plan into an answer, and an answer into what it cost. Which models may serve is
decided by the route's constraints and by authority, both before anything is sent.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from remit.domain.action_errors import BudgetExhausted, Denied, ModelFailed, NoRoute, SecretUnavailable
from remit.domain.budgets import Amount
from remit.domain.clock import MICROSECONDS
from remit.models.attempt import Reset
from remit.models.bounds import bound, weigh
from remit.models.calling import Calls
from remit.models.cassettes import ABSENT, Tapes
from remit.models.configuration import SIMULATED
from remit.models.opening import open_provider
from remit.models.plan import CallPlan, Candidate
from remit.models.provider import Credential, Deadlines, ModelCall
from remit.models.router import Router
from remit.models.routes import need_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from remit.domain.clock import Clock
    from remit.domain.decisions import Decision
    from remit.gate.actor import Actor
    from remit.gate.secrets.vault import Vault
    from remit.gate.streams import Listener
    from remit.models.attempt import Attempt
    from remit.models.bounds import Bound, Weight
    from remit.models.cassettes import Mode
    from remit.models.configuration import Configuration
    from remit.models.health import HealthBook
    from remit.models.provider import Provider
    from remit.models.router import RouteDecision
    from remit.models.routes import Need
    from remit.wire.messages import ModelRequest, ModelResponse, StreamEvent

_HEDGE_AFTER = 2.0
_USUAL = Deadlines()
_OPEN = Credential(kind="none")
_ABSENT = Credential(kind=ABSENT)


class Plan(Struct, frozen=True):
    """What a route came to for one request."""

    route: str
    candidates: tuple[Candidate, ...]
    need: Need
    most: Amount
    """What one attempt may use at most."""
    request: ModelRequest
    detail: dict[str, Any]
    hedge: float | None = None


class Asked(Struct, frozen=True):
    """What came of it."""

    used: tuple[Amount, ...]
    """By attempt, in order; one whose answer was lost counts as what it may have used."""
    detail: dict[str, Any]
    model: str = ""
    answer: ModelResponse | None = None
    failure: ModelFailed | BudgetExhausted | None = None
    simulated: bool = False


class Manner(Struct, frozen=True):
    """How a call is made on behalf of a client that is connected."""

    headers: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """What else the provider is told."""
    seconds: float = _USUAL.total
    """How long the client waits."""
    patience: float = 30.0
    """The longest wait that a provider may ask for before the client is told instead."""
    shown: Callable[[], bool] | None = None
    """Whether the client was shown something that cannot be taken back."""


_USUALLY = Manner()


class _Account(Struct):
    """Keeps account of attempts: every one after the first is reserved for anew."""

    reserve_again: Callable[[], Awaitable[None]]
    closed_attempts: list[Attempt] = msgspec.field(default_factory=list["Attempt"])

    async def opened(self, number: int, candidate: Candidate) -> None:
        del candidate
        if number > 1:
            await self.reserve_again()

    def closed(self, attempt: Attempt) -> None:
        self.closed_attempts.append(attempt)


class ModelDesk:
    """Routes, providers and prices of a workspace."""

    def __init__(
        self, configuration: Configuration, health: HealthBook, vault: Vault, clock: Clock,
        folder: Path | None = None,
    ) -> None:  # fmt: skip
        self.configuration = configuration
        self.health = health
        self.router = Router(configuration.catalog, configuration.book, health)
        self._providers: dict[str, Provider] = {}
        self._folder = folder
        self._tapes = Tapes()
        self._vault = vault
        self._clock = clock
        self._calls = Calls(self._credential, health=health, clock=clock)
        self._windows: dict[str, int | None] = {}
        self._known_facts: dict[str, dict[str, Any]] = {}
        self._candidates: dict[str, Candidate] = {}

    def simulate(self, *scripts: Any, cassette: Path | None = None, mode: Mode = "replay") -> None:
        """Let the simulated provider answer for every model, by these scripts first, or a cassette: for tests."""
        known = self.configuration
        self.configuration = known.taped(str(cassette), mode) if cassette is not None else known.simulated()
        self.router = Router(self.configuration.catalog, self.configuration.book, self.health)
        self._providers.clear()
        for remembered in (self._windows, self._known_facts, self._candidates):
            remembered.clear()
        if cassette is None:
            provider: Any = self._provider(SIMULATED)
            provider.scripts[:0] = scripts

    def window(self, route: str) -> int | None:
        """The smallest window of a route's models; None if none is known."""
        if route not in self._windows:
            cards = [
                self.configuration.catalog.card(name) for name in self.configuration.route(route).candidates
            ]
            known = [card.window for card in cards if card.window is not None]
            self._windows[route] = min(known) if known else None
        return self._windows[route]

    def plan(
        self, route_name: str, request: ModelRequest, may_use: Callable[[str, dict[str, Any]], Decision],
        data_class: str, session: str, key: str = "", said: Weight | None = None,
    ) -> Plan:  # fmt: skip
        """Who may answer, in which order, and what it may cost; raises `NoRoute` or `Denied`."""
        route, now = self.configuration.route(route_name), self._clock.now()
        weight = weigh(request, said)
        need = need_of(request, weight, session=session, data_class=data_class, key=key)
        decision = self.router.choose(route, need, now)
        allowed, refused = self._allowed(decision, may_use)
        candidates: list[Candidate] = []
        bounds: list[Bound | None] = []
        card, book = self.configuration.catalog.card, self.configuration.book
        for name in allowed:
            candidates.append(self._candidate(name))
            bounds.append(bound(card(name), book, weight, request.max_tokens, now, request.choices))
        detail = _why(decision, refused)
        most, unbounded = _most(bounds)
        if unbounded:
            detail["unbounded"] = unbounded
        hedge = _HEDGE_AFTER if route.hedge and len(candidates) > 1 else None
        return Plan(route_name, tuple(candidates), need, most, request, detail, hedge)

    async def ask(
        self,
        plan: Plan,
        reserve_again: Callable[[], Awaitable[None]],
        *,
        run: str,
        path: str,
        actor: Actor,
        listener: Listener | None,
        manner: Manner = _USUALLY,
    ) -> Asked:
        """The answer of the first model that gives one, or the failure that tells most."""
        request = plan.request
        if request.stream is not (listener is not None):
            request = msgspec.structs.replace(request, stream=listener is not None)
        deadlines, seconds = _USUAL, min(_USUAL.total, manner.seconds)
        if actor.until is not None:
            seconds = max(0.001, min(seconds, (actor.until - self._clock.now()) / MICROSECONDS))
        if seconds < _USUAL.total:
            deadlines = Deadlines(total=seconds)
        call = ModelCall(
            request, _OPEN, deadlines, manner.headers, run=run, agent=actor.agent, path=path, route=plan.route
        )
        account = _Account(reserve_again)
        heard = _heard_by(listener) if listener is not None else None
        call_plan = CallPlan(
            plan.candidates, hedge=plan.hedge, seconds=seconds, patience=manner.patience, shown=manner.shown
        )  # fmt: skip
        try:
            answered = await self._calls.perform(call_plan, call, on_event=heard, witness=account)
        except (ModelFailed, BudgetExhausted) as wrong:
            return self._failed(plan, account.closed_attempts, wrong)
        self.router.settled(answered.model, plan.need, answered.response.usage, answered.attempts[-1].ended)
        used = [self._used(plan, attempt) for attempt in answered.attempts]
        detail = self._detail(answered.attempts, used)
        detail |= {"model": answered.model, "provider": answered.provider, "latency": answered.latency}
        if answered.response.model and answered.response.model != answered.model:
            detail["served"] = answered.response.model
        if answered.simulated:
            detail["simulated"] = True
            cassette = self.configuration.providers[answered.provider].cassette
            if cassette:
                detail["cassette"] = Path(cassette).name
        return Asked(tuple(used), detail, answered.model, answered.response, simulated=answered.simulated)

    async def close(self) -> None:
        """Let go of connections."""
        for provider in self._providers.values():
            await provider.close()

    # --- who may serve --------------------------------------------------------------------------------

    def _allowed(
        self, decision: RouteDecision, may_use: Callable[[str, dict[str, Any]], Decision]
    ) -> tuple[list[str], list[dict[str, str]]]:
        allowed: list[str] = []
        refused: list[dict[str, str]] = []
        for name in decision.order:
            answer = may_use(name, self._facts(name))
            if answer.allows:
                allowed.append(name)
                continue
            reason = answer.reasons[0] if answer.reasons else None
            sentence = (reason.text or reason.rule) if reason is not None else "policy"
            refused.append({"model": name, "constraint": "policy", "sentence": sentence})
        if not allowed:
            told = "; ".join(f"{each['model']}: {each['sentence']}" for each in refused)
            raise Denied(
                f"no model of the route {decision.route} may be used: {told}.", "See: remit policy check"
            )
        return allowed, refused

    def _facts(self, name: str) -> dict[str, Any]:
        found = self._known_facts.get(name)
        if found is None:
            found = self._known_facts[name] = self._facts_of(name)
        return found

    def _facts_of(self, name: str) -> dict[str, Any]:
        card = self.configuration.catalog.card(name)
        return {
            "provider": card.provider, "region": ",".join(sorted(card.regions)),
            "retention": "unknown" if card.retention is None else f"{card.retention}d", "simulated": card.simulated,
        }  # fmt: skip

    def _candidate(self, name: str) -> Candidate:
        found = self._candidates.get(name)
        if found is None:
            found = self._candidates[name] = self._open_candidate(name)
        return found

    def _open_candidate(self, name: str) -> Candidate:
        card = self.configuration.catalog.card(name)
        spec = self.configuration.providers.get(card.provider)
        deadlines = spec.deadlines if spec is not None else None
        return Candidate(name, self._provider(card.provider), card.sent_name, card.window or 0, deadlines)

    def _provider(self, name: str) -> Provider:
        found = self._providers.get(name)
        if found is None:
            spec = self.configuration.providers.get(name)
            if spec is None:
                raise NoRoute(f'there is no provider "{name}".', "Describe it in models.toml.")
            found = self._providers[name] = open_provider(
                spec, clock=self._clock, folder=self._folder, environment=self.configuration.environment,
                tapes=self._tapes,
            )  # fmt: skip
        return found

    async def _credential(self, provider: str) -> Credential:
        spec = self.configuration.providers[provider]
        if not spec.secret or not spec.needs_key:
            return _OPEN
        try:
            value = await self._vault.open_provider(spec.secret)
        except SecretUnavailable:
            if not spec.cassette or spec.cassette_mode != "auto":
                raise
            return _ABSENT  # the cassette may have the answer
        return Credential(value, spec.auth or "key")

    # --- what it cost ---------------------------------------------------------------------------------

    def _used(self, plan: Plan, attempt: Attempt) -> Amount:
        if attempt.usage is None:
            return (
                replace(plan.most, steps=1)
                if attempt.sent and attempt.outcome != "refused"
                else Amount(steps=1)
            )
        cost = self.configuration.book.total(attempt.model, attempt.usage, attempt.started)
        return Amount(cost or 0, attempt.usage.total, 1)

    def _failed(self, plan: Plan, attempts: Sequence[Attempt], wrong: ModelFailed | BudgetExhausted) -> Asked:
        used = [self._used(plan, attempt) for attempt in attempts]
        return Asked(tuple(used), self._detail(attempts, used), failure=wrong)

    def _detail(self, attempts: Sequence[Attempt], used: Sequence[Amount]) -> dict[str, Any]:
        total = used[0] if len(used) == 1 else sum(used, Amount())
        detail: dict[str, Any] = {
            "used": {"money": total.money, "tokens": total.tokens, "steps": min(total.steps, 1)},
            "book": self.configuration.book.name,
        }  # fmt: skip
        if attempts and attempts[-1].usage is not None:
            detail["usage"] = attempts[-1].usage
        if len(attempts) != 1 or attempts[0].outcome != "answered":
            detail["attempts"] = [
                {
                    "number": each.number, "model": each.model, "outcome": "lost" if each.lost else each.outcome,
                    "code": each.code, "status": each.status, "money": spent.money, "tokens": spent.tokens,
                }
                for each, spent in zip(attempts, used, strict=True)
            ]  # fmt: skip
        return detail


def _heard_by(listener: Listener) -> Callable[[int, StreamEvent | Reset], Any]:
    async def hear(attempt: int, event: StreamEvent | Reset) -> None:
        await listener.ready()
        if isinstance(event, Reset):
            listener.reset(attempt)
        else:
            listener.hear(attempt, event)

    return hear


def _why(decision: RouteDecision, refused: list[dict[str, str]]) -> dict[str, Any]:
    detail: dict[str, Any] = {"order": list(decision.order)}
    if decision.eliminated or refused:
        detail["eliminated"] = [*msgspec.to_builtins(decision.eliminated), *refused]
    if decision.affinity:
        detail["affinity"] = decision.affinity
    return detail


def _most(bounds: Sequence[Bound | None]) -> tuple[Amount, str]:
    """The most that any of the candidates may use, and why it is not known if it is not."""
    tokens = money = 0
    because, unknown = "", False
    for each in bounds:
        if each is None:
            unknown = True
            continue
        because = because or each.because
        tokens, money = max(tokens, each.tokens), max(money, each.money or 0)
    return Amount(money, tokens, 1), "the window of a model is unknown" if unknown else because
