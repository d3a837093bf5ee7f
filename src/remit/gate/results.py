"""What a tool answered, as it may be kept: without secrets, and no larger than the log takes. It knows no run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from remit.domain.errors import TooLarge, ToolFailed
from remit.gate.classes import classed

if TYPE_CHECKING:
    from remit.tools.tool import Tool

_SIZE = msgspec.json.Encoder()
_KEPT = "_said_of_calls"


def within(tool: Tool, result: Any, largest: int) -> Any:
    """The result, or what stands in for one that is too large; raises where nothing can."""
    size = len(result.encode("utf-8", "surrogatepass") if isinstance(result, str) else _SIZE.encode(result))
    return result if size <= largest else _too_large(tool, size, largest)


def label_of(tool: Tool) -> dict[str, Any]:
    """Where a result comes from, by the manifest and never by its content."""
    label = tool.manifest.label
    return {
        "source": label.source or tool.manifest.source, "integrity": "R" if label.trusted else "U",
        "readers": list(label.readers), "class": label.data_class,
    }  # fmt: skip


class Said(Struct, frozen=True):
    """What the events of every call of a tool say, by its definition alone."""

    action: dict[str, Any]
    outcome: dict[str, Any]


def said_of(tool: Tool) -> Said:
    """The same for every call, so it is put together once and kept beside the definition, as its digest is."""
    manifest = tool.manifest
    kept: Said | None = getattr(manifest, _KEPT, None)
    if kept is None:
        classes = classed(tool)
        kept = Said({"tool_digest": manifest.digest[:16], **classes}, {"label": label_of(tool), **classes})
        vars(manifest)[_KEPT] = kept
    return kept


def _too_large(tool: Tool, size: int, largest: int) -> Any:
    said = f"{tool.name} answered {size:,} bytes, and a result may have {largest:,}."
    if not tool.manifest.effect.acts:
        raise ToolFailed(f"{said} Ask for less.")
    if tool.manifest.result not in (None, {}):
        raise TooLarge(f"{said} The write did take place.")
    return {"done": True, "note": f"{said} It took place; the answer was not kept."}
