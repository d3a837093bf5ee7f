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
_LEARNING = 0.2
"""How much one call changes what is believed about a model's hits."""


class _Warm(NamedTuple):
    tokens: int
    until: int


class Warmth:
    """What is warm where."""

    def __init__(self) -> None:
        self._warm: dict[tuple[str, str], _Warm] = {}
        self._hits: dict[str, float] = {}

    def tokens(self, card: ModelCard, need: Need, now: int) -> int:
        """How many tokens of this prompt the provider is likely to have."""
        if card.cache is None:
            return 0
        longest = max(
            self._alive(card.name, need.session, now),
            min(self._alive(card.name, need.prefix, now), need.prefix_tokens),
        )
        longest = min(longest, need.prompt)
        return round(longest * self._hits.get(card.name, 1.0)) if longest >= card.cache.least else 0

    def keeps(self, card: ModelCard, need: Need, now: int) -> bool:
        """Whether this session's own prefix is warm."""
        least = card.cache.least if card.cache is not None else 0
        return card.cache is not None and self._alive(card.name, need.session, now) >= max(least, 1)

    def note(self, card: ModelCard, need: Need, usage: Usage | None, now: int) -> None:
        """A call was made; what it sent is warm from now on, and what it hit says what hits are worth."""
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
        while len(self._warm) > MOST:
            del self._warm[next(iter(self._warm))]

    def _learn(self, card: ModelCard, need: Need, usage: Usage, now: int) -> None:
        believed = self._hits.pop(card.name, 1.0)
        expected = self.tokens(card, need, now)
        hit = believed if not expected else min(1.0, usage.cache_read / expected)
        self._hits[card.name] = believed + (hit - believed) * _LEARNING

    def _alive(self, model: str, key: str, now: int) -> int:
        warm = self._warm.get((model, key)) if key else None
        return warm.tokens if warm is not None and warm.until > now else 0
