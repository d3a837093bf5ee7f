"""One call of a step: what is called, with what, and where it stands in the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.effects import Backoff

if TYPE_CHECKING:
    from remit.engine.scope import Scope
    from remit.engine.step import Step
    from remit.store.keys import DataKey

_WHEN_ASKED = Backoff(attempts=10)
"""A step that raises `Retry` without declaring a policy gets this one."""


@dataclass(slots=True)
class Call:
    """A step on its way through the engine."""

    step: Step
    args: tuple[object, ...]
    kwargs: dict[str, Any]
    scope: Scope
    path: str
    digest: str
    key: DataKey | None = None
    """Another data key than the run's: the result is about a subject."""

    @property
    def retry(self) -> Backoff:
        """How it is retried when it asks for it."""
        return self.step.retry or _WHEN_ASKED
