"""Prompt caches as providers run them: a prefix stays warm for a while after its last use, from a least length on, and
is now and then not there. Every policy that is compared is billed by the same caches.

It owns what a call is billed for. It must not know who chose the model.
"""

from __future__ import annotations

import hashlib

from bench.traffic import CallMade
from remit.models.catalog import ModelCard
from remit.wire.messages import Usage

MISSES = 0.05
"""The share of prefixes that another machine has, and this one not."""


class PromptCaches:
    """The caches of all providers."""

    def __init__(self) -> None:
        self._warm: dict[tuple[str, str], tuple[int, float]] = {}

    def bill(self, card: ModelCard, call: CallMade) -> Usage:
        """What the provider counts for this call; its prefix is warm from now on."""
        cache = card.cache
        if cache is None or call.prompt < cache.least:
            return Usage(input=call.prompt, output=call.answer)
        shared = f"the prompt of {call.kind.name}"
        hit = max(self._alive(card, call.session, call.at), self._alive(card, shared, call.at))
        hit = 0 if hit < cache.least or _is_missed(card, call) else min(hit, call.prompt)
        until = call.at + cache.seconds
        self._warm[card.name, call.session] = (call.prompt, until)
        self._warm[card.name, shared] = (call.kind.prefix, until)
        return Usage(cache_read=hit, cache_write=call.prompt - hit, output=call.answer)

    def _alive(self, card: ModelCard, key: str, at: float) -> int:
        tokens, until = self._warm.get((card.name, key), (0, 0.0))
        return tokens if at < until else 0


def _is_missed(card: ModelCard, call: CallMade) -> bool:
    """Chance without a state: the same call misses whoever asks."""
    digest = hashlib.blake2b(f"{card.name}/{call.session}/{call.number}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") < MISSES * 2**32
