"""An action with guards around it: who is asked before it, and what follows after it from what is in the log.

Guards that ask somebody else are steps of their own, in scopes named after the guard and the action; a replay reads
what they said and asks nobody. Who looks at a result is written down with the result, so that it holds whatever the
guards are by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.clock import MICROSECONDS
from remit.domain.errors import Refused, Rejected, StepFailed, TimedOut
from remit.domain.events import StepDone
from remit.domain.events import StepFailed as StepFailedEvent
from remit.engine import waiting
from remit.engine.asking import Question
from remit.engine.scope import inside
from remit.engine.step import seconds
from remit.engine.stepping import perform
from remit.gate.containment.watched import Watched
from remit.gate.model_passage import ModelAnswer
from remit.gate.screening import talk
from remit.gate.screening.model_passage import GuardedModelPassage, kept_back, static_answer
from remit.gate.screening.outside import ask_outside
from remit.gate.screening.screen import LABEL, Screen, blocked
from remit.gate.screening.tool_passage import GuardedToolPassage
from remit.gate.screening.tried_passage import guarded
from remit.gate.steps import MODEL, step_of
from remit.policy.guard import Content
from remit.wire.messages import Message, message_to_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.errors import RemitError
    from remit.domain.guards import Guard
    from remit.engine.execution import Execution
    from remit.engine.scope import Scope
    from remit.engine.step import Step
    from remit.gate.actor import Actor
    from remit.gate.model_passage import ModelAsk
    from remit.gate.parts import GateParts
    from remit.gate.screening.screen import Judged, Report
    from remit.gate.trying.stand_in import StandIn
    from remit.tools.tool import Tool

Json = Any


class Around:
    """The guards around the actions of one actor in one run."""

    def __init__(self, parts: GateParts, execution: Execution, actor: Actor) -> None:
        self._parts = parts
        self._execution = execution
        self._actor = actor
        self._tokens = parts.guards.tokens(execution.row.id, parts.keys)

    async def call(
        self, tool: Tool, arguments: dict[str, Json], world: StandIn | None = None
    ) -> tuple[Json, str]:
        """A tool call; gives the result, and what is to be said beside it. In a trial a `world` answers it."""
        execution = self._execution
        guards = self._parts.guards.at(self._actor, "arguments", tool.manifest)
        place = upcoming(execution.scope(), tool.name)
        given: dict[str, Report] = {}
        if any(guard.outside for guard in guards) and not self._is_over(place):
            content = Content.of(self._tokens.whole(arguments) if self._tokens.any else arguments)
            given = await self._before(guards, "arguments", content, place)
        passage, step = self._passage(tool, arguments, given, world)
        identity: Json = [[arguments], {}]
        try:
            result = await perform(execution, step, (arguments,), {}, Watched(passage, tool.name), identity)
        except (Refused, StepFailed, TimedOut) as wrong:
            self._hush(wrong, tool)
            raise
        if passage.withheld:
            raise blocked(passage.screen.pending[0], "result", passage.withheld + self._took_place(tool))
        if passage.screen.pending:
            content = Content.of(result)
            judged = await self._after(passage.screen.pending, "result", content, _local(place))
            if judged.block is not None:
                raise blocked(judged.block, "result", judged.why + self._took_place(tool))
            result = content.rewritten(judged.texts) if judged.texts is not None else result
        return result, passage.note

    def _passage(
        self, tool: Tool, arguments: dict[str, Json], given: dict[str, Report], world: StandIn | None
    ) -> tuple[GuardedToolPassage, Step]:
        if world is not None:
            return guarded(self._parts, self._actor, tool, arguments, self._tokens, given, world)
        passage = GuardedToolPassage(self._parts, self._actor, tool, arguments, self._tokens, given)
        return passage, step_of(tool, self._execution.services.limits.write_timeout)

    async def ask_model(self, asked: ModelAsk) -> ModelAnswer:
        """A model call."""
        execution = self._execution
        guards = self._parts.guards.at(self._actor, "input")
        place = upcoming(execution.scope(), MODEL.name)
        given: dict[str, Report] = {}
        if any(guard.outside for guard in guards) and not self._is_over(place):
            given = await self._before(guards, "input", talk.heard(asked.new), place)
        passage = GuardedModelPassage(self._parts, self._actor, asked, self._tokens, given)
        plain: Json = await perform(execution, MODEL, (), {}, Watched(passage), asked.identity())
        if passage.screen.pending:
            plain = await self._told(passage, plain, _local(place))
        return ModelAnswer.of(plain)

    async def _told(
        self, passage: GuardedModelPassage, plain: dict[str, Json], place: str
    ) -> dict[str, Json]:
        """What a model said, once those who look at it later have let it by."""
        message = msgspec.convert(plain["message"], Message)
        at = "output" if message.tool_calls else "answer"
        try:
            judged = await self._after(passage.screen.pending, at, talk.said(message), place)
        except Rejected as no:
            return kept_back(passage.screen.pending[0], at, no.message.rstrip("."), plain)
        if judged.block is not None:
            return kept_back(judged.block, at, judged.why, plain)
        if judged.instead is not None and not judged.ask:
            return static_answer(judged.instead, plain)
        if judged.texts is not None:
            message = talk.reworded(message, judged.texts)
        passage.release(message)
        return plain | {"message": message_to_plain(message)}

    def _hush(self, wrong: RemitError, tool: Tool) -> None:
        """What a failure says is told to models, too: nothing that is hidden from them stays in it."""
        guards = [
            guard
            for guard in self._parts.guards.at(self._actor, "result", tool.manifest)
            if guard.check in {"personal_data", "secrets"}
        ]
        texts = [wrong.message, wrong.hint, getattr(wrong, "reason", "")]
        content = Content.of([self._tokens.hidden(text) for text in texts])
        judged = Screen(self._tokens).judge(guards, "result", content)
        strict = judged.block or next(iter(judged.ask), None)
        said = f"it failed, and what it said is kept back by the guard {strict.name}." if strict else ""
        left = [text for _, text in content.texts] if judged.texts is None else judged.texts
        wrong.message, wrong.hint, reason = (said, "", said) if said else left
        if isinstance(wrong, StepFailed):
            wrong.reason = reason if texts[2] else ""

    # --- before and after -----------------------------------------------------------------------------

    async def _before(
        self, guards: Sequence[Guard], at: str, content: Content, place: str
    ) -> dict[str, Report]:
        where = _local(place)
        return {guard.name: await self._asked(guard, at, content, where) for guard in guards if guard.outside}

    async def _after(self, guards: Sequence[Guard], at: str, content: Content, place: str) -> Judged:
        """What follows from what is in the log; a person who is asked has the last word on what is left."""
        given = {
            guard.name: await self._asked(guard, at, content, place) for guard in guards if guard.outside
        }
        judged = Screen(self._tokens).judge(guards, at, content, given)
        if judged.block is not None:
            return judged
        texts = [text for _, text in content.texts] if judged.texts is None else judged.texts
        for guard in judged.ask:
            await self._agreed(guard, at, judged.why, list(texts), place)
        return judged

    async def _asked(self, guard: Guard, at: str, content: Content, place: str) -> Report:
        with inside(self._execution, f"{guard.name}_{at}@{place}"):
            return await ask_outside(self._parts, self._execution, self._actor, guard, at, content)

    async def _agreed(self, guard: Guard, at: str, why: str, texts: list[str], place: str) -> None:
        """A person lets it by, or `Rejected` is raised."""
        execution = self._execution
        with inside(execution, f"{guard.name}_ask@{place}"):
            due = execution.now() + int(seconds(guard.within) * MICROSECONDS) if guard.within else None
            value = {
                "guard": guard.name, "reason": f"{why} ({LABEL})", "at": at, "agent": self._actor.agent,
                "for": self._actor.user, "texts": texts,
            }  # fmt: skip
            await waiting.human(execution, Question("human", guard.group, value, due=due))

    def _is_over(self, path: str) -> bool:
        """Whether the action has its outcome in the log: whoever was asked before it has spoken."""
        recorded = self._execution.journal.at_path.get(path, ())
        return any(isinstance(entry.event, StepDone | StepFailedEvent) for entry in recorded)

    @staticmethod
    def _took_place(tool: Tool) -> str:
        return "; the call did take place" if tool.manifest.effect.acts else ""


def upcoming(scope: Scope, name: str) -> str:
    """The path that the next step of this name will have."""
    count = scope.counts.get(name, 0) + 1
    place = name if count == 1 else f"{name}#{count}"
    return f"{scope.path}/{place}" if scope.path else place


def _local(path: str) -> str:
    return path.rpartition("/")[2]
