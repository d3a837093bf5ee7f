"""Asking a judge within a run: an agent without tools, quarantined, under a budget, whose every call goes through the
gate like any other. It refuses a judge whose model is of the family that it would judge. What becomes of a judgement is
not known here.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from remit.agents.agent import Agent, Limits
from remit.domain.budgets import Budget
from remit.domain.errors import RemitError
from remit.domain.judge_errors import RelatedJudge
from remit.models.catalog import shipped_card
from remit.quality.judging.asking import form, instructions, place, question
from remit.quality.judging.judge import PREFIX, Kind
from remit.quality.judging.judgement import Judgement, Vote, judged, of_pair

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from remit.agents.house import House
    from remit.agents.run import Run
    from remit.models.catalog import ModelCard
    from remit.models.configuration import Configuration
    from remit.quality.judging.judge import Judge
    from remit.quality.matter import Matter

_ANSWER_TOKENS = 1024


class JudgeAgent(Agent):
    """A judge as the agent that is asked."""

    def __init__(self, judge: Judge) -> None:
        super().__init__(
            f"{PREFIX}{judge.name}", prompt=instructions(judge), route=judge.route, output=form(judge),
            budget=Budget(usd=judge.usd), limits=Limits(steps=3, repairs=1, answer_tokens=_ANSWER_TOKENS),
            temperature=judge.temperature, description=f"Judges by the rule {judge.name}.", quarantined=True,
        )  # fmt: skip
        self.judge = judge


def asker(run: Run) -> Callable[[Judge, Matter], Awaitable[Judgement]]:
    """How a scorer asks its judge within this run."""
    return partial(judge_in, run)


async def judge_in(run: Run, judge: Judge, matter: Matter, *, swapped: bool = False) -> Judgement:
    """What a judge says of a matter; every vote is a durable step of the run, and none is paid twice. `swapped` begins
    with the other order.
    """
    refuse_relatives(run.house.gate.parts.models.configuration, judge, matter.models)
    agent = _seated(run.house, judge)
    vote = _pair if judge.kind is Kind.PAIRWISE else _one
    orders = [(number % 2 == 1) is not swapped for number in range(judge.votes)]
    votes = await run.gather(*(vote(run, agent, matter, swapped=order) for order in orders))
    return judged(matter.id, tuple(votes))


def models_of(configuration: Configuration, judge: Judge) -> tuple[str, ...]:
    """The models that the judge's route may ask."""
    return configuration.route(judge.route).candidates


def is_simulated(configuration: Configuration, judge: Judge) -> bool:
    """Whether any of them only pretends."""
    catalog = configuration.catalog
    return any(catalog.card(name).simulated for name in models_of(configuration, judge) if name in catalog)


def refuse_relatives(configuration: Configuration, judge: Judge, subjects: Iterable[str]) -> None:
    """Refuse a judge that would find its own family's work better than it is."""
    catalog = configuration.catalog
    theirs = {
        _family(catalog.card(name) if name in catalog else None, name): name
        for name in dict.fromkeys(subjects)
    }
    for name in models_of(configuration, judge):
        card = catalog.card(name) if name in catalog else None
        if card is not None and card.simulated:
            continue  # it judges nobody, and says so
        found = theirs.get(_family(card, name))
        if found is not None:
            raise RelatedJudge(
                f"judge {judge.name} may ask {name}, which is of the family of {found}, whose work it would judge.",
                f"Give it a route to models of another family: [routes.…] in models.toml, and route = in {judge.place}."
                if judge.place
                else "Give it a route to models of another family.",
            )


def _family(card: ModelCard | None, name: str) -> str:
    """Of a model that nobody described: what is known of its name, else its name."""
    card = card if card is not None and (card.family or card.maker) else shipped_card(name) or card
    if card is None:
        return name
    return card.family or card.maker or card.name


async def _one(run: Run, agent: JudgeAgent, matter: Matter, *, swapped: bool) -> Vote:
    """One vote; every other is asked in the other order, so that no order wins by itself."""
    try:
        ruling = await _asked(run, agent, matter, swapped=swapped)
    except RemitError as wrong:
        return Vote("", swapped=swapped, error=f"{wrong.code}: {wrong.message}")
    if agent.judge.kind is Kind.FAULT:
        said = place(ruling.agent, ruling.step)
        known = said in matter.other.split("\n")
        return Vote(
            said if known else "",
            ruling.reason,
            swapped,
            error="" if known else "it names nobody who took part",
        )
    return Vote(ruling.verdict, ruling.reason, swapped)


async def _pair(run: Run, agent: JudgeAgent, matter: Matter, *, swapped: bool) -> Vote:
    """One vote on a pair: both orders, this one first."""
    try:
        said = {order: await _asked(run, agent, matter, swapped=order) for order in (swapped, not swapped)}
    except RemitError as wrong:
        return Vote("", error=f"{wrong.code}: {wrong.message}")
    return of_pair(said[False].verdict, said[True].verdict, said[False].reason)


async def _asked(run: Run, agent: JudgeAgent, matter: Matter, *, swapped: bool) -> Any:
    return run.open(await run.ask(agent, question(agent.judge, matter, swapped=swapped)))


def _seated(house: House, judge: Judge) -> JudgeAgent:
    """The agent of this judge; one that was edited takes the place of what it was."""
    name = f"{PREFIX}{judge.name}"
    known = house.agents.get(name)
    if isinstance(known, JudgeAgent) and known.judge == judge:
        return known
    made = JudgeAgent(judge)
    if known is None or isinstance(known, JudgeAgent):
        house.agents[name] = made
    return made
