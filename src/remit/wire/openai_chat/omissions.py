"""What of a request goes out unsaid in OpenAI's dialects, by name, for whoever has to tell that it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.wire.messages import Reasoning, ToolResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.wire.messages import ModelRequest


def omissions(request: ModelRequest, dialect: str, *, names: bool, seed: bool) -> Iterator[str]:
    """The fields that are left out; `names` and `seed`: whether the dialect has a form for those."""
    if request.seed is not None and not seed:
        yield "seed"
    if request.dialect != dialect:
        yield from (f"extra.{key}" for key in request.extra)
    for index, turn in enumerate(request.messages):
        if turn.name and not names:
            yield f"messages[{index}].name"
        if any(isinstance(part, Reasoning) and part.dialect != dialect for part in turn.parts):
            yield f"messages[{index}].reasoning"
        if any(isinstance(part, ToolResult) and part.failed for part in turn.parts):
            yield f"messages[{index}].failed"
