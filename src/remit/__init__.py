"""The public API of Remit: the names a user types, each loaded on first use.

It owns nothing but the list. It must stay free of work at import time, so that `import remit` costs
milliseconds and never pulls a database driver, a server or a protocol SDK.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.control.platform import Platform
    from remit.domain.conversation import Conversation
    from remit.domain.effects import Absent, Backoff, Breaker, Effect, Happened
    from remit.domain.errors import (
        AskHuman,
        Cancelled,
        Rejected,
        RemitError,
        Retry,
        StepFailed,
        StopRun,
        TimedOut,
        ToolFailed,
    )
    from remit.engine.flow import flow
    from remit.engine.run import Run
    from remit.engine.step import step

_HOMES = {
    "Absent": "remit.domain.effects",
    "AskHuman": "remit.domain.errors",
    "Backoff": "remit.domain.effects",
    "Breaker": "remit.domain.effects",
    "Cancelled": "remit.domain.errors",
    "Conversation": "remit.domain.conversation",
    "Effect": "remit.domain.effects",
    "Happened": "remit.domain.effects",
    "Platform": "remit.control.platform",
    "Rejected": "remit.domain.errors",
    "RemitError": "remit.domain.errors",
    "Retry": "remit.domain.errors",
    "Run": "remit.engine.run",
    "StepFailed": "remit.domain.errors",
    "StopRun": "remit.domain.errors",
    "TimedOut": "remit.domain.errors",
    "ToolFailed": "remit.domain.errors",
    "flow": "remit.engine.flow",
    "step": "remit.engine.step",
}

__all__ = [
    "Absent",
    "AskHuman",
    "Backoff",
    "Breaker",
    "Cancelled",
    "Conversation",
    "Effect",
    "Happened",
    "Platform",
    "Rejected",
    "RemitError",
    "Retry",
    "Run",
    "StepFailed",
    "StopRun",
    "TimedOut",
    "ToolFailed",
    "flow",
    "step",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"remit has no public name {name!r}; it has: {', '.join(__all__)}.")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value
