"""A model call that guards look at: what the model is sent, and what it says before anybody hears it.

It is the passage of every model call, with more in its `screen` stages. Where a guard may object to what is said, the
frames of the stream are held until it has spoken (S31): what was shown cannot be taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_events import ActionAdmitted
from remit.domain.errors import Rejected
from remit.domain.guards import Guard
from remit.gate.consents import Consent
from remit.gate.holding import card_digest, heed, hold, terms_of
from remit.gate.model_passage import ModelPassage
from remit.gate.screening import talk
from remit.gate.screening.screen import Screen, asking, blocked
from remit.wire.messages import Message, TextDelta, ToolCallStarted, message_to_plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.guards.tokens import Tokens
    from remit.gate.model_passage import ModelAsk
    from remit.gate.parts import GateParts
    from remit.gate.screening.screen import Judged, Report
    from remit.gate.streams import Speaker
    from remit.store.database import Op
    from remit.wire.messages import StreamEvent

Json = Any


class GuardedModelPassage(ModelPassage):
    """One call of one route, with guards."""

    def __init__(
        self, parts: GateParts, actor: Actor, ask: ModelAsk, tokens: Tokens, given: Mapping[str, Report]
    ) -> None:
        super().__init__(parts, actor, ask)
        self.screen = Screen(tokens)
        self._original = ask
        self._reports = given
        self._instead: Guard | None = None
        """Whose answer stands in for the model's."""
        self._held: HeldFrames | None = None
        self._asked_people = 0
        self._input = parts.guards.at(actor, "input")
        self._output = parts.guards.at(actor, "output")
        self._answer = parts.guards.at(actor, "answer")

    # --- what the model is sent -----------------------------------------------------------------------

    async def admit(self, execution: Execution, call: Placed, number: int) -> None:
        """Look at what it is about to read, then let it pass as any other."""
        if self._input and not self.screen.told:
            await self._look_at_input(execution, call)
        if self._instead is not None:
            self.place = (execution, call.path)
            self.said = self.screen.detail(self._action())
            execution.admit(ActionAdmitted("model", call.digest, self.said), call.path)
            return
        await super().admit(execution, call, number)
        if self._listener is not None and (self._output or self._answer):
            self._listener = self._held = HeldFrames(self._listener)

    async def _look_at_input(self, execution: Execution, call: Placed) -> None:
        ask = self._original
        judged = self.screen.judge(self._input, "input", talk.heard(ask.new), self._reports)
        if judged.block is not None:
            raise blocked(judged.block, "input", judged.why)
        for guard in judged.ask:
            await self._agreed(execution, call, guard, judged)
        if judged.instead is not None and not judged.ask:
            self._instead = judged.instead
            return
        messages = talk.hiding(ask.request.messages, self.screen.tokens.hidden)
        if messages != ask.request.messages:
            request = msgspec.structs.replace(ask.request, messages=messages)
            # what it weighs is counted anew
            self._ask = msgspec.structs.replace(ask, request=request, weight=None)
        self.pipe.passed("screen")

    async def _agreed(self, execution: Execution, call: Placed, guard: Guard, judged: Judged) -> None:
        """Have a person agree to what the model is sent; the answer counts for exactly this."""
        decision = asking(guard, judged.why)
        assert decision.requirement is not None  # noqa: S101 - it asks
        texts = [text for _, text in talk.heard(self._original.new).texts]
        card: dict[str, Json] = {
            "guard": guard.name, "at": "input", "agent": self.actor.agent, "for": self.actor.user,
            "route": self._original.route, "texts": texts,
        }  # fmt: skip
        rule, terms, digest = decision.requirement.rule, terms_of(decision.requirement), card_digest(card)
        number = self._asked_people + 1
        while (verdict := await heed(execution, call, number)) is not None:
            number += 1
            if (verdict.terms, verdict.card) == (terms, digest):
                break
        if verdict is None:
            facts = self.screen.detail({"agent": self.actor.agent, "route": self._original.route})
            verdict = await hold(execution, call, decision, number, card, facts, self.actor.user)
            number += 1
        self._asked_people = number - 1
        if verdict.card != digest:
            raise Rejected(f"{verdict.by} changed what {call.path} would be sent, which nobody can.")
        self.agreed[rule] = verdict.by
        self._consents[rule] = Consent(terms, digest, verdict.by, verdict.approval)
        self.pipe.passed("hold")

    # --- what it says ---------------------------------------------------------------------------------

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        """Ask, and look at what comes back before it is told to anybody."""
        if self._instead is not None:
            return static_answer(self._instead, {"model": ""})
        plain: Any = await super().perform(*args, idempotency_key=idempotency_key)
        if not (self._output or self._answer):
            return plain
        message = msgspec.convert(plain["message"], Message)
        looked = self._look_at_answer(message, plain)
        self.pipe.passed("screen_result")
        return looked

    def _look_at_answer(self, message: Message, plain: dict[str, Json]) -> dict[str, Json]:
        last = not message.tool_calls
        for at, guards in (("output", self._output), ("answer", self._answer if last else ())):
            if not guards:
                continue
            judged = self.screen.judge(guards, at, talk.said(message))
            if judged.block is not None:
                return kept_back(judged.block, at, judged.why, plain)
            if judged.instead is not None and not judged.ask:
                return static_answer(judged.instead, plain)
            if judged.texts is not None:
                message = talk.reworded(message, judged.texts)
            self.screen.pending += [each for each in guards if each.outside or each in judged.ask]
        if not self.screen.pending:
            self.release(message)
        return plain | {"message": message_to_plain(message)}

    def release(self, message: Message) -> None:
        """Whoever listens hears it now."""
        if self._held is not None:
            self._held.release(message)

    @property
    def leads_on(self) -> bool:
        """Not while somebody still has to look at it."""
        return super().leads_on and not self.screen.pending

    # --- what is kept ---------------------------------------------------------------------------------

    def settling(self, wrong: BaseException | None) -> tuple[Any, Sequence[Op]]:
        """Also what the guards said."""
        run = self.place[0].row.id if self.place is not None else ""
        detail, ops = self.screen.settled(super().settling(wrong), run)
        if self._held is not None:
            detail["stream"] = "held"
        return detail, ops

    def replayed(self, execution: Execution, detail: Any) -> None:
        """What was said of it then counts; what was hidden from the model stays hidden."""
        super().replayed(execution, detail)
        self.screen.learn(detail)
        inner = [guard for guard in self._input if not guard.outside]
        if inner:  # secrets have no token in the log
            Screen(self.screen.tokens).judge(inner, "input", talk.heard(self._original.new))


class HeldFrames:
    """A listener that hears nothing before the guards have spoken."""

    def __init__(self, inner: Speaker) -> None:
        self._inner = inner
        self._attempt = 0

    async def ready(self) -> None:
        """Nothing is asked for before the log knows of it, as ever."""
        await self._inner.ready()

    def hear(self, attempt: int, event: StreamEvent) -> None:
        """Held: the whole answer is told once it was looked at."""

    def reset(self, attempt: int) -> None:
        """Nothing was told, so nothing has to be taken back."""

    def over(self, attempt: int, *, whole: bool) -> None:
        """The answer is there; it is not told yet."""
        if whole:
            self._attempt = attempt
        else:
            self._inner.over(attempt, whole=False)

    def release(self, message: Message) -> None:
        """The guards have let it by, as it is or with something taken out."""
        if not self._attempt:
            return
        if message.text:
            self._inner.hear(self._attempt, TextDelta(0, message.text))
        for index, call in enumerate(message.tool_calls):
            self._inner.hear(self._attempt, ToolCallStarted(index, call.id, call.name))
        self._inner.over(self._attempt, whole=True)
        self._attempt = 0


def static_answer(guard: Guard, plain: dict[str, Json]) -> dict[str, Json]:
    """What is recorded when a guard answers instead of a model."""
    return plain | {
        "message": message_to_plain(talk.answered(talk.in_words(guard.answer))), "finish": "stop",
        "static": guard.name,
    }  # fmt: skip


def kept_back(guard: Guard, at: str, why: str, plain: dict[str, Json]) -> dict[str, Json]:
    """What is recorded when nobody is told what a model said."""
    what = "answer" if at == "answer" else "message"
    said = f"Your {what} was kept back by the guard {guard.name}: {why}. Say it without that."
    return plain | {"message": message_to_plain(talk.answered("")), "finish": "stop", "withheld": said}
