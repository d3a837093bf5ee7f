"""One attempt at a model, as data: what was tried, what became of it, how long each part took, and whether it may
be billed; and the book in which the health of models is kept. Every attempt is a charge of its own (S25).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from remit.wire.messages import Usage

AttemptOutcome = Literal["answered", "refused", "busy", "failed", "cut", "cancelled", "skipped"]
"""answered: a whole answer · refused: an answer that says no · busy: turned away · failed: no answer · cut: a part of
one · cancelled: by the caller, a deadline or a faster attempt · skipped: never made."""

HealthOutcome = Literal["ok", "busy", "failed", "released"]
"""ok: it answered, even if the answer was no · busy · failed · released: this attempt says nothing about the model."""


class Latency(Struct, frozen=True, gc=False):
    """Microseconds: from wanting the call to making it; from making it to the first event; and to the end."""

    queue: int = 0
    first: int | None = None
    """None: no event came, or the answer came whole."""
    total: int = 0


class Attempt(Struct, frozen=True, gc=False):
    """One attempt."""

    number: int
    """From 1 within the logical call; stream events carry it."""
    model: str
    provider: str
    outcome: AttemptOutcome
    code: str = ""
    """The code of the failure, as in `domain.action_errors`."""
    status: int = 0
    """The HTTP status; 0 where there was none."""
    started: int = 0
    """Wall time in microseconds, as all times here."""
    first_byte: int | None = None
    ended: int = 0
    usage: Usage | None = None
    """What the provider said it used; None with `sent`: nobody knows, and it may be billed."""
    sent: bool = True
    """Whether the model may have seen the request, and so whether it may be billed."""
    delivered: bool = False
    """Whether events of it were handed on."""
    hedge: bool = False
    """Whether it was made beside another one, to be faster."""
    latency: Latency = Latency()

    @property
    def lost(self) -> bool:
        """It may be billed, and nobody knows how much."""
        return self.sent and self.usage is None


@dataclass(frozen=True, slots=True)
class Reset:
    """Stands among the events of a stream: what was delivered so far is void, attempt `number` begins anew (S17)."""

    number: int
    why: str = ""
    """The code of the failure that ended the attempt before."""


class Permission(Struct, frozen=True, gc=False):
    """A model may be called once; handed back with what became of it."""

    model: str
    probe: bool = False
    """One of the few calls that find out whether a model that failed has recovered."""


class Health(Protocol):
    """How well models do lately, and which of them rest."""

    def admit(self, model: str) -> Permission | None:
        """Permission for one call, or None while the model rests. Every permission comes back through `done`."""
        ...

    def done(
        self,
        permission: Permission,
        outcome: HealthOutcome,
        latency: Latency,
        retry_after: float | None = None,
    ) -> None:
        """What became of it; `retry_after` are the seconds for which the provider asked to be left alone."""
        ...


class AlwaysHealthy:
    """No book: every model may always be called."""

    def admit(self, model: str) -> Permission | None:
        """Permission, always."""
        return Permission(model)

    def done(
        self,
        permission: Permission,
        outcome: HealthOutcome,
        latency: Latency,
        retry_after: float | None = None,
    ) -> None:
        """Forget it."""
