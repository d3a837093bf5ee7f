"""A debate: agents answer, see each other's answers, may change their mind, and a judge decides.

Use it for questions with a right answer that one pass often misses, where being wrong is dear. Do not use it for taste,
or where all debaters share one model and prompt: they will agree, confidently. It costs debaters x rounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.agents.patterns.given import listed
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.agents.agent import Agent
    from remit.agents.run import Run


async def debate(run: Run, debaters: list[Agent], judge: Agent, question: object, *, rounds: int = 1) -> Any:
    """The judge's answer, who sees the question and what each debater said last."""
    debaters = listed("a debate", "debaters", debaters, least=2)
    asked = canonical.plain(question)
    answers = await run.gather(*(run.ask(agent, question) for agent in debaters))
    for _ in range(rounds):
        said = _said(debaters, answers)
        answers = await run.gather(
            *(
                run.ask(agent, question=asked, answers=_others(said, number))
                for number, agent in enumerate(debaters)
            )
        )
    return await run.ask(judge, question=asked, answers=_said(debaters, answers))


def _said(debaters: list[Agent], answers: list[Any]) -> list[dict[str, Any]]:
    return [
        {"who": f"{agent.name} {number + 1}", "answer": canonical.plain(answer)}
        for number, (agent, answer) in enumerate(zip(debaters, answers, strict=True))
    ]


def _others(said: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    return [each for place, each in enumerate(said) if place != number]
