"""What was remembered is found by its words: BM25, held against a reference that counts everything from scratch."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random
from time import process_time
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from remit.domain.memory import MOST_ITEMS, Memory
from remit.knowledge.ranking import holding_all, ranked, words

WORDS = st.sampled_from(["elm", "street", "Oak", "ÉLM", "parcel", "late", "42"])
TEXTS = st.lists(WORDS, max_size=6).map(" ".join)
VALUES = st.one_of(
    TEXTS, st.dictionaries(WORDS, TEXTS, max_size=2), st.lists(TEXTS, max_size=2), st.integers(0, 42)
)
ITEMS = st.lists(st.tuples(TEXTS, VALUES), max_size=8).map(
    lambda pairs: [Memory(f"{n} {key}", value, "team:t", at=n) for n, (key, value) in enumerate(pairs)]
)


def flat(value: Any) -> str:
    """Every text in a value."""
    if isinstance(value, dict):
        return " ".join(f"{key} {flat(inner)}" for key, inner in cast("dict[str, Any]", value).items())
    return " ".join(map(flat, cast("list[Any]", value))) if isinstance(value, list) else str(value)


def slow_score(item: Memory, items: list[Memory], query: str) -> float:
    """BM25 as the textbook has it, with a word of the key counting three times."""
    texts = {
        each.key: [*words(flat(each.value)), *[w for w in words(each.key) for _ in range(3)]]
        for each in items
    }
    usual, score = sum(map(len, texts.values())) / len(texts), 0.0
    for word in set(words(query)):
        having = sum(word in text for text in texts.values())
        count = texts[item.key].count(word)
        rarity = math.log(1 + (len(items) - having + 0.5) / (having + 0.5))
        length = 0.25 + 0.75 * len(texts[item.key]) / usual
        score += rarity * count * 2.2 / (count + 1.2 * length)
    return score


@given(items=ITEMS, query=TEXTS)
def test_the_order_is_that_of_the_textbook(items: list[Memory], query: str) -> None:
    found = ranked(items, query)
    if not query.strip():
        assert found == sorted(items, key=lambda each: -each.at)
        return
    scores = [slow_score(each, items, query) for each in found]
    assert all(score > 0 for score in scores)
    assert all(one >= other - 1e-9 for one, other in pairwise(scores))
    left = [each for each in items if each not in found]
    assert all(slow_score(each, items, query) == 0 for each in left)


@given(items=ITEMS, query=TEXTS)
def test_forgetting_by_words_needs_every_one_of_them(items: list[Memory], query: str) -> None:
    wanted = set(words(query))
    holding = [each for each in items if wanted and wanted <= {*words(flat(each.value)), *words(each.key)}]
    assert holding_all(items, query) == holding


def test_words_are_found_whatever_their_case_and_accents() -> None:
    assert list(words("Élan, STRASSE; straße 7")) == ["elan", "strasse", "strasse", "7"]
    assert [each.key for each in ranked([Memory("café", "noir", "team:t")], "CAFE")] == ["café"]


def test_a_full_scope_is_ranked_in_seconds_at_most() -> None:
    random = Random("rank")
    vocabulary = [f"w{n}" for n in range(5_000)]
    items = [
        Memory(f"k{n}", " ".join(random.choices(vocabulary, k=150)), "team:t") for n in range(MOST_ITEMS)
    ]
    started = process_time()
    assert ranked(items, "w1 w2 w3")
    assert process_time() - started < 20
