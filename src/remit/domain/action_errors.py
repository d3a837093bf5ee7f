"""What can go wrong when an agent acts: models, tools, policy, budgets. The branch of the error tree for the gate.

    Refused     ├── Denied · Blocked · Quarantined · UnknownTool · BadArguments · BudgetExhausted · NoRoute
                ├── Unsupported · RateLimited · IsolationMissing · EgressRefused · SecretUnavailable
                ├── CannotUndo · NotInARun · MemoryFull
    RunProblem  ├── ModelFailed ── ModelRefused · MalformedAnswer · ContextTooLong · OutputInvalid
                │              └── ProviderBusy · ProviderDown · ProviderRefused · StreamCut
                └── LoopDetected · NoProgress · NoQuorum · LowConfidence · ClientGone
    BadInput    └── InvalidPolicy · InvalidTool · InvalidDocument · InvalidCatalog
                └── UnknownAgent · UnknownRoute · UnknownMemory · InvalidGraph

`FAILURES` says for each code to which class of failure a step belongs: model, tool, schema, policy, budget, loop,
timeout, human or code.
"""

from __future__ import annotations

from remit.domain.errors import BadInput, Refused, RunProblem
from remit.domain.halt_errors import Halted

FAILURES: dict[str, str] = {
    "denied": "policy",
    "blocked": "policy",
    "halted": "policy",
    "quarantined": "policy",
    "egress_refused": "policy",
    "isolation_missing": "policy",
    "unknown_tool": "schema",
    "bad_arguments": "schema",
    "output_invalid": "schema",
    "malformed_answer": "schema",
    "budget_exhausted": "budget",
    "rate_limited": "budget",
    "memory_full": "budget",
    "no_route": "model",
    "unsupported": "model",
    "model_failed": "model",
    "model_refused": "model",
    "context_too_long": "model",
    "provider_busy": "model",
    "provider_down": "model",
    "provider_refused": "model",
    "stream_cut": "model",
    "secret_unavailable": "tool",
    "ToolFailed": "tool",
    "step_failed": "tool",
    "circuit_open": "tool",
    "cannot_undo": "tool",
    "unresolved_effect": "tool",
    "loop_detected": "loop",
    "no_progress": "loop",
    "no_quorum": "human",
    "timed_out": "timeout",
    "rejected": "human",
    "client_gone": "human",
    "low_confidence": "human",
}
"""The class of a failure by its code; anything else is `code`."""


def failure_class(code: str) -> str:
    """Which of the nine classes a failure belongs to."""
    return FAILURES.get(code, "code")


# --- the answer is no ----------------------------------------------------------------------------------------


class Denied(Refused):
    """Policy does not allow this action."""

    code = "denied"


class Blocked(Refused):
    """A guard objects to this content. That it had not would have allowed nothing: guards are no authority."""

    code = "blocked"


class Quarantined(Refused):
    """The tool's definition changed since it was accepted; nobody calls it before a person accepts it again."""

    code = "quarantined"


class UnknownTool(Refused):
    """The agent has no tool of this name."""

    code = "unknown_tool"


class BadArguments(Refused):
    """The arguments do not fit what the tool takes."""

    code = "bad_arguments"


class BudgetExhausted(Refused):
    """A budget does not have what this action may cost."""

    code = "budget_exhausted"


class RateLimited(Refused):
    """The tool was called too often."""

    code = "rate_limited"


class NoRoute(Refused):
    """No model of the route may serve this request."""

    code = "no_route"


class Unsupported(Refused):
    """A dialect has no form for a part of this request."""

    code = "unsupported"


class IsolationMissing(Refused):
    """This machine lacks the isolation that the code requires, and running it without is no choice."""

    code = "isolation_missing"


class EgressRefused(Refused):
    """The address is not one that this tool may reach."""

    code = "egress_refused"


class SecretUnavailable(Refused):
    """A secret that a tool or provider names cannot be had."""

    code = "secret_unavailable"


class MemoryFull(Refused):
    """A memory holds as much as it may."""

    code = "memory_full"


class CannotUndo(Refused):
    """What was done cannot be taken back, or somebody else has changed it since."""

    code = "cannot_undo"


class NotInARun(Refused):
    """A tool was called outside of a run, where no gate stands before it."""

    code = "not_in_a_run"


# --- the run came to this ------------------------------------------------------------------------------------


class ModelFailed(RunProblem):
    """A model did not give an answer."""

    code = "model_failed"
    trouble: object = None
    """What the provider said about it, as `models.provider.Trouble`."""
    attempts: tuple[object, ...] = ()
    """Every attempt that came to this, as `models.attempt.Attempt`."""


class ModelRefused(ModelFailed):
    """The model, or its provider's filter, declined to answer."""

    code = "model_refused"


class MalformedAnswer(ModelFailed):
    """The provider's answer is no answer."""

    code = "malformed_answer"


class ContextTooLong(ModelFailed):
    """The conversation does not fit into the model's window."""

    code = "context_too_long"


class OutputInvalid(ModelFailed):
    """The answer does not fit the agent's output type, after every repair it was allowed."""

    code = "output_invalid"


class ProviderBusy(ModelFailed):
    """The provider turned the request away for now (429, 529)."""

    code = "provider_busy"


class ProviderDown(ModelFailed):
    """The provider cannot be reached, or answers with errors of its own."""

    code = "provider_down"


class ProviderRefused(ModelFailed):
    """The provider does not accept the request or the key (400, 401, 403, 404)."""

    code = "provider_refused"


class StreamCut(ModelFailed):
    """The stream ended before the answer was complete."""

    code = "stream_cut"


class ClientGone(RunProblem):
    """Whoever asked is not connected any more, and nobody else waits for the answer."""

    code = "client_gone"


class LoopDetected(RunProblem):
    """The agent repeats itself: the same call with the same arguments and the same result."""

    code = "loop_detected"


class NoProgress(RunProblem):
    """The agent took its last step without coming to an answer."""

    code = "no_progress"


class NoQuorum(RunProblem):
    """Too few of several agents succeeded, or agreed."""

    code = "no_quorum"


class LowConfidence(RunProblem):
    """The answer is less certain than the agent's threshold, and there is no fallback."""

    code = "low_confidence"


# --- what was asked for makes no sense -----------------------------------------------------------------------


class InvalidPolicy(BadInput):
    """The policy cannot be read, or does not fit its schema; Remit does not start on it."""

    code = "invalid_policy"


class InvalidTool(BadInput):
    """A tool is declared in a way that cannot work."""

    code = "invalid_tool"


class InvalidDocument(BadInput):
    """An OpenAPI document or descriptor cannot be read."""

    code = "invalid_document"


class InvalidCatalog(BadInput):
    """models.toml names something that does not exist or cannot be."""

    code = "invalid_catalog"


class UnknownAgent(BadInput):
    """No agent has this name."""

    code = "unknown_agent"


class UnknownRoute(BadInput):
    """No route has this name."""

    code = "unknown_route"


class UnknownMemory(BadInput):
    """Nothing is remembered under this key."""

    code = "unknown_memory"


class InvalidGraph(BadInput):
    """The graph cannot be compiled: something is unreachable, ends nowhere, or never ends."""

    code = "invalid_graph"


BEFORE_ACTING = (
    Denied, Quarantined, BadArguments, RateLimited, IsolationMissing, EgressRefused, SecretUnavailable, CannotUndo,
    MemoryFull, Halted,
)  # fmt: skip
"""Refusals of Remit's own, raised before anything was sent: a write that ends so did not take place."""

TOLD: tuple[type[Refused | RunProblem], ...] = (
    Denied, Blocked, Quarantined, UnknownTool, BadArguments, BudgetExhausted, NoRoute, Unsupported, RateLimited,
    IsolationMissing, EgressRefused, SecretUnavailable, CannotUndo, MemoryFull, ModelFailed, ModelRefused,
    MalformedAnswer, ContextTooLong, OutputInvalid, ProviderBusy, ProviderDown, ProviderRefused, StreamCut, ClientGone,
    Halted,
)  # fmt: skip
"""Failures of an action that a flow meets as themselves, at first and at every replay."""


REFUSALS: frozenset[str] = frozenset(kind.code for kind in TOLD if issubclass(kind, Refused))
"""Codes by which the gate itself said no."""
