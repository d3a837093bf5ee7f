"""A model call on its way: resolve the route, decide about each model, reserve the bound, ask, settle what it cost.

What is asked stands in the log once: the event of a call holds the digest of everything said before it and the
messages that are new since the last call. Every attempt is a charge of its own, also one whose answer was lost (S25).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from remit.domain.action_events import ActionAdmitted
from remit.domain.budgets import Amount
from remit.domain.decisions import AccessRequest, Decision
from remit.domain.errors import Refused
from remit.domain.event import object_of
from remit.gate.containment.quarantine import without_model
from remit.gate.passage import Passage
from remit.gate.provenance import fix
from remit.gate.readers import heard, no_reader, unread_by, without
from remit.gate.streams import StepListener
from remit.gate.trying.spoken import spoken
from remit.store.conversations import fingerprint
from remit.wire import canonical
from remit.wire.attachment import message_for_log
from remit.wire.messages import Finish, Message, Usage, message_to_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.conversation import Conversation
    from remit.domain.flags import Picked
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.models import Asked, Plan
    from remit.gate.parts import GateParts
    from remit.gate.streams import Speaker
    from remit.models.bounds import Weight
    from remit.models.plan import Candidate
    from remit.store.database import Op
    from remit.wire.messages import ModelRequest, ModelResponse


class ModelAsk(Struct, frozen=True):
    """What an agent asks of a route."""

    route: str
    request: ModelRequest
    """Everything but the model, which the route chooses."""
    talk: Conversation
    """The same messages as in the request, as the journal digests them."""
    shape: dict[str, Any]
    """What else shapes the answer, by digest: agent, prompt, tools, output."""
    new: tuple[Message, ...] = ()
    """The messages that no earlier call of this ask has sent, apart from the model's own."""
    purpose: str = ""
    """`compact` and the like; empty for a turn of the loop."""
    turn: bool = False
    """Whether an answer that asks for tools is only used to call them."""
    data_class: str = ""
    weight: Weight | None = None
    """What the messages weigh, where somebody kept count as they came."""

    def identity(self) -> Any:
        """What makes it this call and no other, on every replay, as plain JSON."""
        unnamed: Any = [self.route, self.shape, fingerprint(self.talk)]
        return [unnamed, {}]


class ModelAnswer(Struct, frozen=True):
    """What the loop is told, at first and at every replay."""

    message: Message
    finish: Finish
    model: str
    usage: Usage | None
    simulated: bool = False
    withheld: str = ""
    """Why a guard kept it back, in words for the model; the message is empty then."""

    @classmethod
    def of(cls, plain: Any) -> ModelAnswer:
        """Out of the journal."""
        return cls(
            msgspec.convert(plain["message"], Message), plain["finish"], plain["model"],
            msgspec.convert(plain["usage"], Usage) if plain.get("usage") else None, bool(plain.get("simulated")),
            plain.get("withheld", ""),
        )  # fmt: skip


class ModelPassage(Passage):
    """One call of one route."""

    def __init__(self, parts: GateParts, actor: Actor, ask: ModelAsk) -> None:
        super().__init__(parts, actor)
        self._ask = ask
        self._plan: Plan | None = None
        self._picked: Picked | None = None
        """The flag that had a say about the route."""
        self._asked: Asked | None = None
        self._heard: ModelResponse | None = None
        """The answer, where nothing had to be cut out of it."""
        self._digest = ""
        """Of the call, which knows its passage: if the passage knew it as well, only the collector would find them."""
        self._listener: Speaker | None = None
        self._withheld: dict[str, frozenset[str]] = {}
        """By model, the tools whose results it is not told."""
        self._off: list[Amount] = []
        """The bounds of attempts that a halt interrupted: nobody knows what they used."""

    async def admit(self, execution: Execution, call: Placed, number: int) -> None:
        """Choose the models that may answer, and let the call pass."""
        self.pipe.again()
        desk, ask = self.parts.models, self._ask
        self._row = execution.row
        await self.meet(execution)
        await self.enter(execution)
        if self.actor.bounds:
            await fix(self.actor.bounds, execution)
        self._withheld.clear()
        session = execution.row.session or execution.row.id
        self._picked = self.parts.flags.route(ask.route, self.actor.agent, execution.row)
        elsewhere = self._picked.value if self._picked is not None else None
        self._plan = plan = desk.plan(
            ask.route if elsewhere is None else str(elsewhere),
            ask.request,
            self._may_use,
            ask.data_class,
            session,
            f"{execution.row.id}/{call.path}",
            ask.weight,
        )
        if self._withheld:
            self._plan = plan = msgspec.structs.replace(plan, candidates=self._with_less(plan.candidates))
        self.models = tuple([candidate.model for candidate in plan.candidates])
        self.pipe.passed("resolve")
        self.place, self._digest = (execution, call.path), call.digest
        await self.reserve(execution, plan.most)
        if self.parts.streams.listened(execution.row.id):
            redactor, earlier = self.parts.vault.redactor, len(self.lost)
            self._listener = StepListener(self.parts.streams, redactor, execution, call.path, earlier)
        self.passed = number
        ops = self.admitting_ops()
        self.said = self._action()
        event = ActionAdmitted("model", call.digest, self.said | {"bound": self.bound(plan.most)})
        execution.admit(event, call.path, ops)

    def _may_use(self, model: str, facts: dict[str, Any]) -> Decision:
        """What authority says to one model of the route."""
        actor = self.actor
        request = AccessRequest(
            actor.user, actor.team, actor.agent, "model", model, facts, environment=self.parts.environment
        )
        self.check_people()
        halts = self.parts.halts
        self.decision = self.judge(self.as_known(request), self.parts.clock.now())
        if halts.any and self._row is not None:
            halt = halts.covering(actor.concern(self._row, model=model))
            if halt is not None:
                return without_model(halt, self.decision)
        if not actor.bounds:
            return self.decision
        unread = unread_by(
            actor.bounds, str(facts.get("provider", "")), self._ask.request, self.parts.unreadable
        )
        if unread.tools:
            self._withheld[model] = unread.tools
        return no_reader(self.decision, unread.why) if unread.why else self.decision

    def _with_less(self, candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        hidden = self._withheld
        return tuple(
            [without(each, hidden[each.model]) if each.model in hidden else each for each in candidates]
        )

    async def reserve_again(self) -> None:
        """Another attempt is about to be made, and may cost as much again."""
        place, plan = self.place, self._plan
        if place is not None and plan is not None:
            execution, path = place
            await self.reserve_more(execution, plan.most)
            ops = self.admitting_ops()
            detail = {"attempt": self.attempts, "bound": self.bound(plan.most)}
            execution.admit(ActionAdmitted("model", self._digest, detail), path, ops)

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        """Ask, with every fallback and retry that the route allows."""
        del args, idempotency_key
        plan, place = self._plan, self.place
        assert plan is not None  # noqa: S101 - made when it was let pass
        assert place is not None  # noqa: S101 - likewise
        self.pipe.again()
        try:
            self._asked = asked = spoken(place[0], self.actor, plan, self._ask.purpose, self._digest) or (
                await self.parts.models.ask(
                    plan,
                    self.reserve_again,
                    run=place[0].row.id,
                    path=place[1],
                    actor=self.actor,
                    listener=self._listener,
                )
            )
        finally:
            self._fall_silent()
        self.pipe.passed("perform")
        if asked.failure is not None:
            if self.actor.until is not None and self.parts.time.latest() >= self.actor.until:
                raise self.out_of_time() from asked.failure
            raise asked.failure
        provider = asked.detail.get("provider")
        if provider and self.actor.bounds:
            heard(self.actor.bounds, provider)
        answer = asked.answer
        assert answer is not None  # noqa: S101 - either a failure or an answer
        message: Any = answer.message
        if self.parts.vault.redactor.knows_any:
            message = self.parts.vault.redact(message_to_plain(message))
        else:
            self._heard = answer
        self.pipe.passed("screen_result")
        plain: dict[str, Any] = {"message": message, "finish": answer.finish, "model": asked.model}
        if answer.usage is not None:
            plain["usage"] = msgspec.to_builtins(answer.usage)
        if asked.simulated:
            plain["simulated"] = True
        return plain

    def told(self, plain: Any) -> ModelAnswer:
        """What the loop is told: what the journal holds. Where this life heard it, and it is words alone, that is the
        very message.
        """
        heard = self._heard
        if heard is None or canonical.ready(heard.message) is not heard.message:
            return ModelAnswer.of(plain)
        return ModelAnswer(
            heard.message, heard.finish, plain["model"], heard.usage, bool(plain.get("simulated"))
        )

    def _fall_silent(self) -> None:
        asked = self._asked
        if self._listener is not None:
            self._listener.over(max(self.attempts, 1), whole=asked is not None and asked.failure is None)

    async def reconcile(self, *args: object, idempotency_key: str = "") -> None:
        """A model call is a read: it may be repeated."""
        del args, idempotency_key

    def claiming(self) -> tuple[Any, Sequence[Op]]:
        """A model call is not claimed."""
        return None, ()

    def settling(self, wrong: BaseException | None) -> tuple[Any, Sequence[Op]]:
        """What was asked of whom, what came of each attempt, and what it cost."""
        asked, plan = self._asked, self._plan
        if asked is None:  # refused before it was made, or nobody knows what came of it
            most = plan.most if plan is not None else Amount()
            sent = max(0, self.attempts - isinstance(wrong, Refused))  # what was refused here went nowhere
            ops = self.charge(*[most] * sent)
            used = sum([most] * sent, self.used_in_lost)
            detail = {
                **self._action(),
                **self.untold(),
                "why": getattr(wrong, "detail", None),
                "used": _shown(used),
            }
            return detail | {"pipe": self.pipe.stages}, ops
        ops = self.charge(*self._off, *asked.used)
        self.pipe.passed("settle")
        detail = {**self.untold(), "pipe": self.pipe.stages, **asked.detail}
        if self.lost or self._off:
            detail["used"] = _shown(sum(self._off, Amount(**asked.detail["used"]) + self.used_in_lost))
            detail["lost"] = len(self.lost) + len(self._off)
        return detail, ops

    def called_off(self) -> None:
        """What its attempts used is taken to be all that they might have."""
        most = self._plan.most if self._plan is not None else Amount()
        self._off += [most] * (self.attempts - len(self._off))

    @property
    def leads_on(self) -> bool:
        """An answer that asks for tools tells nobody anything by itself: what the calls come to is waited for."""
        answer = self._asked.answer if self._asked is not None else None
        return self._ask.turn and answer is not None and bool(answer.message.tool_calls)

    def replayed(self, execution: Execution, detail: Any) -> None:
        """It was settled before: count what it used."""
        used = object_of(object_of(detail).get("used"))
        if used:
            self.count_again(execution, Amount(**used))

    def _action(self) -> dict[str, Any]:
        ask, plan = self._ask, self._plan
        found = self.facts()
        found["route"] = ask.route
        found |= ask.shape
        found["messages"] = len(ask.request.messages)
        found["new"] = [message_for_log(message) for message in ask.new]
        if ask.purpose:
            found["purpose"] = ask.purpose
        if self._picked is not None:
            found["flag"] = self._picked.plain()
        if self._withheld:
            found["withheld"] = {model: sorted(tools) for model, tools in self._withheld.items()}
        if plan is not None:
            found |= plan.detail
        return found


def _shown(amount: Amount) -> dict[str, int]:
    return {"money": amount.money, "tokens": amount.tokens, "steps": min(amount.steps, 1)}
