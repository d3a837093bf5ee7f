"""The support-ticket team: one who finds out, one who writes, one who reviews."""

from __future__ import annotations

from dataclasses import dataclass

from remit import Agent, Budget


@dataclass(frozen=True)
class Finding:
    """What applies to a ticket."""

    problem: str
    refund: int
    confidence: float


@dataclass(frozen=True)
class Reply:
    """What the customer will read."""

    text: str


@dataclass(frozen=True)
class Review:
    """Whether a reply may go out."""

    good: bool
    advice: str = ""


triage = Agent(
    "triage",
    prompt="prompts/triage.md",
    tools=["get_customer", "search_kb"],
    output=Finding,
    budget=Budget(usd=0.10, steps=8, calls=12, seconds=60),
)
writer = Agent("writer", prompt="prompts/writer.md", output=Reply, budget=Budget(usd=0.05))
critic = Agent("critic", prompt="prompts/critic.md", output=Review, budget=Budget(usd=0.05))
