"""What the gate gave, as answers of the protocol. A tool of another server has answered in it already; anything else is
text, and besides it data where it has a shape. What is refused is an answer too: the model is told why and what to do.
"""

from __future__ import annotations

from typing import Any, cast

from remit.control.fronting.refusals import said_outside
from remit.domain.errors import RemitError
from remit.wire import canonical

Json = Any

INVALID, FAILED, UNAUTHORIZED = -32602, -32603, -32001

_OF_AN_ANSWER = frozenset({"content", "structuredContent", "_meta"})


def answer_of(result: Json, note: str = "", *, structured: bool = False) -> dict[str, Json]:
    """A result, and what is to be said beside it."""
    whole = cast("dict[str, Json]", result) if isinstance(result, dict) else {}
    answer: dict[str, Json]
    if isinstance(whole.get("content"), list):
        answer = {name: value for name, value in whole.items() if name in _OF_AN_ANSWER}
    else:
        said = (
            result
            if isinstance(result, str)
            else canonical.encode(canonical.plain(cast("Json", result))).decode()
        )
        answer = {"content": [_text(said)]} | ({"structuredContent": whole} if structured and whole else {})
    return {**answer, "content": [*answer["content"], _text(note)]} if note else answer


def refusal_of(wrong: BaseException) -> dict[str, Json]:
    """What is refused or fails, as the model is told."""
    return {"content": [_text(told(wrong))], "isError": True}


def told(wrong: BaseException) -> str:
    """Why, and what to do; nothing of the inside."""
    if not isinstance(wrong, RemitError):
        return "Something went wrong here."
    return said_outside(wrong)


def _text(said: str) -> dict[str, Json]:
    return {"type": "text", "text": said}
