"""One relay from its request to its end: the lane that policy picks, the durable step, and what the client gets of it.

The end of an answer goes out only after the settlement is in the log (S3). What fails before the client was shown
anything is raised; what fails later ends the stream in the words of its dialect, and is raised as well.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_errors import Blocked, ClientGone, ModelFailed
from remit.domain.errors import RemitError, StepFailed
from remit.engine.stepping import perform
from remit.gate.relaying.asides import AsidePassage
from remit.gate.relaying.asked import RelayAnswer
from remit.gate.relaying.connection import Connected, while_connected
from remit.gate.relaying.outlet import ClientOutlet
from remit.gate.relaying.passage import RelayPassage, asked_of, refused
from remit.gate.relaying.proposals import Proposals
from remit.gate.relaying.refusing import wire_error
from remit.gate.screening import talk
from remit.gate.screening.around import Around
from remit.gate.screening.screen import Screen, blocked
from remit.gate.steps import MODEL
from remit.store.database import Commit
from remit.wire.messages import ModelResponse

if TYPE_CHECKING:
    from remit.domain.decisions import AccessRequest, Decision
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.model_passage import ModelAnswer
    from remit.gate.parts import GateParts
    from remit.gate.relaying.asked import RelayAsk, Sink
    from remit.wire.embeddings import EmbedWish

_PREFIXES = {"openai_chat": "chatcmpl-", "openai_responses": "resp_", "anthropic": "msg_"}


class Relay:
    """One exchange of a foreign agent with a model."""

    def __init__(
        self, parts: GateParts, execution: Execution, actor: Actor, ask: RelayAsk, sink: Sink
    ) -> None:
        self._parts = parts
        self._execution = execution
        self._actor = actor
        self._ask = ask
        self._sink = sink
        prefix = _PREFIXES.get(ask.inbound.dialect, "")
        self._identity = ask.identity or f"{prefix}{execution.row.id.removeprefix('run_')}"

    async def carry(self) -> RelayAnswer:
        """Do it."""
        if self._is_guarded():
            return await self._guarded()
        return await self._carried(
            RelayPassage(self._parts, self._actor, self._ask, self._sink, self._identity)
        )

    async def aside(self, wish: EmbedWish | None) -> RelayAnswer:
        """Embed, or count. What guards look at as content stays here, as far as they object to it."""
        parts, actor = self._parts, self._actor
        if self._is_guarded():
            self._screen()
        return await self._carried(AsidePassage(parts, actor, self._ask, self._sink, self._identity, wish))

    def _screen(self) -> None:
        """Only what can be said at once: a guard that asks somebody else, or a person, refuses."""
        guards = self._parts.guards.at(self._actor, "input")
        screen = Screen(self._parts.guards.tokens(self._execution.row.id, self._parts.keys))
        judged = screen.judge(guards, "input", talk.heard(self._ask.inbound.request.messages))
        strict = judged.block or next((each for each in guards if each.outside or each in judged.ask), None)
        if strict is not None:
            raise blocked(strict, "input", judged.why or "what it guards is not looked at here")
        if judged.texts is not None:
            raise blocked(guards[0], "input", judged.why or "a part of it would have to be taken out")

    def _is_guarded(self) -> bool:
        """Whether somebody may object to what is sent or said: then nothing is shown before it is all there."""
        guards, actor = self._parts.guards, self._actor
        return guards.watches(actor) and any(guards.at(actor, at) for at in ("input", "output", "answer"))

    # --- as it comes ------------------------------------------------------------------------------------

    async def _carried(self, passage: RelayPassage) -> RelayAnswer:
        ask = self._ask
        identity: Any = [[ask.route, ask.inbound.digest], {}]
        try:
            await perform(self._execution, MODEL, (), {}, Connected(passage), identity)
        except RemitError as wrong:
            told = self._told(wrong, passage.failure)
            if passage.outlet.begun and not isinstance(told, ClientGone):
                await passage.outlet.fail(wire_error(told))
            raise told from wrong
        return await self._delivered(passage)

    async def _delivered(self, passage: RelayPassage) -> RelayAnswer:
        outlet, asked, response = passage.outlet, passage.asked, passage.response
        assert asked is not None  # noqa: S101 - it was answered
        assert response is not None  # noqa: S101 - likewise
        stream = self._ask.inbound.stream
        if stream:
            await outlet.release()
        body = b"" if stream else outlet.body
        cost = sum(each.money for each in asked.used)
        return RelayAnswer(
            stream, body, outlet.headers, asked.model, response.usage, cost, passage.lane, passage.hit, outlet.waited,
            response.message,
        )  # fmt: skip

    def _told(self, wrong: RemitError, failure: RemitError | None) -> RemitError:
        """The error with what a provider said of it, which the log does not keep; what came from outside, as itself."""
        if isinstance(wrong, StepFailed) and failure is not None:
            return failure
        if isinstance(wrong, ModelFailed) and isinstance(failure, ModelFailed):
            wrong.trouble, wrong.hint = failure.trouble, failure.hint
        return wrong

    # --- only when it is all there ------------------------------------------------------------------------

    async def _guarded(self) -> RelayAnswer:
        ask = self._ask
        asked = asked_of(ask)
        shape = asked.shape | {"lane": "hold-all", "dialect": ask.inbound.dialect}
        asked = msgspec.structs.replace(asked, shape=shape)
        async with while_connected(self._sink.gone):
            answer = await Around(self._parts, self._execution, self._actor).ask_model(asked)
        if answer.withheld:
            raise Blocked(answer.withheld)
        response, proposals = (
            self._as_response(answer),
            Proposals(self._parts, self._actor, asked.request.tools),
        )
        proposals.look_at(response.message.tool_calls, self._judge, lambda request: request)
        if proposals.asking:
            async with while_connected(self._sink.gone):
                await proposals.ask(ask.consent)
        if proposals.refusal:
            response = refused(response, proposals.refusal)
        outlet = ClientOutlet(ask, self._sink, self._identity, self._at(), holds_tools=False)
        if ask.inbound.stream:
            await outlet.replay(response)
        else:
            outlet.conclude(response)
        if ask.keep is not None:
            execution, ops = self._execution, ask.keep(self._execution, outlet.envelope)
            with execution.on_ground():
                await execution.services.database.submit(Commit(ops=list(ops)))
        if ask.inbound.stream:
            await outlet.release()
        return self._answer(answer, b"" if ask.inbound.stream else outlet.body)

    def _judge(self, request: AccessRequest, now: int) -> Decision:
        roles = self._parts.roles
        known = replace(request, groups=roles.of(request.user)) if roles.any else request
        run, capability = self._execution.row.id, self._actor.capability
        return self._parts.standing.judge(known, now, (), run, capability)

    def _answer(self, answer: ModelAnswer, body: bytes) -> RelayAnswer:
        stream = self._ask.inbound.stream
        return RelayAnswer(
            stream, body, {}, answer.model, answer.usage, 0, "hold-all", message=answer.message
        )

    def _as_response(self, answer: ModelAnswer) -> ModelResponse:
        return ModelResponse(answer.model, answer.message, answer.finish, answer.usage, self._identity)

    def _at(self) -> int:
        return self._ask.at or self._parts.clock.now() // 1_000_000
