"""What model calls of other agents cost, by prices that stand in the log. They are data here: whoever noted them knows
models, this knows arithmetic, and gives None for what nobody has a price for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.wire.otlp.meaning import Tokens

Json = Any
_MILLION = 1_000_000
_DRESSING = (
    re.compile(r"^(global|us-gov|us|eu|apac|jp|au|ca)\.(?=[a-z]+\.)"),
    re.compile(r"^([a-z_-]+/)+"),
    re.compile(r"^(anthropic|openai|mistral|models|meta|amazon)[./]"),
    re.compile(r"-v\d+:\d+$"),
    re.compile(r"@[\w.-]+$"),
    re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8})$"),
    re.compile(r"-latest$"),
)
"""What stands around the name that its maker gives a model: regions, sellers, versions, dates."""
_LONGEST = 200


class Prices:
    """One book of prices."""

    def __init__(self, prices: Mapping[str, Json]) -> None:
        self._by_name: dict[str, Json] = {}
        for name, price in prices.items():
            self._by_name[name] = price
            self._by_name.setdefault(name.partition("/")[2] or name, price)
        self._known: dict[str, Json] = {}

    def cost(self, model: str, tokens: Tokens, at: int) -> int | None:
        """Micro-dollars, rounded up once; None: nobody knows."""
        rates = self._rates(model, tokens, at)
        if rates is None or not tokens.said:
            return None
        exact = (
            (tokens.input or 0) * rates["input"] + (tokens.cached or 0) * rates["cache_read"]
            + (tokens.cache_written or 0) * rates["cache_write"] + (tokens.output or 0) * rates["output"]
            + (tokens.reasoning or 0) * rates["reasoning"]
        )  # fmt: skip
        return -(-exact // _MILLION)

    def _rates(self, model: str, tokens: Tokens, at: int) -> Mapping[str, int] | None:
        price = self._price(model)
        if price is None:
            return None
        periods = [each for each in price["periods"] if each["since"] <= at]
        if not periods:
            return None
        period = periods[-1]
        prompt = (tokens.input or 0) + (tokens.cached or 0) + (tokens.cache_written or 0)
        above = period.get("above")
        return (
            period["long"] if above is not None and period.get("long") and prompt > above else period["rates"]
        )

    def _price(self, model: str) -> Json | None:
        if model not in self._known:
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            self._known[model] = self._find(model[:_LONGEST])
        return self._known[model]

    def _find(self, model: str) -> Json | None:
        """Its price by the name as it is said, else by that name with less and less around it."""
        found = self._by_name.get(model)
        for pattern in _DRESSING:
            if found is not None:
                break
            model = pattern.sub("", model)
            found = self._by_name.get(model)
        return found


_REMEMBERED = 10_000
NO_PRICES = Prices({})
