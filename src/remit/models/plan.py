"""How one logical call to a model may be made, and what came of it: candidates in order, patience, and the answer
with every attempt that led to it. Data only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct, field

from remit.domain.effects import Backoff
from remit.domain.value import value
from remit.models.attempt import Attempt, Latency, Reset
from remit.models.provider import Credential, Deadlines, Provider
from remit.wire.messages import ModelResponse, StreamEvent

CredentialFor = Callable[[str], Awaitable[Credential]]
"""What opens the provider of this name, fetched for every attempt."""

OnEvent = Callable[[int, StreamEvent | Reset], Awaitable[None]]
"""Told every event of a stream with the number of its attempt."""


@value
class Candidate:
    """One model behind one provider."""

    model: str
    """Its name in the catalog, by which its health is known."""
    provider: Provider
    upstream: str = ""
    """What the provider calls it; empty: the same."""
    window: int = 0
    """The tokens that fit; 0: unknown. After a ContextTooLong only a wider one is tried."""
    deadlines: Deadlines | None = None
    """Its own, where it has some; else those of the call."""


class CallPlan(Struct, frozen=True):
    """What a route decided."""

    candidates: tuple[Candidate, ...]
    """The first is asked; the others are fallbacks, in this order."""
    retry: Backoff = Backoff(attempts=3, first=0.5, most=8.0)
    """Attempts at one candidate, and how long apart."""
    most_attempts: int = 8
    """Attempts in all."""
    patience: float = 30.0
    """The longest wait, in seconds, that a provider may ask for (Retry-After) before it is given up."""
    fallback_after: float = 2.0
    """A longer wait than this goes to the next candidate instead, while there is one."""
    seconds: float | None = None
    """How long the whole may take."""
    reset: bool = True
    """Whether a new attempt may follow after events were delivered, announced by `Reset`; else `StreamCut`."""
    shown: Callable[[], bool] | None = None
    """Whether any of them was shown to somebody, where not all that is delivered is: then none may follow."""
    hedge: float | None = None
    """Seconds without a first event after which the next candidate is asked as well; None: never."""


class Answered(Struct, frozen=True):
    """The answer, and what it took."""

    response: ModelResponse
    model: str
    """The catalog's name of the model that answered."""
    provider: str
    attempts: tuple[Attempt, ...]
    """All of them, in the order in which they began; the failed ones may be billed too."""
    latency: Latency = field(default_factory=Latency)
    """Of the whole call: until the attempt that answered was made, its first event, and the end."""
    simulated: bool = False


class Witness(Protocol):
    """Whoever keeps account of attempts: each one is a charge of its own (S25)."""

    async def opened(self, number: int, candidate: Candidate) -> None:
        """Before contact; what it raises (no budget left, say) ends the whole call."""
        ...

    def closed(self, attempt: Attempt) -> None:
        """After it, whatever became of it; once for each `opened`. It must not raise."""
        ...


class NoWitness:
    """Nobody keeps account."""

    async def opened(self, number: int, candidate: Candidate) -> None:
        """Let it happen."""

    def closed(self, attempt: Attempt) -> None:
        """Forget it."""
