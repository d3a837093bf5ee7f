"""A hand-off: an agent that cannot finish names a colleague, who goes on with everything that is known so far.

Use it for triage: a first line that sorts and specialists that act. Do not use it to share one task among several: a
hand-off is for good. It ends after a number of hands, so that nobody can be sent in circles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from remit.agents.patterns.given import named
from remit.domain.action_errors import LoopDetected
from remit.domain.errors import InvalidInput
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.agents.agent import Agent
    from remit.agents.run import Run


class Handing(Protocol):
    """What the output type of an agent has at least that may hand on."""

    @property
    def hand_to(self) -> str:
        """The colleague who goes on; empty: this is the answer."""
        ...


async def handoff(run: Run, agents: Mapping[str, Agent], first: str, task: object, *, hands: int = 4) -> Any:
    """The answer of the agent that did not hand on."""
    agents = named("a hand-off", "agents", agents)
    name, notes = first, list[dict[str, Any]]()
    for _ in range(hands + 1):
        if name not in agents:
            raise InvalidInput(
                f'it was handed on to "{name}", and there is no such agent.',
                f"There are: {', '.join(sorted(agents))}.",
            )
        answer: Any = await run.ask(
            agents[name], task=canonical.plain(task), notes=notes, colleagues=sorted(agents)
        )
        to = getattr(answer, "hand_to", "")
        if not to:
            return answer
        notes = [*notes, {"from": name, "note": canonical.plain(answer)}]
        name = to
    path = " → ".join([str(note["from"]) for note in notes])
    raise LoopDetected(
        f"it was handed on {hands} times ({path}), and nobody answered.", "Say in the prompts who answers."
    )
