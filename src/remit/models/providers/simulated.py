"""The simulated provider: plays scripts, improvises where there is none, and gets into trouble when asked to. It opens
no connection and needs no key. Everything it says is labelled; in prod it refuses to exist.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from remit.domain.action_errors import InvalidCatalog, ModelFailed
from remit.domain.clock import MICROSECONDS, SystemClock, sleep_until
from remit.models.failures import from_event
from remit.models.simulation.answering import DIALECT, answer, cut, events, relabelled
from remit.models.simulation.chaos import Chaos, chaos_of
from remit.models.simulation.faults import failure, spoil
from remit.models.simulation.improvising import improvise
from remit.models.simulation.lines import Fault, Line, Wanted, says
from remit.models.simulation.obeying import obey
from remit.models.simulation.scene import Scene
from remit.models.simulation.scripts import load_scripts
from remit.wire.messages import Failed, ModelResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from remit.domain.clock import Clock
    from remit.models.provider import ModelCall
    from remit.models.simulation.lines import Script
    from remit.models.specs import ProviderSpec
    from remit.wire.messages import StreamEvent

FOLDER = "simulations"
"""Where a workspace keeps scripts, if its provider does not name another place."""
_REMEMBERED = 10_000
_NEVER = 10**9
"""Seconds that nobody waits."""


class _Turn(Struct, frozen=True):
    """What happens in one turn: an answer or an error, after a while."""

    response: ModelResponse | None
    error: ModelFailed | None = None
    is_cut: bool = False
    seconds: float = 0.0


class Simulated:
    """A provider whose answers are made up."""

    dialect = DIALECT
    simulated = True

    def __init__(
        self,
        name: str = "simulated",
        *,
        scripts: Iterable[Script] = (),
        chaos: Chaos | None = None,
        clock: Clock | None = None,
        environment: str = "dev",
    ) -> None:
        if environment == "prod":
            raise InvalidCatalog(
                "the simulated model does not serve in prod: its answers are made up.",
                "Name a real provider there, or choose another environment.",
            )
        self.name = name
        self.scripts: list[Script] = list(scripts)
        """Asked in order; the first that has a line says it."""
        self.chaos = chaos
        self._clock = clock or SystemClock()
        self._asked: OrderedDict[tuple[str, str, str, int], int] = OrderedDict()

    async def complete(self, call: ModelCall) -> ModelResponse:
        """The whole answer."""
        turn = self._turn(call)
        if turn.seconds:
            await self._wait(turn.seconds)
        if turn.error is not None:
            raise turn.error
        assert turn.response is not None  # noqa: S101 - a turn has one or the other
        if turn.is_cut:
            raise from_event(Failed("it ended before the answer was complete (simulated)", "cut"), self.name)
        return turn.response

    async def stream(self, call: ModelCall) -> AsyncIterator[StreamEvent]:
        """The same answer in pieces."""
        turn = self._turn(call)
        if turn.seconds:
            await self._wait(turn.seconds)
        if turn.error is not None:
            raise turn.error
        assert turn.response is not None  # noqa: S101 - a turn has one or the other
        whole = list(events(turn.response))
        for event in cut(whole) if turn.is_cut else whole:
            yield event

    async def close(self) -> None:
        """There is nothing to let go of."""

    # --- one turn -------------------------------------------------------------------------------------------

    def _turn(self, call: ModelCall) -> _Turn:
        scene = Scene(call, self._attempt(call))
        fault, seconds = self.chaos.draw(scene) if self.chaos is not None else (None, 0.0)
        error = failure(fault, self.name) if fault is not None else None
        if error is not None:
            return _Turn(None, error, seconds=seconds)
        line = self._line(scene)
        if isinstance(line, ModelResponse):
            return _Turn(relabelled(line), seconds=seconds, is_cut=fault is not None and fault.kind == "cut")
        return self._said(line, fault, seconds + line.seconds, scene)

    def _said(self, line: Line, drawn: Fault | None, seconds: float, scene: Scene) -> _Turn:
        """The line with the fault that it brings along, else with the one that was drawn."""
        fault = line.fault if line.fault is not None and line.fault.strikes(scene.attempt) else drawn
        if fault is None:
            return _Turn(answer(line, scene), seconds=seconds)
        error = failure(fault, self.name)
        if error is not None:
            return _Turn(None, error, seconds=seconds)
        spoilt = _repeated(line, scene) if fault.kind == "loop" else line
        spoilt = (obey(scene) or line) if fault.kind == "obey" else spoil(spoilt, fault, scene)
        waits = _NEVER if fault.kind == "hang" else seconds
        return _Turn(answer(spoilt, scene), is_cut=fault.kind == "cut", seconds=waits)

    def _line(self, scene: Scene) -> Line | ModelResponse:
        for script in self.scripts:
            said = script(scene)
            if said is not None:
                return says(said) if isinstance(said, str) else said
        return improvise(scene)

    def _attempt(self, call: ModelCall) -> int:
        """How often this very turn was asked for."""
        key = (call.run, call.path, call.agent, len(call.request.messages))
        count = self._asked.pop(key, 0) + 1
        self._asked[key] = count
        if len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)
        return count

    async def _wait(self, seconds: float) -> None:
        await sleep_until(self._clock, self._clock.now() + int(seconds * MICROSECONDS))


def open_simulated(
    spec: ProviderSpec, *, folder: Path | None = None, clock: Clock | None = None, environment: str = "dev"
) -> Simulated:
    """The provider as models.toml describes it: scripts of the workspace's folder, chaos out of its options."""
    place = f"models.toml: [providers.{spec.name}.options]"
    where = (folder or Path()) / (spec.script or FOLDER)
    if spec.script and not where.exists():
        raise InvalidCatalog(
            f"{place[:-9]}] plays {spec.script}, and there is no such file.", "Mend its script."
        )
    return Simulated(
        spec.name,
        scripts=load_scripts(where) if where.exists() else (),
        chaos=chaos_of(spec.options, place) if spec.options else None,
        clock=clock,
        environment=environment,
    )


def _repeated(line: Line, scene: Scene) -> Line:
    """The last call once more, with the very same arguments; the first time round, a call as any."""
    calls = scene.calls
    if calls:
        return Line(calls=(Wanted(calls[-1].name, calls[-1].arguments),))
    return line if line.calls or not scene.tools else improvise(scene)
