"""Money: what a model's tokens cost on a day, as whole micro-dollars, out of a book that is dated and named by its
content. It must not know budgets: it gives amounts, and None for what nobody has a price for, never 0.

The parts of a usage do not overlap, so their costs add up to the total, and the total is the exact sum rounded up
once: a call that used tokens of a priced model is never free, and pricing it again out of the same book gives the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from operator import attrgetter, mul
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from remit.domain.clock import MICROSECONDS
from remit.models.catalog import DATE, ModelCard, maker_name, read_data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.wire.messages import Usage

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Rates:
    """Micro-dollars per million tokens of each part of a usage."""

    input: int
    output: int
    cache_read: int
    cache_write: int
    reasoning: int
    audio_input: int
    audio_output: int

    @property
    def dearest_prompt(self) -> int:
        """The most that a million tokens of text may cost to send."""
        return max(self.input, self.cache_read, self.cache_write)

    @property
    def dearest_answer(self) -> int:
        """The most that a million tokens may cost to generate."""
        return max(self.output, self.reasoning, self.audio_output)

    def times(self, percent: int) -> Rates:
        """The same elsewhere, at so many hundredths."""
        return Rates(*(-(-rate * percent // 100) for rate in _each(self)))


@dataclass(frozen=True, slots=True)
class Period:
    """The rates from a day on; those of `long` hold for the whole of a request whose prompt is over `above` tokens."""

    rates: Rates
    since: int = 0
    """Wall time in microseconds."""
    above: int | None = None
    long: Rates | None = None

    def rates_for(self, prompt: int) -> Rates:
        """What holds for a prompt of so many tokens."""
        if self.long is None or self.above is None or prompt <= self.above:
            return self.rates
        return self.long


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, period after period, the oldest first."""

    periods: tuple[Period, ...]

    def at(self, moment: int) -> Period | None:
        """The period that a moment falls into; None before the first."""
        for period in reversed(self.periods):
            if period.since <= moment:
                return period
        return None

    def times(self, percent: int) -> Price:
        """The same elsewhere, at so many hundredths."""
        return Price(
            tuple(
                Period(one.rates.times(percent), one.since, one.above, one.long and one.long.times(percent))
                for one in self.periods
            )
        )


class Cost(Struct, frozen=True, gc=False):
    """What a usage costs: parts that add up to the total, and the book that says so."""

    model: str
    parts: dict[str, int]
    total: int
    book: str


class PriceBook:
    """The prices of a workspace's models."""

    def __init__(self, prices: Mapping[str, Price], date: str = DATE) -> None:
        self._prices = dict(prices)
        self._date = date
        self.name = f"{date}/{_digest(self._prices)}"
        """Its date and a digest of every price in it: two books of one name give every call the same cost."""

    def __contains__(self, model: str) -> bool:
        return model in self._prices

    def period(self, model: str, at: int) -> Period | None:
        """What holds for a model at a moment; None: nobody knows its price."""
        price = self._prices.get(model)
        if price is None or not price.periods:
            return None
        latest = price.periods[-1]
        return latest if latest.since <= at else price.at(at)

    def cost(self, model: str, usage: Usage, at: int) -> Cost | None:
        """What a usage costs, at the prices of the moment of the call; None: nobody knows."""
        period = self.period(model, at)
        if period is None:
            return None
        rates = period.rates_for(usage.prompt)
        parts: dict[str, int] = {}
        exact = paid = 0
        for part, used, rate in zip(PARTS, _PARTS_OF(usage), _PARTS_OF(rates), strict=True):
            if used:
                exact += used * rate
                parts[part] = -(-exact // MILLION) - paid
                paid += parts[part]
        return Cost(model, parts, paid, self.name)

    def total(self, model: str, usage: Usage, at: int) -> int | None:
        """The total of `cost` alone, for who does not ask for its parts."""
        period = self.period(model, at)
        if period is None:
            return None
        rates = period.rates_for(usage.prompt)
        return -(-sum(map(mul, _PARTS_OF(usage), _PARTS_OF(rates))) // MILLION)

    def to_plain(self) -> dict[str, Any]:
        """The book as plain JSON, to be kept beside the calls that were priced out of it."""
        return {"date": self._date, "prices": msgspec.to_builtins(self._prices)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> PriceBook:
        """A book that was kept."""
        return cls(msgspec.convert(plain["prices"], dict[str, Price]), plain["date"])


PARTS = ("input", "cache_read", "cache_write", "output", "reasoning", "audio_input", "audio_output")
_PARTS_OF = attrgetter(*PARTS)


@cache
def shipped_prices() -> Mapping[str, Price]:
    """The prices that ship with Remit, by `maker/model`."""
    return {name: price_of(*periods) for name, periods in _shipped()["prices"].items()}


def shipped_price(seller: str, region: str, card: ModelCard) -> Price | None:
    """The shipped price of a model at who sells it: its maker, or a cloud at so many hundredths of that."""
    known, name = shipped_prices(), card.sent_name
    price = known.get(f"{card.maker}/{name}") or known.get(f"{card.maker}/{maker_name(name)}")
    if price is None or seller == card.maker:
        return price
    served = _shipped()["elsewhere"].get(seller)
    if served is None or card.maker not in served["makers"]:
        return None
    everywhere = region == "global" if seller == "vertex" else card.sent_name.startswith("global.")
    percent = served.get("global" if everywhere else "regional")
    return None if percent is None else price.times(percent)


def price_of(*periods: Mapping[str, Any]) -> Price:
    """A price as people write it: dollars per million tokens, `since` a date, `above` so many tokens other rates."""
    return Price(tuple(sorted(map(_period, periods), key=lambda period: period.since)))


def _period(said: Mapping[str, Any]) -> Period:
    above: Mapping[str, Any] | None = said.get("above")
    since: str = said.get("since", "")
    return Period(
        rates=_rates(said),
        since=_midnight(since) if since else 0,
        above=above["tokens"] if above else None,
        long=_rates({**said, **above}) if above else None,
    )


def _rates(said: Mapping[str, Any]) -> Rates:
    """What a price does not say is priced as what it is a kind of: what was cached as input, thinking as output."""
    fallback = {"input": "input", "cache_read": "input", "cache_write": "input", "audio_input": "input"}
    return Rates(**{part: _micro(said.get(part, said[fallback.get(part, "output")])) for part in PARTS})


def _micro(dollars: float) -> int:
    """Exact for what has at most six decimals; the rest is rounded up, to the provider's favour."""
    return int((Decimal(str(dollars)) * MILLION).to_integral_value("ROUND_CEILING"))


def _midnight(date: str) -> int:
    return int(dt.datetime.fromisoformat(date).replace(tzinfo=dt.UTC).timestamp()) * MICROSECONDS


def _each(rates: Rates) -> tuple[int, ...]:
    return (
        rates.input, rates.output, rates.cache_read, rates.cache_write,
        rates.reasoning, rates.audio_input, rates.audio_output,
    )  # fmt: skip


def _digest(prices: Mapping[str, Price]) -> str:
    return hashlib.sha256(msgspec.json.encode(prices, order="deterministic")).hexdigest()[:12]


@cache
def _shipped() -> dict[str, Any]:
    return read_data(f"prices-{DATE}.json")
