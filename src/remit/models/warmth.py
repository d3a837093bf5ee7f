"""Which prefixes are still warm in which provider's prompt cache, as far as this process can know: it remembers what
it sent, and how often the provider then said that it had it. Time is handed in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from remit.domain.clock import MICROSECONDS

if TYPE_CHECKING:
    from remit.models.catalog import ModelCard
    from remit.models.routes import Need
    from remit.wire.messages import Usage

MOST = 20_000
"""Prefixes that are remembered; the ones unused for longest are forgotten."""
UNSEEN = 0.8
"""The share of expected hits that a model is believed to have before it showed any: less than good ones have, so that
nobody looks better for never having been asked."""
_LEARNING = 0.1
"""How much one call changes what is believed about a model's hits."""


class _Warm(NamedTuple):
    tokens: int
    until: int


class Warmth:
    """What is warm where."""

    def __init__(self) -> None:
        self._warm: dict[tuple[str, str], _Warm] = {}
        self._hits: dict[str, float] = {}
        self._used: dict[str, int] = {}
        """When a shared prefix was last sent, to whomever."""

    def tokens(self, card: ModelCard, need: Need, now: int) -> int:
        """How many tokens of this prompt the provider is likely to have."""
        return round(self._longest(card, need, now) * self._hits.get(card.name, UNSEEN))

    def steady(self, card: ModelCard, need: Need, now: int) -> int:
        """How many tokens it will have if everybody goes on as of late: a prefix that is sent again before it cools is
        worth writing once, and a model must not look dear for being cold today.
        """
        warm = self.tokens(card, need, now)
        if card.cache is None or need.prefix_tokens < card.cache.least:
            return warm
        last = self._used.get(need.prefix)
        if last is None or now - last >= card.cache.seconds * MICROSECONDS:
            return warm
        return max(warm, round(min(need.prefix_tokens, need.prompt) * self._hits.get(card.name, UNSEEN)))

    def keeps(self, card: ModelCard, need: Need, now: int) -> bool:
        """Whether this session's own prefix is warm."""
        least = card.cache.least if card.cache is not None else 0
        return card.cache is not None and self._alive(card.name, need.session, now) >= max(least, 1)

    def note(self, card: ModelCard, need: Need, usage: Usage | None, now: int) -> None:
        """A call was made; what it sent is warm from now on, and what it hit says what hits are worth."""
        if need.prefix:
            self._used.pop(need.prefix, None)
            self._used[need.prefix] = now
        if card.cache is None:
            return
        if usage is not None:
            self._learn(card, need, usage, now)
        until = now + card.cache.seconds * MICROSECONDS
        sent = usage.prompt if usage is not None else need.prompt
        for key, tokens in ((need.session, sent), (need.prefix, need.prefix_tokens)):
            if key:
                self._warm.pop((card.name, key), None)  # what was used last stands last
                self._warm[card.name, key] = _Warm(tokens, until)
        for remembered in (self._warm, self._used):
            while len(remembered) > MOST:
                del remembered[next(iter(remembered))]  # pyright: ignore[reportArgumentType]

    def _learn(self, card: ModelCard, need: Need, usage: Usage, now: int) -> None:
        expected = self._longest(card, need, now)
        if expected:
            believed, hit = self._hits.get(card.name, UNSEEN), min(1.0, usage.cache_read / expected)
            self._hits[card.name] = believed + (hit - believed) * _LEARNING

    def _longest(self, card: ModelCard, need: Need, now: int) -> int:
        """The longest prefix of this prompt that was sent there and has not cooled."""
        if card.cache is None:
            return 0
        shared = min(self._alive(card.name, need.prefix, now), need.prefix_tokens)
        longest = min(max(self._alive(card.name, need.session, now), shared), need.prompt)
        return longest if longest >= card.cache.least else 0

    def _alive(self, model: str, key: str, now: int) -> int:
        warm = self._warm.get((model, key)) if key else None
        return warm.tokens if warm is not None and warm.until > now else 0
