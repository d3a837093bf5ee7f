"""A model call of a foreign agent on its way: the passage of every model call, with a client at its end.

The same route, authority, budgets and settlement as for our own agents. What differs is the carriage: bytes go out and
come back as they are where both sides speak one dialect, a client may hang up, and what a model proposes to do is
looked at although nobody here does it (S30, S31).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_errors import BudgetExhausted, ModelFailed, StreamCut
from remit.domain.budgets import Amount
from remit.domain.conversation import Conversation
from remit.domain.errors import RemitError
from remit.gate.model_passage import ModelAsk, ModelPassage
from remit.gate.models import Asked, Manner
from remit.gate.readers import heard as heard_by
from remit.gate.relaying.again import Again
from remit.gate.relaying.asked import new_messages, prompt_hash
from remit.gate.relaying.connection import while_connected
from remit.gate.relaying.outlet import ClientOutlet
from remit.gate.relaying.proposals import Proposals
from remit.gate.streams import StepListener
from remit.models.provider import trouble_of
from remit.models.relaying import direct, relayed
from remit.wire.messages import Message, Refusal, Usage, message_to_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.models import Plan
    from remit.gate.parts import GateParts
    from remit.gate.relaying.asked import RelayAsk, Sink
    from remit.models.plan import Candidate
    from remit.store.database import Op
    from remit.wire.messages import ModelResponse

SHORTENED = 4096
"""Tokens to which an answer without a limit is cut where a budget has no room for the longest (S25)."""
PATIENCE = 2.0
"""Seconds for which a client is kept waiting because its provider asks for it; it has a policy of its own."""
_BYTES_PER_TOKEN = 3


class RelayPassage(ModelPassage):
    """One exchange with one model."""

    def __init__(self, parts: GateParts, actor: Actor, relay: RelayAsk, sink: Sink, identity: str) -> None:
        super().__init__(parts, actor, asked_of(relay))
        self._relay = relay
        self._sink = sink
        self._limit: int | None = None
        self._kept: tuple[Op, ...] = ()
        self.again: Again | None = None
        """Under which name the answer is kept, if it is."""
        self.hit = False
        """Whether it was."""
        self.failure: RemitError | None = None
        """What went wrong, with all that its provider said of it."""
        self.response: ModelResponse | None = None
        self.proposals = Proposals(parts, actor, relay.inbound.request.tools)
        at = relay.at or parts.clock.now() // 1_000_000
        self.outlet = ClientOutlet(relay, sink, identity, at, holds_tools=self.proposals.any)

    @property
    def asked(self) -> Asked | None:
        """What came of it."""
        return self._asked

    @property
    def lane(self) -> str:
        """How the answer travels (S31)."""
        if self.proposals.any:
            return "hold-tools"
        plan, inbound = self._plan, self._relay.inbound
        verbatim = plan is not None and direct(plan.candidates[0].provider, inbound) is not None
        return "raw" if verbatim else "translate"

    async def admit(self, execution: Execution, call: Placed, number: int) -> None:
        """Let it pass. An answer without a limit is given one where a budget has no room for the longest there is."""
        if self.outlet.begun:
            raise StreamCut("the answer broke off after a part of it was delivered.")
        try:
            await super().admit(execution, call, number)
        except BudgetExhausted:
            request = self._ask.request
            if request.max_tokens is not None or self._limit is not None:
                raise
            self._limit = SHORTENED
            shorter = msgspec.structs.replace(request, max_tokens=SHORTENED)
            self._ask = msgspec.structs.replace(self._ask, request=shorter)
            await super().admit(execution, call, number)
        if self._relay.inbound.stream and self._listener is None:
            parts = self.parts
            self._listener = StepListener(parts.streams, parts.vault.redactor, execution, call.path)
            execution.outbox.hasten()  # its first byte will wait for that: better while the provider thinks

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        """Ask, and hand on what comes; the end of it waits for the settlement."""
        del args, idempotency_key
        plan, place = self._plan, self.place
        assert plan is not None  # noqa: S101 - made when it was let pass
        assert place is not None  # noqa: S101 - likewise
        self.pipe.again()
        try:
            async with while_connected(self._sink.gone):
                self._asked = await self._answer_of(plan, place[0])
        except (RemitError, asyncio.CancelledError) as wrong:
            self.failure = wrong if isinstance(wrong, RemitError) else None
            self._asked = self._broken_off(plan)
            if self._listener is not None:
                self._listener.over(max(self.attempts, 1), whole=False)
                self._listener = None
            raise
        finally:
            self._fall_silent()
        self.pipe.passed("perform")
        return await self._answered(self._asked)

    async def _answer_of(self, plan: Plan, execution: Execution) -> Asked:
        """A new answer or, where the route wants that, one that was given before."""
        policy = self.decision.policy if self.decision is not None else ""
        self.again = Again.of(self.parts, self.actor, self._relay, policy)
        if self.again is None:
            return await self._ask_models(plan, execution)
        cache, name = self.parts.cache, self.again.name
        async with cache.flight(name) as flight:
            found = flight.answer or await cache.find(execution, self.actor.team, name)
            if found is None:
                asked = await self._ask_models(plan, execution)
                flight.answer = self.again.cached(asked)
                return asked
            flight.answer, self.hit = found, True
            await self.outlet.give_again(found.model, found.response)
            return self.again.asked(found, self.parts.models.configuration.book.name)

    async def _ask_models(self, plan: Plan, execution: Execution) -> Asked:
        assert self.place is not None  # noqa: S101 - it was let pass
        relay, path = self._relay, self.place[1]
        candidates = tuple([replace(each, provider=self._carried(each)) for each in plan.candidates])
        carried = msgspec.structs.replace(plan, candidates=candidates, hedge=None)
        listener = self._listener if relay.inbound.stream else None
        seconds = relay.seconds or Manner().seconds
        manner = Manner(relay.passed_on(), seconds, PATIENCE, lambda: self.outlet.begun)
        return await self.parts.models.ask(
            carried, self.reserve_again, run=execution.row.id, path=path, actor=self.actor, listener=listener,
            manner=manner,
        )  # fmt: skip

    async def _answered(self, asked: Asked) -> dict[str, Any]:
        """What the log keeps of it."""
        if asked.failure is not None:
            self.failure = asked.failure
            self._say_when(asked.failure)
            raise asked.failure
        provider = asked.detail.get("provider")
        if provider and self.actor.bounds:
            heard_by(self.actor.bounds, provider)
        answer = self.response = asked.answer
        assert answer is not None  # noqa: S101 - either a failure or an answer
        self.proposals.look_at(answer.message.tool_calls, self.judge, self.as_known)
        if self.proposals.asking:
            async with while_connected(self._sink.gone):
                await self.proposals.ask(self._relay.consent)
        self._conclude(answer, self.proposals.refusal)
        message: Any = answer.message
        if self.parts.vault.redactor.knows_any:
            message = self.parts.vault.redact(message_to_plain(message))
        self.pipe.passed("screen_result")
        plain: dict[str, Any] = {"message": message, "finish": answer.finish, "model": asked.model}
        if answer.usage is not None:
            plain["usage"] = msgspec.to_builtins(answer.usage)
        if asked.simulated:
            plain["simulated"] = True
        return plain

    def _say_when(self, failure: ModelFailed | BudgetExhausted) -> None:
        """Where every model rests, how long the first of them still does."""
        if isinstance(failure, ModelFailed) and (trouble := trouble_of(failure)).kind == "resting":
            rests = [self.parts.models.health.resting(model) for model in self.models]
            failure.trouble = replace(trouble, retry_after=min(rests, default=0.0) or 1.0)

    def _conclude(self, answer: ModelResponse, refusal: str) -> None:
        """What the client will be told, before it is settled: what is kept of it is committed with that."""
        told = refused(answer, refusal) if refusal else answer
        self.outlet.conclude(told, refusal)
        self.response = told
        keep, place, asked = self._relay.keep, self.place, self._asked
        if place is None:
            return
        if keep is not None:
            self._kept = tuple(keep(place[0], self.outlet.envelope))
        again = self.again
        cached = again.cached(asked) if again is not None and asked is not None and not self.hit else None
        if again is not None and cached is not None:
            ops = self.parts.cache.keep(place[0], self.actor.team, again.name, cached, again.seconds)
            self._kept = (*self._kept, *ops)

    def _carried(self, candidate: Candidate) -> Any:
        return relayed(candidate, self._relay.inbound, self.outlet, self._limit)

    def _broken_off(self, plan: Plan) -> Asked:
        """Nobody waits for the rest: what was read and what had come by then is paid for, as far as it is known."""
        outlet, lost = self.outlet, self.attempts - 1
        used = [plan.most] * max(lost, 0)
        if outlet.model:
            prompt = outlet.prompt.prompt if outlet.prompt is not None else plan.need.prompt
            usage = Usage(input=prompt, output=-(-outlet.said // _BYTES_PER_TOKEN))
            money = self.parts.models.configuration.book.total(outlet.model, usage, self.parts.clock.now())
            used.append(Amount(money or 0, usage.total, 1))
        else:
            used.append(Amount(steps=1))
        total = sum(used, Amount())
        shown = {"money": total.money, "tokens": total.tokens, "steps": min(total.steps, 1)}
        detail = {"used": shown, "book": self.parts.models.configuration.book.name, "estimated": True}
        return Asked(tuple(used), detail | {"model": outlet.model, "delivered": outlet.said})

    def settling(self, wrong: BaseException | None) -> tuple[Any, Any]:
        """Also what the model proposed, and whether its bytes went on as they were."""
        detail, ops = super().settling(wrong)
        if self.proposals.told:
            detail["proposed"] = self.proposals.told
        if self.outlet.model:
            detail["carried"] = "verbatim" if self.outlet.verbatim else "translated"
        if self._limit is not None:
            detail["max_tokens"] = self._limit
        return detail, [*ops, *self._kept, *self._counted()] if wrong is None else ops

    def _counted(self) -> Sequence[Op]:
        """What the figures of models take along."""
        figures, asked, now = self.parts.figures, self._asked, self.parts.clock.now()
        if asked is None or asked.answer is None:
            return ()
        if self.hit:
            figures.spared(self._relay.route, asked.model, asked.detail["avoided"], now)
        else:
            figures.called(self._relay.route, asked.model, asked.answer.usage, now)
        return figures.take(now)

    @property
    def leads_on(self) -> bool:
        """What is not streamed is released after the end of its run, which waits for everything before it."""
        return not self._relay.inbound.stream

    def _action(self) -> dict[str, Any]:
        return super()._action() | {"lane": self.lane, "dialect": self._relay.inbound.dialect}


def asked_of(relay: RelayAsk) -> ModelAsk:
    """What is asked, as every passage of a model call has it."""
    request = relay.inbound.request
    shape = {"prompt": prompt_hash(request), **relay.shape}
    new = new_messages(request) if relay.kept else ()
    return ModelAsk(relay.route, request, Conversation(), shape, new, data_class=relay.data_class)


def refused(response: ModelResponse, words: str) -> ModelResponse:
    """The answer without its tool calls: a refusal stands in their place."""
    kept = [part for part in response.message.parts if part not in response.message.tool_calls]
    message = Message("assistant", (*kept, Refusal(words)))
    return msgspec.structs.replace(response, message=message, finish="stop", extra={})
