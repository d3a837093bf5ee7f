"""Remit as its users run it: a suite put to an agent by `platform.evaluating`, on SQLite, every setting as it ships.

It owns the agent, the suite and the script of the simulated model. Every trial is made anew: nothing comes from what
was tried before.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.contenders.agent_work import be_quiet
from bench.contenders.harness_work import ANSWER, ANSWER_TOKENS, PROMPT_TOKENS, play, question
from bench.contenders.loop import run_main
from bench.contenders.remit_engine import database
from bench.protocol import options, serve_async
from remit import Agent, Platform
from remit.control.evaluating.views import Wish
from remit.evals import Expectation, Gold, Match, Scenario, Suite
from remit.wire.messages import Message, ModelResponse, Text, Usage

if TYPE_CHECKING:
    from remit.models.simulation.scene import Scene

AGENT = Agent("answerer", prompt="Answer what you are asked.")
MODEL, LABEL = "sim-fake", {"simulated": True}
USAGE = Usage(input=PROMPT_TOKENS, output=ANSWER_TOKENS)


def answer(_scene: Scene) -> ModelResponse:
    """At once."""
    return ModelResponse(MODEL, Message("assistant", (Text(ANSWER),)), "stop", USAGE, extra=LABEL)


def suite_of(scenarios: int) -> Suite:
    """So many questions, each with its answer."""
    gold = Gold(answer=Expectation(Match.EQUALS, ANSWER))
    asked = (Scenario(f"c{n}", {"question": question(n)}, gold=gold) for n in range(scenarios))
    return Suite("answers", AGENT.name, tuple(asked))


async def main() -> None:
    be_quiet()
    wanted = options()
    async with Platform.open(
        Path(wanted["directory"]), database=database(wanted), agents=[AGENT]
    ) as platform:
        platform.simulate(answer)

        async def whole(scenarios: int, at_once: int) -> int:
            found = await platform.evaluating.run(suite_of(scenarios), Wish(parallel=at_once, fresh=True))
            return round(found.outcome["arms"][0]["metrics"][0]["value"] * scenarios)

        await serve_async(lambda case: play(case, whole))


if __name__ == "__main__":
    run_main(main())
