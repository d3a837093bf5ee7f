"""Money: parts add up, nothing that was used is free, the same book says the same for ever, and unknown is not zero."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.models.catalog import ModelCard, maker_name, shipped_card, shipped_cards
from remit.models.prices import MILLION, PARTS, PriceBook, Rates, price_of, shipped_price, shipped_prices
from remit.wire.messages import Usage
from tests.models.catalogs import prices

USAGES = st.builds(Usage, *[st.integers(0, 3_000_000)] * 7)


def at(date: str) -> int:
    return int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()) * 1_000_000


@given(prices(), USAGES, st.integers(0, 2_000))
def test_the_parts_are_disjoint_and_sum_to_the_total(price: object, usage: Usage, moment: int) -> None:
    book = PriceBook({"m": price})  # pyright: ignore[reportArgumentType]
    period = book.period("m", moment)
    cost = book.cost("m", usage, moment)
    if period is None:
        assert cost is None
        return
    assert cost is not None
    assert sum(cost.parts.values()) == cost.total
    assert all(amount >= 0 for amount in cost.parts.values())
    rates = period.rates_for(usage.prompt)
    exact = sum(Fraction(getattr(usage, part) * getattr(rates, part), MILLION) for part in PARTS)
    assert 0 <= cost.total - exact < 1, "rounded up once, not part by part"
    for part in PARTS:
        assert (
            abs(cost.parts.get(part, 0) - Fraction(getattr(usage, part) * getattr(rates, part), MILLION)) < 1
        )


@given(st.dictionaries(st.sampled_from("abc"), prices(), min_size=1), USAGES, st.integers(1_000, 9_000))
def test_a_book_that_was_kept_gives_every_call_the_same_cost(book: object, usage: Usage, moment: int) -> None:
    made = PriceBook(book)  # pyright: ignore[reportArgumentType]
    kept = PriceBook.from_plain(json.loads(json.dumps(made.to_plain())))
    assert kept.name == made.name
    for model in "abc":
        assert kept.cost(model, usage, moment) == made.cost(model, usage, moment)


def test_a_book_with_one_other_price_has_another_name() -> None:
    one = PriceBook({"m": price_of({"input": 1, "output": 2})})
    assert one.name != PriceBook({"m": price_of({"input": 1, "output": 2.000001})}).name
    assert one.name == PriceBook({"m": price_of({"output": 2, "input": 1})}).name


def test_what_nobody_has_a_price_for_is_not_free() -> None:
    book = PriceBook({"new": price_of({"since": "2026-06-01", "input": 1, "output": 2})})
    usage = Usage(input=1_000)
    assert book.cost("another", usage, at("2026-11-20")) is None
    assert book.cost("new", usage, at("2026-05-31")) is None, "nor is what it cost before its first price"
    paid = book.cost("new", Usage(input=1), at("2026-06-01"))
    assert paid is not None
    assert paid.total == 1, "one token of a priced model is never free"


def test_prices_change_on_their_day() -> None:
    known = shipped_prices()["openai/gpt-5.6-sol"]
    book = PriceBook({"m": known})
    usage = Usage(input=100_000, output=10_000)
    before = book.cost("m", usage, at("2026-08-21") - 1)
    after = book.cost("m", usage, at("2026-08-21"))
    assert before is not None
    assert after is not None
    assert (before.total, after.total) == (800_000, 600_000)


def test_a_long_prompt_costs_more_as_a_whole() -> None:
    book = PriceBook({"m": shipped_prices()["anthropic/claude-haiku-5-5"]})
    short = book.cost("m", Usage(input=60_000, cache_read=40_000, output=1_000), at("2026-11-20"))
    long = book.cost("m", Usage(input=60_001, cache_read=40_000, output=1_000), at("2026-11-20"))
    assert short is not None
    assert long is not None
    assert short.total == 6_000 + 400 + 500
    assert long.total == 30_001 + 2_000 + 2_500, "every token, the answer's too, at the higher rate"


def test_what_a_price_does_not_say_is_priced_as_what_it_is_a_kind_of() -> None:
    rates = price_of({"input": 1, "output": 4}).periods[0].rates
    assert rates == Rates(1_000_000, 4_000_000, 1_000_000, 1_000_000, 4_000_000, 1_000_000, 4_000_000)


def test_amounts_are_exact_to_the_sixth_decimal_and_never_rounded_down() -> None:
    rates = price_of({"input": 0.0028, "output": 0.0000001}).periods[0].rates
    assert (rates.input, rates.output) == (2_800, 1)


# --- what ships -----------------------------------------------------------------------------------------------


def test_every_model_that_ships_has_a_price_and_the_other_way_round() -> None:
    cards = {f"{card.maker}/{name}" for name, card in shipped_cards().items()}
    prices = set(shipped_prices())
    assert cards - prices == set()
    assert {
        price for price in prices - cards if maker_name(price.split("/")[1]) not in shipped_cards()
    } == set()
    assert len(cards) >= 40


@pytest.mark.parametrize("name", sorted(shipped_prices()))
def test_shipped_prices_are_in_the_right_order_of_magnitude(name: str) -> None:
    for period in shipped_prices()[name].periods:
        for rates in filter(None, (period.rates, period.long)):
            assert 1_000 <= rates.input <= 50_000_000
            assert rates.cache_read <= rates.input <= rates.cache_write <= 2 * rates.input
            assert rates.input <= rates.output <= 20 * rates.input
        if period.long is not None:
            assert period.long.input > period.rates.input


@pytest.mark.parametrize("name", sorted(shipped_cards()))
def test_shipped_cards_are_complete_and_claim_no_place_and_no_retention(name: str) -> None:
    card = shipped_cards()[name]
    assert card.window
    assert card.capabilities
    assert card.max_output is None or card.max_output < card.window
    assert ("images" in card.capabilities) == (card.image_tokens is not None)
    assert not card.regions
    assert card.retention is None
    assert card.data_classes is None


@pytest.mark.parametrize(
    ("wire_name", "name"),
    [
        ("gpt-5.2-2026-01-15", "gpt-5.2"),
        ("eu.anthropic.claude-opus-5-5-20260901-v1:0", "claude-opus-5-5"),
        ("global.anthropic.claude-sonnet-5-v1:0", "claude-sonnet-5"),
        ("claude-sonnet-5-5@20260801", "claude-sonnet-5-5"),
        ("models/gemini-4-argon", "gemini-4-argon"),
        ("gpt-6.1-sol", "gpt-6.1-sol"),
    ],
)
def test_a_model_is_known_under_the_names_that_clouds_have_for_it(wire_name: str, name: str) -> None:
    found = shipped_card(wire_name)
    assert found is not None
    assert found.name == name


def test_nobody_else_passes_for_a_known_model() -> None:
    for name in ("ft:gpt-4o-mini:acme", "gpt-6.1-sol-preview", "my-gpt-5", "claude", ""):
        assert shipped_card(name) is None


def test_a_cloud_sells_at_its_own_price_and_an_unknown_address_at_none() -> None:
    def of(seller: str, region: str, wire_name: str) -> int | None:
        price = shipped_price(seller, region, ModelCard("x", wire_name=wire_name, maker="anthropic"))
        return None if price is None else price.periods[-1].rates.input

    assert of("anthropic", "", "claude-opus-5-5") == 4_000_000
    assert of("bedrock", "eu-central-1", "global.anthropic.claude-opus-5-5") == 4_000_000
    assert of("bedrock", "eu-central-1", "eu.anthropic.claude-opus-5-5") == 4_400_000
    assert of("bedrock", "eu-central-1", "anthropic.claude-opus-5-5") == 4_400_000
    assert of("vertex", "global", "claude-opus-5-5") == 4_000_000
    assert of("vertex", "europe-west1", "claude-opus-5-5") is None
    assert of("azure", "", "claude-opus-5-5") is None
    assert of("", "", "claude-opus-5-5") is None


def test_an_old_snapshot_keeps_its_old_price() -> None:
    card = ModelCard("x", wire_name="gpt-4o-2024-05-13", maker="openai")
    price = shipped_price("openai", "", card)
    assert price is not None
    assert price.periods[0].rates.input == 5_000_000
