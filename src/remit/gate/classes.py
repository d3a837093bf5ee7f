"""Which classes of data a tool says that it handles, written beside each call so that a rule finds the places later.

The places are known once per definition; a tool that declares no class costs one look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.policy.data_classes import classes_of
from remit.store.database import Op

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.domain.tools import ToolManifest
    from remit.engine.execution import Execution
    from remit.tools.tool import Tool

_KEPT = "_classed_places"
_IMAGES = ("detail/images", "detail/before")
"""What undo needs holds whatever the object has; nobody says where in it."""


def classed(tool: Tool | None) -> dict[str, Any]:
    """Where the events of a call hold classed data: `result/email`, `detail/arguments/to`; empty for most tools."""
    places = {} if tool is None else _places_of(tool.manifest)
    return {"classes": places} if places else {}


def marks(tool: Tool | None, place: tuple[Execution, str] | None) -> Sequence[Op]:
    """That the run of this call holds data of these classes."""
    places = {} if tool is None or place is None else _places_of(tool.manifest)
    return mark(place[0].row.id, places.values()) if places and place is not None else ()


def mark(run: str, names: Iterable[str]) -> list[Op]:
    """That a run holds data of these classes."""
    return [Op("protection.mark", (run, name)) for name in dict.fromkeys(names)]


def _places_of(manifest: ToolManifest) -> dict[str, str]:
    """Computed once, and kept beside the definition as its digest is."""
    kept: dict[str, str] | None = vars(manifest).get(_KEPT)
    if kept is None:
        kept = vars(manifest)[_KEPT] = _places(manifest)
    return kept


def _places(manifest: ToolManifest) -> dict[str, str]:
    result, arguments = (
        classes_of(manifest.result, manifest.label.data_class),
        classes_of(manifest.parameters),
    )
    found = {_below("result", at): name for at, name in result.items()}
    for root in ("detail/arguments", "detail/edited/arguments"):
        found |= {_below(root, at): name for at, name in arguments.items()}
    return found | dict.fromkeys(_IMAGES, min(found.values())) if found else {}


def _below(root: str, place: str) -> str:
    return f"{root}/{place}" if place else root
