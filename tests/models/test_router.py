"""Routing keeps every constraint, names what binds where nobody may serve, stays with a warm cache, and decides the
same on the same inputs. Constraints are held against a reference that was written another way.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from remit.domain.action_errors import NoRoute
from remit.models.attempt import HealthOutcome, Latency
from remit.models.catalog import Catalog, ModelCard, PromptCache
from remit.models.constraints import CONSTRAINTS
from remit.models.health import HealthBook
from remit.models.prices import PriceBook, price_of
from remit.models.router import Router
from remit.models.routes import Need, Route
from remit.testing import ManualClock
from remit.wire.messages import Usage
from tests.models.catalogs import NAMES, World, worlds
from tests.samples import samples

SECOND = 1_000_000
NOW = 1_790_000_000 * SECOND
EU = {"eu", "eu-west-1", "westeurope"}
OUTCOMES: tuple[HealthOutcome, ...] = ("ok", "failed", "busy", "released")
LIES = {"eu": EU, "us": {"us-east-1"}, "uk": {"eu-west-2"}}


# --- a slow reference: one long condition per constraint, asked of every subset -------------------------------


def forbidden(world: World, card: ModelCard, constraint: str) -> bool:
    route, need, answer = world.route, world.need, world.need.max_tokens or 0
    allowed = {"here"} | set(route.residency).union(*(LIES.get(place, set()) for place in route.residency))
    verdicts = {
        "approved": card.approved is not True if route.approved_only else card.approved is False,
        "data class": strayed(world, card),
        "residency": bool(route.residency) and (not card.regions or not set(card.regions) <= allowed),
        "retention": route.retention is not None
        and (card.retention is None or card.retention > route.retention),
        "capability": any(each not in card.capabilities for each in [*need.capabilities, *route.require]),
        "window": card.window is None
        or need.prompt + answer > card.window
        or (card.max_output is not None and answer > card.max_output),
        "score": route.suite != "" and card.scores.get(route.suite, -1.0) < route.least_score,
        "unpriced": world.book.period(card.name, NOW) is None and route.unpriced == "refuse",
        "price cap": dear(world, card),
    }
    return verdicts[constraint]


def strayed(world: World, card: ModelCard) -> bool:
    carried, sent = world.route.data_classes, world.need.data_class
    if sent and carried is not None and sent not in carried:
        return True
    return any(each not in (card.data_classes or ()) for each in ({sent} if sent else carried or ()))


def dear(world: World, card: ModelCard) -> bool:
    cap, period = world.route.cap, world.book.period(card.name, NOW)
    if cap.input is None and cap.output is None:
        return False
    if period is None:
        return True
    long = period.above is not None and world.need.prompt > period.above
    rates = period.long if long and period.long is not None else period.rates
    return (cap.input is not None and rates.input > cap.input) or (
        cap.output is not None and rates.output > cap.output
    )


def smallest_lift(world: World) -> tuple[str, ...]:
    """The first smallest set of constraints without which somebody may serve."""
    names = [name for name, _ in CONSTRAINTS]
    cards = [world.catalog.card(name) for name in world.route.candidates]
    for size in range(len(names) + 1):
        for lifted in itertools.combinations(names, size):
            kept = [name for name in names if name not in lifted]
            if any(not any(forbidden(world, card, name) for name in kept) for card in cards):
                return lifted
    raise AssertionError("lifting everything lets everyone serve")


def router(world: World) -> Router:
    return Router(world.catalog, world.book, HealthBook(ManualClock()))


def lived(world: World) -> Router:
    """A router with a past: some models failed, some are slow, prefixes are warm here and there."""
    dice, health = random.Random(world.need.key), HealthBook(ManualClock())
    made = Router(world.catalog, world.book, health)
    for _ in range(dice.randint(0, 40)):
        name = dice.choice(NAMES)
        permission = health.admit(name)
        if permission is not None:
            health.done(
                permission,
                dice.choice(OUTCOMES),
                Latency(total=dice.randint(1, 9 * SECOND)),
                dice.choice([None, 30.0]),
            )
        sent = dice.choice([None, Usage(input=500), Usage(cache_read=900, cache_write=9_000)])
        made.settled(name, world.need, sent, NOW - dice.randint(0, 400) * SECOND)
    return made


@settings(max_examples=samples(500))
@given(worlds())
def test_no_constraint_is_ever_violated_and_nobody_able_is_left_out(world: World) -> None:
    decision = lived(world).explain(world.route, world.need, NOW)
    names = [name for name, _ in CONSTRAINTS]
    able = {
        name
        for name in world.route.candidates
        if not any(forbidden(world, world.catalog.card(name), each) for each in names)
    }
    assert set(decision.order) == able
    assert len(decision.order) == len(able)
    said = {(each.model, each.constraint) for each in decision.eliminated}
    meant = {
        (name, each)
        for name in world.route.candidates
        for each in names
        if forbidden(world, world.catalog.card(name), each)
    }
    assert said == meant
    assert all(each.sentence for each in decision.eliminated)


@settings(max_examples=samples(250))
@given(worlds())
def test_without_a_choice_the_decision_is_the_same_as_if_there_were_one(world: World) -> None:
    for name in world.route.candidates:
        alone = replace(world.route, models=(name,), fallbacks=())
        made = lived(world)
        explained = made.explain(alone, world.need, NOW)
        if explained.order:
            chosen = made.choose(alone, world.need, NOW)
            assert (chosen.order, chosen.affinity) == (explained.order, explained.affinity)
        else:
            with pytest.raises(NoRoute):
                made.choose(alone, world.need, NOW)


@settings(max_examples=samples(250))
@given(worlds(), st.lists(st.integers(0, 9_000), min_size=3, max_size=3))
def test_what_a_router_remembers_of_a_size_is_what_another_finds_out(
    world: World, prompts: list[int]
) -> None:
    """No prompt is let serve because a larger, smaller, cheaper or dearer one of its size was."""
    made = router(world)
    for name in world.route.candidates:
        alone = replace(world.route, name=name, models=(name,), fallbacks=())
        for prompt in prompts:
            need = structs.replace(world.need, prompt=prompt)
            able = bool(made.explain(alone, need, NOW).order)
            try:
                assert made.choose(alone, need, NOW).order
                assert able
            except NoRoute:
                assert not able


@settings(max_examples=samples(500))
@given(worlds())
def test_where_nobody_may_serve_the_binding_constraint_is_named(world: World) -> None:
    lifted = smallest_lift(world)
    if not lifted:
        assert router(world).choose(world.route, world.need, NOW).order
        return
    assert router(world).explain(world.route, world.need, NOW).binding == lifted
    with pytest.raises(NoRoute) as refused:
        router(world).choose(world.route, world.need, NOW)
    for name in lifted:
        assert name in refused.value.message


@given(worlds())
def test_the_same_inputs_give_the_same_decision(world: World) -> None:
    assert lived(world).explain(world.route, world.need, NOW) == lived(world).explain(
        world.route, world.need, NOW
    )


@given(worlds())
def test_models_come_before_fallbacks_in_the_order_that_was_asked_for(world: World) -> None:
    order = router(world).explain(world.route, world.need, NOW).order
    first = [name for name in order if name in world.route.models]
    then = [name for name in order if name not in world.route.models]
    assert list(order) == first + then
    assert then == [name for name in world.route.fallbacks if name in then]
    if world.route.prefer == "order":
        assert first == [name for name in world.route.models if name in first]


# --- cost, warmth, speed --------------------------------------------------------------------------------------

ALL = frozenset({"tools", "json_schema", "images", "streaming"})


def card(name: str, cache: PromptCache | None = PromptCache(100, 300)) -> ModelCard:  # noqa: B008 - frozen
    return ModelCard(name, capabilities=ALL, window=1_000_000, cache=cache)


def priced(**dollars: float) -> PriceBook:
    """A hundredth of the price for what is cached, five times for the answer."""
    return PriceBook(
        {
            name: price_of({"input": each, "cache_read": each / 100, "cache_write": each, "output": each * 5})
            for name, each in dollars.items()
        }
    )


def test_the_cheapest_answers_and_a_warm_cache_counts_as_cheap() -> None:
    made = Router(
        Catalog([card("cheap"), card("dear")]), priced(cheap=1, dear=1.6), HealthBook(ManualClock())
    )
    route = Route("r", ("dear", "cheap"))
    need = Need(prompt=10_000, answer=10, session="s")
    assert made.choose(route, need, NOW).order == ("cheap", "dear")

    made.settled("dear", need, Usage(cache_write=10_000, output=10), NOW)
    decision = made.choose(route, structs.replace(need, prompt=10_100), NOW + SECOND)
    assert (decision.order, decision.affinity) == (("dear", "cheap"), "dear")
    assert decision.scores[0].warm == 8_000, "who showed no hit yet is believed to have four of five"
    other = made.choose(route, structs.replace(need, session="another"), NOW + SECOND)
    assert (other.order, other.affinity) == (("cheap", "dear"), "")
    assert made.choose(route, need, NOW + 301 * SECOND).order == ("cheap", "dear"), "it has cooled"


def test_a_session_leaves_a_warm_model_for_one_that_is_much_cheaper_even_cold() -> None:
    made = Router(
        Catalog([card("cheap"), card("dear")]), priced(cheap=0.01, dear=10), HealthBook(ManualClock())
    )
    need = Need(prompt=10_000, answer=1_000, session="s")
    made.settled("dear", need, Usage(cache_write=10_000), NOW)
    assert made.choose(Route("r", ("dear", "cheap")), need, NOW + SECOND).order == ("cheap", "dear")


def test_a_fallback_that_answered_once_is_no_home() -> None:
    made = Router(
        Catalog([card("first"), card("spare")]), priced(first=1, spare=1), HealthBook(ManualClock())
    )
    need = Need(prompt=10_000, session="s")
    made.settled("spare", need, Usage(cache_write=10_000), NOW)
    decision = made.choose(Route("r", ("first",), ("spare",)), need, NOW + SECOND)
    assert (decision.order, decision.affinity) == (("first", "spare"), "")


def test_a_provider_that_never_hits_is_no_longer_believed() -> None:
    made = Router(Catalog([card("a"), card("b")]), priced(a=1.2, b=1), HealthBook(ManualClock()))
    need = Need(prompt=10_000, answer=10, session="s")
    for step in range(20):
        made.settled("a", need, Usage(input=10_000), NOW + step * SECOND)
    score = next(
        s for s in made.explain(Route("r", ("a",)), need, NOW + 21 * SECOND).scores if s.model == "a"
    )
    assert score.warm < 1_100
    assert score.cost is not None
    assert score.cost > 10_700


def test_what_other_sessions_send_too_is_warm_for_a_new_one() -> None:
    made = Router(Catalog([card("a")]), priced(a=1), HealthBook(ManualClock()))
    need = Need(prompt=5_000, session="one", prefix="agent", prefix_tokens=3_000)
    made.settled("a", need, Usage(cache_write=5_000), NOW)
    fresh = made.explain(Route("r", ("a",)), structs.replace(need, session="two"), NOW + SECOND)
    assert fresh.scores[0].warm == 2_400
    assert fresh.affinity == ""


def test_nobody_looks_dear_for_being_cold_today_when_all_send_the_same_prefix() -> None:
    book = PriceBook(
        {
            "uncached": price_of({"input": 1, "output": 1}),
            "caching": price_of({"input": 1.1, "cache_read": 0.1, "cache_write": 1.3, "output": 1}),
        }
    )
    made = Router(Catalog([card("uncached", None), card("caching")]), book, HealthBook(ManualClock()))
    route, need = (
        Route("r", ("uncached", "caching")),
        Need(prompt=2_000, answer=1, prefix="agent", prefix_tokens=1_900),
    )
    assert made.choose(route, need, NOW).order[0] == "uncached"
    made.settled("uncached", need, Usage(input=2_000), NOW)
    decision = made.choose(route, need, NOW + SECOND)
    assert decision.order[0] == "caching", "written once, it is read by everyone who comes"
    assert decision.scores[0].warm == 0
    assert made.choose(route, need, NOW + 301 * SECOND).order[0] == "uncached", "nobody comes any more"


def test_an_unpriced_model_that_is_allowed_comes_last() -> None:
    made = Router(Catalog([card("free"), card("paid")]), priced(paid=50), HealthBook(ManualClock()))
    assert made.choose(Route("r", ("free", "paid"), unpriced="allow"), Need(prompt=10), NOW).order == (
        "paid",
        "free",
    )


def test_of_equal_costs_speed_decides_and_load_spreads() -> None:
    health = HealthBook(ManualClock())
    names = ("a", "b", "c", "d")
    made = Router(Catalog(card(name) for name in names), priced(**dict.fromkeys(names, 1.0)), health)
    for name, seconds in zip(names, (4.0, 3.0, 2.0, 1.0), strict=True):
        permission = health.admit(name)
        assert permission is not None
        health.done(permission, "ok", Latency(total=int(seconds * SECOND)))
    firsts = [made.choose(Route("r", names), Need(prompt=10, key=str(n)), NOW).order[0] for n in range(200)]
    assert set(firsts) == {"b", "c", "d"}, "the slowest of four never wins against another"
    assert firsts.count("d") > firsts.count("c") > firsts.count("b") > 0
    assert made.choose(Route("r", names, prefer="order"), Need(prompt=10), NOW).order == names


def test_who_rests_comes_behind_everyone_and_is_not_lost() -> None:
    clock = ManualClock()
    health = HealthBook(clock)
    made = Router(Catalog([card("a"), card("b")]), priced(a=1, b=2), health)
    permission = health.admit("a")
    assert permission is not None
    health.done(permission, "busy", Latency(total=1), retry_after=20)
    decision = made.choose(Route("r", ("a", "b")), Need(prompt=10), NOW)
    assert decision.order == ("b", "a")
    assert decision.scores[1].resting == 20
    clock.leap(20)
    assert made.choose(Route("r", ("a", "b")), Need(prompt=10), NOW).order == ("a", "b"), (
        "somebody has to probe"
    )
