"""What a server answered, as plain JSON, or as the failure that it is. Text stays text; bytes stay base64."""

from __future__ import annotations

from typing import Any, cast

from remit.domain.errors import ToolFailed
from remit.domain.event import object_of

Json = Any

_TOLD = 4_000
_OURS = "io.modelcontextprotocol/"
"""What stands under it in `_meta` is between the two ends of one connection."""


def plain_answer(result: dict[str, Json], where: str) -> Json:
    """The structured answer if there is one, or else the text; with both, whatever is neither."""
    _refuse_failure(result, where)
    texts: list[str] = []
    others: list[dict[str, Json]] = []
    for block in _blocks(result):
        if block.get("type") == "text":
            texts.append(str(block["text"]))
        else:
            others.append(
                {name: value for name, value in block.items() if name not in {"_meta", "annotations"}}
            )
    text = "\n".join(texts)
    structured = result.get("structuredContent")
    if not others:
        return text if structured is None else structured
    found: dict[str, Json] = {"content": others}
    if structured is not None:
        found["structured"] = structured
    elif text:
        found["text"] = text
    return found


def whole_answer(result: dict[str, Json], where: str) -> dict[str, Json]:
    """The answer as a front hands it on: block by block, without what is between us and the server."""
    _refuse_failure(result, where)
    found = {name: value for name, value in result.items() if name not in {"resultType", "isError", "_meta"}}
    meta = {
        name: value for name, value in object_of(result.get("_meta")).items() if not name.startswith(_OURS)
    }
    return found | ({"_meta": meta} if meta else {})


def _refuse_failure(result: dict[str, Json], where: str) -> None:
    if result.get("isError") is not True:
        return
    texts = "\n".join(str(block["text"]) for block in _blocks(result) if block.get("type") == "text")
    structured = result.get("structuredContent")
    said = texts or (str(structured) if structured is not None else "")
    raise ToolFailed(f"{where} failed: {said[:_TOLD] or 'it did not say why'}")


def _blocks(result: dict[str, Json]) -> list[dict[str, Json]]:
    blocks = result.get("content")
    if not isinstance(blocks, list):
        return []
    return [
        {name: value for name, value in object_of(block).items() if value is not None}
        for block in cast("list[Json]", blocks)
    ]
