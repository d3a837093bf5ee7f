"""What a server answered, as plain JSON, or as the failure that it is. Text stays text; bytes stay base64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.errors import ToolFailed

if TYPE_CHECKING:
    from mcp_types import CallToolResult

Json = Any

_TOLD = 4_000


def plain_answer(result: CallToolResult, where: str) -> Json:
    """The structured answer if there is one, or else the text; with both, whatever is neither."""
    texts: list[str] = []
    others: list[dict[str, Json]] = []
    for block in result.content:
        plain = block.model_dump(mode="json", by_alias=True, exclude_none=True)
        if plain.get("type") == "text":
            texts.append(plain["text"])
        else:
            plain.pop("_meta", None)
            plain.pop("annotations", None)
            others.append(plain)
    text = "\n".join(texts)
    if result.is_error:
        said = text or (str(result.structured_content) if result.structured_content is not None else "")
        raise ToolFailed(f"{where} failed: {said[:_TOLD] or 'it did not say why'}")
    structured = result.structured_content
    if not others:
        return text if structured is None else structured
    found: dict[str, Json] = {"content": others}
    if structured is not None:
        found["structured"] = structured
    elif text:
        found["text"] = text
    return found
