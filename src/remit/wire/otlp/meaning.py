"""What a span of anybody says, in our words: the kind of thing it was, who did it, which model, how many tokens, at
what price. Numbers and names of code; texts only to be digested. How a dialect says it is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = Any
PLAIN = "plain"
"""The dialect of a span that says nothing in any that we read."""


@dataclass(slots=True)
class Tokens:
    """Parts that do not overlap; None is what nobody said."""

    input: int | None = None
    cached: int | None = None
    cache_written: int | None = None
    output: int | None = None
    reasoning: int | None = None

    @property
    def said(self) -> bool:
        """Whether it says how much was read and how much was written; an embedding writes nothing."""
        return self.input is not None or self.output is not None


@dataclass(slots=True)
class Meaning:
    """One span."""

    dialect: str = PLAIN
    kind: str = "other"
    agent: str = ""
    workflow: str = ""
    session: str = ""
    purpose: str = ""
    release: str = ""
    environment: str = ""
    requested: str = ""
    served: str = ""
    provider: str = ""
    tool: str = ""
    tokens: Tokens = field(default_factory=Tokens)
    cost: int | None = None
    """In micro-dollars, as the sender reckons."""
    first_token: int | None = None
    """Microseconds until the first piece of the answer."""
    prompt: str = ""
    """A name with its version, where the prompt has one."""
    instructions: str = ""
    """The text of the prompt where it has no name: to be digested, and not kept."""
    calls: int = 0
    """Calls of tools that the answer asks for."""
    error: str = ""
    score: float | None = None
    verdict: str = ""
    """The name of what was judged."""
    failed: bool = False
    user: str = ""


def inclusive(
    prompt: int | None, cached: int | None, written: int | None, answer: int | None, thought: int | None
) -> Tokens:
    """Parts of totals: OpenTelemetry counts what was cached as input too, and thoughts as output."""
    return Tokens(
        _without(prompt, (cached or 0) + (written or 0)), cached, written, _without(answer, thought or 0),
        thought,
    )  # fmt: skip


def _without(total: int | None, parts: int) -> int | None:
    """What is left of a total; of one that is smaller than its parts, whoever wrote it counted them apart."""
    return total - parts if total is not None and total >= parts else total
