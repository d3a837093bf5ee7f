"""A swarm: the same agent on many inputs side by side, done once enough of them succeeded.

Use it for many independent, similar pieces: documents, tickets, candidates. Do not use it where pieces depend on each
other, and give the run a budget first: a swarm spends in parallel. Writes of a piece stay done when others fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.agents.patterns.given import counted
from remit.domain.action_errors import NoQuorum
from remit.domain.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.agents.agent import Agent
    from remit.agents.run import Run


async def swarm(
    run: Run, agent: Agent, pieces: Sequence[object], *, quorum: int | None = None, width: int = 16
) -> list[Any]:
    """All answers in order, an exception in the place of a failed piece; `width` pieces at a time.

    With fewer than `quorum` successes (all, if it is not given) it raises `NoQuorum`, naming the first failure.
    """
    pieces = counted("a swarm", "pieces", pieces)
    if quorum is not None and not 0 <= quorum <= len(pieces):
        raise InvalidInput(
            f"a swarm over {len(pieces)} pieces cannot have a quorum of {quorum}.",
            "Ask for as many as there are.",
        )
    answers: list[Any] = []
    for start in range(0, len(pieces), width):
        work = [run.ask(agent, piece) for piece in pieces[start : start + width]]
        answers.extend(await run.gather(*work, return_exceptions=True))
    failed = [answer for answer in answers if isinstance(answer, BaseException)]
    needed = len(pieces) if quorum is None else quorum
    if len(answers) - len(failed) < needed:
        raise NoQuorum(
            f"{len(answers) - len(failed)} of {len(pieces)} pieces succeeded, and {needed} are needed; "
            f"the first failure: {failed[0]}",
            "Lower the quorum, or see what failed: remit show.",
        )
    return answers
