"""What may go wrong with a model's answer, by name: as a failure of the provider, or as an answer that is spoilt.
Scripts ask for a fault on a line, chaos draws one; both mean the same by it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.models.failures import from_refusal
from remit.models.simulation.lines import NOTHING, Fault, Line, Wanted
from remit.wire.dialect import WireError

if TYPE_CHECKING:
    from remit.domain.action_errors import ModelFailed
    from remit.models.simulation.scene import Scene

FAILURES: dict[str, tuple[int, str, str]] = {
    "rate_limit": (429, "rate_limit", "too many requests"),
    "overloaded": (529, "overloaded", "overloaded"),
    "down": (500, "server", "the service is unavailable"),
    "timeout": (504, "timeout", "no answer in time"),
    "unauthorized": (401, "authentication", "the key is not valid"),
    "bad_request": (400, "invalid_request", "the request is not valid"),
    "too_long": (400, "context_length", "the conversation is too long"),
    "filtered": (400, "content_filter", "the content was filtered"),
}
"""The provider fails: status, kind and words of what it says."""

SPOILT = ("hang", "cut", "malformed_json", "invented_tool", "wrong_finish", "empty", "flood", "loop", "obey")
"""The provider answers, and the answer is bad: it never comes; it ends in the middle; arguments or output are no JSON;
it calls a tool that does not exist; its finish reason is wrong; it says nothing; it calls a hundred tools at once; it
repeats its last call; it obeys what a tool's result told it to do."""

KINDS = (*FAILURES, *SPOILT)
FLOOD = 100
"""How many tools a flood calls."""


def failure(fault: Fault, provider: str) -> ModelFailed | None:
    """The error of a provider that fails; None if it answers, however badly."""
    known = FAILURES.get(fault.kind)
    if known is None:
        return None
    status, kind, words = known
    said = WireError(status, kind, f"{fault.message or words} (simulated)", retry_after=fault.retry_after)
    return from_refusal(said, provider)


def spoil(line: Line, fault: Fault, scene: Scene) -> Line:
    """The line as it is said with this fault; `hang`, `cut`, `loop` and `obey` are somebody else's business."""
    match fault.kind:
        case "malformed_json":
            return _malformed(line)
        case "invented_tool":
            return Line(calls=(Wanted(_invented(scene), {"query": scene.user[:40]}),), usage=line.usage)
        case "wrong_finish":
            return replace(line, finish="stop" if line.calls else "tools")
        case "empty":
            return Line(usage=line.usage)
        case "flood":
            return _flood(line, scene)
        case _:
            return line


def _malformed(line: Line) -> Line:
    """JSON that ends too early, wherever there is JSON; else a call that is none."""
    if line.calls:
        return replace(line, calls=tuple(replace(call, arguments='{"unfinished": ') for call in line.calls))
    if line.answer is not NOTHING:
        return replace(line, answer=NOTHING, text='```json\n{"unfinished": ')
    return replace(line, text=f"{line.text}\n<tool_call>{{")


def _invented(scene: Scene) -> str:
    """A name near to a real one: the kind of tool that models invent."""
    real = scene.tool_names
    name = f"{real[0]}_v2" if real else "search_the_web"
    while name in real:
        name += "_new"
    return name


def _flood(line: Line, scene: Scene) -> Line:
    """Calls that could be real, each with arguments of its own where it has any."""
    models = line.calls or tuple(Wanted(name, {}) for name in scene.tool_names)
    if not models:
        return line
    many = tuple(models[number % len(models)] for number in range(FLOOD))
    return replace(line, calls=many, answer=NOTHING, text="")
