"""What agents say in a test, written down beforehand: `script(critic).replies(Draft(...))`. Each line is one turn of
the agent's model, in order; agents nobody wrote for improvise, as the simulated model does.

It is a script of the simulated model like any other. What was not asked for in the end, and what was asked for once
too often, are both said plainly.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from remit.domain.action_errors import ModelFailed
from remit.models.provider import Trouble
from remit.models.simulation.chaos import fault_of
from remit.models.simulation.lines import Line, Wanted, says
from remit.wire import canonical
from remit.wire.messages import ModelResponse

if TYPE_CHECKING:
    from remit.models.simulation.lines import Script as Play
    from remit.models.simulation.scene import Scene
    from remit.wire.messages import Usage

Json = Any


class ScriptMismatch(AssertionError):
    """An agent and its script came apart."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """One turn: a line, a failure, or a function that decides when it is there."""

    what: Line | ModelFailed | Play
    shown: str


class Script:
    """The scripts of a test; call it with an agent, or its name, to write what it says."""

    def __init__(self) -> None:
        self._agents: dict[str, AgentScript] = {}
        self._wrong: list[str] = []

    def __call__(self, agent: object) -> AgentScript:
        """The script of this agent; lines are added to those it has."""
        return self._agents.setdefault(_name(agent), AgentScript(_name(agent)))

    def play(self, scene: Scene) -> Line | ModelResponse | str | None:
        """What the agent of this scene says: the simulated provider asks for it."""
        written = self._agents.get(scene.agent)
        if written is None:
            return None
        try:
            return written.turn(scene)
        except ScriptMismatch as wrong:
            self._wrong.append(str(wrong))
            raise

    def check(self) -> None:
        """Raise `ScriptMismatch` if something was asked for that nobody wrote, or written that nobody asked for."""
        problems = [*self._wrong, *(each for agent in self._agents.values() if (each := agent.leftover()))]
        if problems:
            raise ScriptMismatch("\n".join(problems))


class AgentScript:
    """The turns of one agent. Every method adds to it and gives it back."""

    def __init__(self, agent: str) -> None:
        self.agent = agent
        self._turns: list[_Turn] = []
        self._next = 0
        self._forever = False
        self._given: dict[tuple[str, str, int], int] = {}
        """Which turn a place of a run has had: a process that died after it asks again, and hears the same."""

    def replies(self, *values: object) -> Self:
        """It gives these values, one a turn, as its typed output."""
        for value in values:
            self._add(Line(answer=canonical.plain(value)), f"replies({_short(value)})")
        return self

    def says(self, *texts: str) -> Self:
        """It says these words, one text a turn."""
        for text in texts:
            self._add(says(text), f"says({_short(text)})")
        return self

    def calls(self, tool: object, /, **arguments: object) -> Self:
        """It calls a tool; `also` adds more calls to the same turn."""
        wanted = Wanted(_name(tool), canonical.plain(arguments))
        return self._add(Line(calls=(wanted,)), f"calls({wanted.tool}, {_short(wanted.arguments)})")

    def also(self, tool: object, /, **arguments: object) -> Self:
        """It calls this tool at once with those of the turn before."""
        last = self._last_line("also")
        wanted = Wanted(_name(tool), canonical.plain(arguments))
        return self._put(replace(last, calls=(*last.calls, wanted)))

    def thinks(self, text: str) -> Self:
        """It thinks this before what it said last."""
        return self._put(replace(self._last_line("thinks"), reasoning=text))

    def uses(self, usage: Usage) -> Self:
        """The turn before costs so many tokens."""
        return self._put(replace(self._last_line("uses"), usage=usage))

    def fails(
        self, with_: type[ModelFailed] | ModelFailed | str = "down", *, retry_after: float | None = None
    ) -> Self:
        """Its model fails: with an error (`ProviderBusy`), or with a kind of trouble (`"rate_limit"`, `"cut"`)."""
        if isinstance(with_, str):
            said = {"kind": with_} | ({} if retry_after is None else {"retry_after": retry_after})
            return self._add(Line(fault=fault_of(said, f"script({self.agent}).fails")), f"fails({with_})")
        failure = with_ if isinstance(with_, ModelFailed) else with_()
        if retry_after is not None or failure.trouble is None:
            failure.trouble = Trouble(retry_after=retry_after)
        return self._add(failure, f"fails({type(failure).__name__})")

    def plays(self, decide: Play) -> Self:
        """A function decides this turn; with `forever` after it, every turn from here on."""
        return self._add(decide, f"plays({getattr(decide, '__name__', 'a function')})")

    def forever(self) -> Self:
        """The last turn is said again and again."""
        self._forever = True
        return self

    # --- being played ---------------------------------------------------------------------------------------

    def turn(self, scene: Scene) -> Line | ModelResponse | str | None:
        """The next turn, or the one that this place of the run has had."""
        place = (scene.run, scene.path, len(scene.messages))
        number = self._given.get(place) if scene.run else None
        if number is None:
            number = self._take(scene)
        what = self._turns[number].what
        if isinstance(what, ModelFailed):
            raise what
        if not (isinstance(what, Line) and what.fault is not None):
            self._given[place] = number
        return what(scene) if callable(what) else what

    def leftover(self) -> str:
        """What was written and never asked for; empty: nothing."""
        rest = self._turns[self._next :]
        if not rest or (self._forever and len(rest) == 1):
            return ""
        turns = "; ".join(each.shown for each in rest)
        return f"script({self.agent}): {len(rest)} of {len(self._turns)} turns were never asked for: {turns}."

    def _take(self, scene: Scene) -> int:
        if self._next < len(self._turns):
            self._next += 1
            return self._next - 1
        if self._forever and self._turns:
            return len(self._turns) - 1
        last = f"what {scene.result_of} gave" if scene.result_of else f"“{_short(scene.user)}”"
        raise ScriptMismatch(
            f"script({self.agent}) has {len(self._turns)} turns and was asked for one more, after {last}; "
            f"tools offered: {', '.join(scene.tool_names) or 'none'}. Write that turn, or end with forever()."
        )

    # --- being written --------------------------------------------------------------------------------------

    def _add(self, what: Line | ModelFailed | Play, shown: str) -> Self:
        self._turns.append(_Turn(what, shown))
        return self

    def _put(self, line: Line) -> Self:
        self._turns[-1] = replace(self._turns[-1], what=line)
        return self

    def _last_line(self, verb: str) -> Line:
        last = self._turns[-1].what if self._turns else None
        if not isinstance(last, Line):
            raise ScriptMismatch(
                f"script({self.agent}).{verb}() goes after a turn that says or calls something."
            )
        return last


def _name(named: object) -> str:
    """An agent, a tool, a function, or a name."""
    if isinstance(named, str):
        return named
    found = getattr(named, "name", None) or getattr(named, "__name__", None)
    if not isinstance(found, str):
        raise ScriptMismatch(f"a {type(named).__name__} is no agent or tool, and has no name.")
    return found


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(canonical.plain(value), ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004 - a line of a report
