"""Whatever is asked of the desks that look at what happened, they answer, or refuse in words; on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import product
from typing import Any
from uuid import uuid4

import pytest

from remit.control.observing.views import Wanted
from remit.domain.errors import Infrastructure, InvalidInput, RemitError
from tests.gateway.front import front
from tests.otlp.test_projection import Given, story
from tests.postgres import PostgresServer

TEXTS = (
    "'", '"; drop table traces;--', "%", "\0", "\ud800", "\u202e", "\u00b2", "\u00b2.x", "9" * 40 + ".x", "1.\u0663",
    "1.\ud800", "1.\0", "9" * 30 + "d", "\u0663d", "9999-12-31", "o" + "1" * 32, "a" * 100_000,
)  # fmt: skip
NUMBERS = (-1, 0, 2**63 - 1, 2**63, 10**30)
TRACE = "ab" * 16
Ask = Callable[[Any], Awaitable[object]]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def given(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> AsyncIterator[Given]:
    name = f"test_{uuid4().hex}"
    url = postgres.create_database(name) if request.param == "postgres" else ""
    async with front(tmp_path_factory.mktemp("given"), database=url) as made:
        found = Given(made)
        await found.send(*story(TRACE))
        yield found
    if url:
        postgres.drop_database(name)


def _wanted(name: str) -> Callable[[Any], Wanted]:
    return lambda value: Wanted(**{name: value})


def _asked(given: Given) -> tuple[dict[str, Ask], dict[str, Ask]]:
    """By texts, and by numbers."""
    platform = given.front.platform
    look, search, report, sent = (
        platform.observing,
        platform.searching,
        platform.reporting,
        platform.collecting,
    )
    texts: dict[str, Ask] = {
        "after": lambda said: look.traces(Wanted(), after=said),
        "trace": look.trace,
        "below": lambda said: look.spans(f"o{TRACE}", said),
        "span": lambda said: look.span(f"o{TRACE}", said),
        "after a span": lambda said: look.spans(f"o{TRACE}", after=said),
        "raw": lambda said: sent.raw(TRACE, said),
        "raw of": lambda said: sent.raw(said, "x"),
        "search": search.search,
        "since": lambda said: search.search("refund", since=said),
        "tool": lambda said: search.search("refund", tool=said),
        "why": search.why,
        "failures": lambda said: search.failures("7d", said),
        "costs since": lambda said: report.costs(since=said),
        "costs of": lambda said: report.costs(agent=said),
        "kpis": lambda said: report.kpis(flow=said),
        "month": report.month,
    }
    numbers: dict[str, Ask] = {
        "page": lambda said: look.traces(Wanted(), limit=said),
        "screen": lambda said: look.trace(TRACE, limit=said),
        "spans": lambda said: look.spans(f"o{TRACE}", limit=said),
        "hits": lambda said: search.search("refund", limit=said),
        "groups": lambda said: search.failures(limit=said),
        "dear": lambda said: search.search("refund", min_cost=said),
    }

    def filtered(name: str) -> None:
        of, among = _wanted(name), texts if name in {"flow", "status", "source", "signature"} else numbers
        among[name] = lambda said: look.traces(of(said))
        among[f"facets by {name}"] = lambda said: look.facets(of(said))

    for name in ("flow", "status", "source", "signature", "since", "cost", "loops"):
        filtered(name)
    return texts, numbers


async def test_whatever_is_asked_is_answered_or_refused_in_words(given: Given) -> None:
    texts, numbers = _asked(given)
    refused = 0
    for (name, ask), said in [*product(texts.items(), TEXTS), *product(numbers.items(), NUMBERS)]:
        try:
            await ask(said)
        except Infrastructure as wrong:
            pytest.fail(f"{name} {said!r:.40} is no trouble of the ground: {wrong}")
        except RemitError:
            refused += 1
    assert refused > len(texts), "the check would see a refusal"
    with pytest.raises(InvalidInput, match="a page has 1 to 10,000 lines"):
        await given.front.platform.observing.traces(Wanted(), limit=0)
    listed = await given.front.platform.observing.traces(Wanted(source="bot"))
    assert [each.id for each in listed.traces] == [f"o{TRACE}"], "and nothing happened to what there is"
