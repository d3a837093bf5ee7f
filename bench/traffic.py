"""A day of mixed traffic, made and not recorded: sessions of six kinds of work, call by call, with the tokens that each
call sends. The same seed gives the same day.

It owns the shape of the traffic and the score table of the models. It must not know routes, prices or caches.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

DAY = 86_400
SEED = 20_261_120
STRONG = "claude-opus-5-5"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work: how many sessions a day, how long they are, and what they send."""

    name: str
    sessions: int
    calls: tuple[int, int]
    prefix: int
    """Tokens of system prompt and tools, the same in every session."""
    opening: tuple[int, int]
    """Tokens of the first message."""
    growth: tuple[int, int]
    """Tokens that every further call adds: the answer before it, tool results, the next message."""
    answer: tuple[int, int]
    gap: tuple[float, float]
    """Seconds between calls."""
    data_class: str = ""


KINDS = (
    Kind("triage", 2_600, (1, 2), 1_900, (80, 500), (150, 400), (40, 120), (1, 5)),
    Kind("extract", 1_300, (1, 1), 1_200, (2_500, 14_000), (0, 0), (150, 600), (1, 1)),
    Kind("support", 900, (4, 12), 4_200, (100, 700), (250, 1_400), (120, 420), (8, 190), "personal"),
    Kind("search", 700, (3, 7), 2_600, (60, 300), (1_500, 5_000), (80, 350), (2, 12)),
    Kind("analysis", 120, (2, 6), 3_000, (20_000, 140_000), (400, 2_500), (400, 1_500), (10, 240)),
    Kind("code", 90, (15, 45), 9_500, (1_500, 6_000), (600, 4_500), (250, 1_300), (4, 60)),
)

SUITES = ("triage", "extract", "support", "search", "analysis", "code")
_TABLE = {
    "gpt-6-luna": (0.97, 0.93, 0.86, 0.92, 0.71, 0.38),
    "claude-haiku-5-5": (0.97, 0.95, 0.90, 0.93, 0.74, 0.44),
    "gemini-3.8-flash": (0.97, 0.97, 0.91, 0.94, 0.82, 0.49),
    "gpt-6.1-terra": (0.98, 0.97, 0.93, 0.95, 0.84, 0.58),
    "claude-sonnet-5-5": (0.98, 0.97, 0.95, 0.95, 0.88, 0.69),
    "gpt-6.1-sol": (0.98, 0.97, 0.94, 0.95, 0.89, 0.73),
    STRONG: (0.97, 0.97, 0.95, 0.95, 0.89, 0.76),
}
SCORES: dict[str, dict[str, float]] = {
    model: dict(zip(SUITES, row, strict=True)) for model, row in _TABLE.items()
}
"""Share of the cases of a suite that a model passes. Part of the definition of this workload: nobody measured these
models for it, and what a saving is worth to a workspace depends on the scores that its own suites give.
"""


@dataclass(frozen=True, slots=True)
class CallMade:
    """One call of the day."""

    at: float
    """Seconds since midnight."""
    kind: Kind
    session: str
    prompt: int
    answer: int
    number: int


def day(scale: float = 1.0) -> list[CallMade]:
    """Every call of the day, in the order of time."""
    made = [call for kind in KINDS for call in _calls(kind, scale)]
    return sorted(made, key=lambda call: (call.at, call.session, call.number))


def _calls(kind: Kind, scale: float) -> Iterator[CallMade]:
    dice = random.Random(f"{SEED}/{kind.name}")
    for number in range(max(1, round(kind.sessions * scale))):
        at, prompt = _opening_time(dice), kind.prefix + dice.randint(*kind.opening)
        for turn in range(dice.randint(*kind.calls)):
            yield CallMade(at, kind, f"{kind.name}-{number}", prompt, dice.randint(*kind.answer), turn)
            prompt += dice.randint(*kind.growth)
            at += dice.uniform(*kind.gap)


def _opening_time(dice: random.Random) -> float:
    """Most people work by day: the rate is a wave with its top at two in the afternoon."""
    while True:
        at = dice.uniform(0, DAY)
        if dice.random() < 0.55 + 0.45 * math.cos((at / 3600 - 14) / 24 * 2 * math.pi):
            return at
