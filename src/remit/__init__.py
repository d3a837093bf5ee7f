"""The public API of Remit: the names a user types, each loaded on first use.

It owns nothing but the list. It must stay free of work at import time, so that `import remit` costs
milliseconds and never pulls a database driver, a server or a protocol SDK.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.agents import patterns
    from remit.agents.agent import Agent, Fallback, Limits
    from remit.agents.graphs.graph import Graph
    from remit.agents.graphs.outline import Edge, Node
    from remit.agents.run import Run
    from remit.control.platform import Platform
    from remit.domain.budgets import Budget
    from remit.domain.capabilities import Terms
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
    from remit.domain.guards import Guard
    from remit.domain.labels import Integrity, Label
    from remit.domain.memory import Memory
    from remit.engine.flow import flow
    from remit.engine.step import step
    from remit.policy.data_classes import Personal, data_class
    from remit.policy.provenance import bind
    from remit.policy.provenance.bind import allow, contract
    from remit.tools.tool import tool
    from remit.wire.attachment import Attachment

_HOMES = {
    "Absent": "remit.domain.effects",
    "Agent": "remit.agents.agent",
    "AskHuman": "remit.domain.errors",
    "Attachment": "remit.wire.attachment",
    "Backoff": "remit.domain.effects",
    "Breaker": "remit.domain.effects",
    "Budget": "remit.domain.budgets",
    "Cancelled": "remit.domain.errors",
    "Conversation": "remit.domain.conversation",
    "Edge": "remit.agents.graphs.outline",
    "Effect": "remit.domain.effects",
    "Fallback": "remit.agents.agent",
    "Graph": "remit.agents.graphs.graph",
    "Guard": "remit.domain.guards",
    "Happened": "remit.domain.effects",
    "Integrity": "remit.domain.labels",
    "Label": "remit.domain.labels",
    "Limits": "remit.agents.agent",
    "Memory": "remit.domain.memory",
    "Node": "remit.agents.graphs.outline",
    "Personal": "remit.policy.data_classes",
    "Platform": "remit.control.platform",
    "Rejected": "remit.domain.errors",
    "RemitError": "remit.domain.errors",
    "Retry": "remit.domain.errors",
    "Run": "remit.agents.run",
    "StepFailed": "remit.domain.errors",
    "StopRun": "remit.domain.errors",
    "Terms": "remit.domain.capabilities",
    "TimedOut": "remit.domain.errors",
    "ToolFailed": "remit.domain.errors",
    "allow": "remit.policy.provenance.bind",
    "contract": "remit.policy.provenance.bind",
    "data_class": "remit.policy.data_classes",
    "flow": "remit.engine.flow",
    "step": "remit.engine.step",
    "tool": "remit.tools.tool",
}

_MODULES = {"bind": "remit.policy.provenance.bind", "patterns": "remit.agents.patterns"}

__all__ = [
    "Absent",
    "Agent",
    "AskHuman",
    "Attachment",
    "Backoff",
    "Breaker",
    "Budget",
    "Cancelled",
    "Conversation",
    "Edge",
    "Effect",
    "Fallback",
    "Graph",
    "Guard",
    "Happened",
    "Integrity",
    "Label",
    "Limits",
    "Memory",
    "Node",
    "Personal",
    "Platform",
    "Rejected",
    "RemitError",
    "Retry",
    "Run",
    "StepFailed",
    "StopRun",
    "Terms",
    "TimedOut",
    "ToolFailed",
    "allow",
    "bind",
    "contract",
    "data_class",
    "flow",
    "patterns",
    "step",
    "tool",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return import_module(_MODULES[name])
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"remit has no public name {name!r}; it has: {', '.join(__all__)}.")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value
