"""A vote: several agents answer the same question, and a rule, a judge or a person settles what they disagree about.

Use it to make one decision safer: classification, approval, a number read from a document. Vary models or prompts, or
the votes are one vote. Do not use it for free text: no two answers are equal. The log says which way it was settled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from remit.agents.patterns.given import listed
from remit.domain.action_errors import NoQuorum
from remit.domain.effects import Effect
from remit.engine.step import Step
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.agents.agent import Agent
    from remit.agents.run import Run


@dataclass(frozen=True)
class Ballot:
    """How a vote was settled."""

    answer: Any
    how: Literal["unanimous", "majority", "judge", "person"]
    counts: dict[str, int] = field(default_factory=dict[str, int])
    """Votes by answer, as canonical JSON."""


async def vote(
    run: Run, voters: Sequence[Agent], question: object, *, majority: float = 0.5, judge: Agent | None = None,
    person: str = "",
) -> Ballot:  # fmt: skip
    """What more than `majority` of the voters say; else what the judge says, or a person of the group `person`."""
    voters = listed("a vote", "voters", voters, least=1)
    answers = await run.gather(*(run.ask(voter, question) for voter in voters))
    named = {canonical.encode(canonical.plain(answer)).decode(): answer for answer in answers}
    votes = [canonical.encode(canonical.plain(answer)).decode() for answer in answers]
    counts = {name: votes.count(name) for name in named}
    first = max(counts, key=lambda name: counts[name])
    if counts[first] == len(votes):
        return await _note(run, Ballot(named[first], "unanimous", counts))
    if counts[first] > majority * len(votes):
        return await _note(run, Ballot(named[first], "majority", counts))
    if judge is not None:
        plain = [{"answer": canonical.plain(named[name]), "votes": count} for name, count in counts.items()]
        answer = await run.ask(judge, question=canonical.plain(question), answers=plain)
        return await _note(run, Ballot(answer, "judge", counts))
    if person:
        answer = await run.human(person, named[first])
        return await _note(run, Ballot(answer, "person", counts))
    raise NoQuorum(
        f"the votes are split ({', '.join(f'{count} for {name[:60]}' for name, count in counts.items())}).",
        "Name a judge, or a group of people that decides.",
    )


async def _note(run: Run, ballot: Ballot) -> Ballot:
    """Leave in the log how it was settled."""
    await run.step(_SETTLED, ballot.how, ballot.counts)
    return ballot


async def _settled(how: str, counts: dict[str, int]) -> str:
    del counts
    return how


_SETTLED = Step(_settled, effect=Effect.READ, name="vote.settled")
