"""The half of `Binding` that a tool which only reads has nothing to say to. Inherit it, and write `perform`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import CannotUndo

if TYPE_CHECKING:
    from remit.domain.effects import Absent, Happened
    from remit.domain.tools import ObjectImage, Performed, Receipt
    from remit.tools.binding import ToolContext

Json = Any


class ReadOnly:
    """Nothing is captured, nothing is taken back, nothing is held open; a read may simply be repeated."""

    async def before(self, arguments: dict[str, Json], context: ToolContext) -> Json:
        """Undo will need nothing."""

    async def reconcile(self, arguments: dict[str, Json], context: ToolContext) -> Happened | Absent | None:
        """Nothing could have taken place."""

    async def current(self, receipt: Receipt, image: ObjectImage, context: ToolContext) -> tuple[Json, str]:
        """There is no object."""
        del image, context
        raise _nothing(receipt)

    async def restore(
        self, receipt: Receipt, image: ObjectImage, wanted: Json, precondition: str, context: ToolContext
    ) -> Performed:
        """There is no object."""
        del image, wanted, precondition, context
        raise _nothing(receipt)

    async def close(self) -> None:
        """Nothing is held open."""


def _nothing(receipt: Receipt) -> CannotUndo:
    return CannotUndo(f"{receipt.tool} changes nothing, so there is nothing to take back.")
