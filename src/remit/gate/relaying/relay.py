"""One relay from its request to its end: the lane that policy picks, the durable step, and what the client gets of it.

The end of an answer goes out only after the settlement is in the log (S3). What fails before the client was shown
anything is raised; what fails later ends the stream in the words of its dialect, and is raised as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_errors import Blocked, ClientGone, ModelFailed
from remit.domain.errors import RemitError, StepFailed
from remit.engine.stepping import perform
from remit.gate.relaying.asked import RelayAnswer
from remit.gate.relaying.connection import Connected, while_connected
from remit.gate.relaying.outlet import ClientOutlet
from remit.gate.relaying.passage import RelayPassage, asked_of
from remit.gate.relaying.refusing import wire_error
from remit.gate.screening.around import Around
from remit.gate.steps import MODEL
from remit.wire.messages import Message, ModelResponse, Refusal

if TYPE_CHECKING:
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.model_passage import ModelAnswer
    from remit.gate.parts import GateParts
    from remit.gate.relaying.asked import RelayAsk, Sink

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
        return await (self._guarded() if self._is_guarded() else self._carried())

    def _is_guarded(self) -> bool:
        """Whether somebody may object to what is sent or said: then nothing is shown before it is all there."""
        guards, actor = self._parts.guards, self._actor
        return guards.watches(actor) and any(guards.at(actor, at) for at in ("input", "output", "answer"))

    # --- as it comes ------------------------------------------------------------------------------------

    async def _carried(self) -> RelayAnswer:
        ask = self._ask
        passage = RelayPassage(self._parts, self._actor, ask, self._sink, self._identity)
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
        refusal, stream = passage.proposals.refusal, self._ask.inbound.stream
        if refusal:
            response = refused(response, refusal)
        body = b"" if stream else outlet.whole(response, refused=bool(refusal))
        if stream and refusal:
            await outlet.refuse(refusal, response.usage)
        elif stream:
            await outlet.release()
        cost = sum(each.money for each in asked.used)
        return RelayAnswer(
            stream, body, outlet.headers, asked.model, response.usage, cost, passage.lane, False, outlet.waited,
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
        response = self._as_response(answer)
        outlet = ClientOutlet(ask, self._sink, self._identity, self._at(), holds_tools=False)
        if not ask.inbound.stream:
            return self._answer(answer, outlet.whole(response, refused=True))
        await outlet.replay(response)
        return self._answer(answer, b"")

    def _answer(self, answer: ModelAnswer, body: bytes) -> RelayAnswer:
        stream = self._ask.inbound.stream
        return RelayAnswer(
            stream, body, {}, answer.model, answer.usage, 0, "hold-all", message=answer.message
        )

    def _as_response(self, answer: ModelAnswer) -> ModelResponse:
        return ModelResponse(answer.model, answer.message, answer.finish, answer.usage, self._identity)

    def _at(self) -> int:
        return self._ask.at or self._parts.clock.now() // 1_000_000


def refused(response: ModelResponse, words: str) -> ModelResponse:
    """The answer without its tool calls: a refusal stands in their place."""
    kept = [part for part in response.message.parts if part not in response.message.tool_calls]
    message = Message("assistant", (*kept, Refusal(words)))
    return msgspec.structs.replace(response, message=message, finish="stop", extra={})
