"""The world of a run that was, for other code: tools answer as they did, models say again what they said to the very
same request, people answer as they did. What nobody ever asked has no answer, and ends the comparison (S33), unless a
simulated environment has one. Nothing is sent.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from remit.domain.effects import Effect
from remit.domain.errors import StopRun, ToolFailed
from remit.engine.recording import restore
from remit.engine.step import Step
from remit.gate.trying.stand_in import NoAnswer, Recalled
from remit.quality.counterfactual.past import Memory, Past, call_name
from remit.quality.experiments.scripted import Scripted
from remit.quality.scenarios.scenario import Environment
from remit.store.conversations import fingerprint
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.domain.events import WaitClosed
    from remit.domain.tools import ToolManifest
    from remit.engine.asking import Question
    from remit.quality.counterfactual.past import Own

Json = Any
PAST = "past"
"""Where the world of a trial says which run it is."""
UNRECORDED = "nothing was recorded of it"
"""What the end of a comparison says that has left its record."""


def stage(trial: dict[str, Json]) -> Replayed:
    """The world in which a run is made again."""
    return Replayed(Past.read(trial[PAST]))


class Replayed(Scripted):
    """A past, as the calls so far have left it."""

    def __init__(self, past: Past) -> None:
        super().__init__(past.environment or Environment(), past.turns)
        self._past = past
        self._memory = Memory(past)
        self.reviewer = self._reviewed

    def is_real(self, tool: str) -> bool:
        """Nothing is really called, whatever a scenario says that was written for something else."""
        del tool
        return False

    @property
    def is_live(self) -> bool:
        """Nor read."""
        return False

    def answer(self, manifest: ToolManifest, arguments: dict[str, Json]) -> Json:
        """What it answered then."""
        told = self._memory.answer(manifest.name, arguments, writes=manifest.effect.acts)
        if told is not None:
            if told.error:
                raise ToolFailed(told.error)
            return told.result
        if self._past.environment is not None and self._is_simulated(manifest):
            self._simulated(manifest, arguments)
            return super().answer(manifest, arguments)
        raise NoAnswer(
            f"{UNRECORDED}: {manifest.name} was not called so in {self._past.run}, or after other writes."
        )

    def retell(self, manifest: ToolManifest, arguments: dict[str, Json]) -> None:
        """This call was answered in an earlier life of the run."""
        told = self._memory.answer(manifest.name, arguments, writes=manifest.effect.acts)
        if told is None and self._past.environment is not None:
            self._simulated(manifest, arguments)
            super().retell(manifest, arguments)

    def recalls(self, digest: str, model: str) -> Recalled | None:
        """What was said then."""
        said = self._memory.model(digest, model)
        return None if said is None else Recalled(said.model, said.plain, said.money)

    def own(self, step: Step, args: tuple[object, ...], kwargs: dict[str, object]) -> Step:
        """A step that gives what this one gave then, reads and writes alike: nothing of it is executed."""
        found = self._memory.step(step.name, canonical.digest(canonical.plain((args, kwargs), fingerprint)))
        told = f"{UNRECORDED}: the step {step.name} was not performed with this input in {self._past.run}."
        return _again(step, found, told)

    def message(self, name: str) -> Json:
        """The message that came then."""
        try:
            return super().message(name)
        except StopRun:
            raise StopRun(
                f"{UNRECORDED}: no message {name} came to {self._past.run} at this point."
            ) from None

    def _simulated(self, manifest: ToolManifest, arguments: dict[str, Json]) -> None:
        """After a write that was never made, what was read then is not so any more."""
        if manifest.effect.acts:
            self._memory.done.append(call_name(manifest.name, arguments))

    def _is_simulated(self, manifest: ToolManifest) -> bool:
        """Whether the environment says something of this call: that it accepts any write is no answer here."""
        known = self._past.environment
        return known is not None and any(each.tool == manifest.name for each in known.answers)

    def _reviewed(self, question: Question) -> WaitClosed | StopRun:
        found = self._answered(question)
        if isinstance(found, StopRun):
            about = f" ({question.name})" if question.name else ""
            return StopRun(f"{UNRECORDED}: {question.group}{about} was not asked so in {self._past.run}.")
        return found


def _again(step: Step, own: Own | None, told: str) -> Step:
    def perform(*args: object, **kwargs: object) -> object:
        del args, kwargs
        if own is None:
            raise StopRun(told)
        if own.error:
            raise type(own.error if own.error.isidentifier() else "Failed", (Exception,), {})(own.message)
        return restore(own.result, step.result_hint)

    perform.__signature__ = inspect.signature(step.fn)  # whom it is about
    perform.__annotations__ = {"return": step.result_hint}
    return Step(perform, effect=Effect.READ, name=step.name, subject=step.subject)
