"""What stands behind a tool's manifest: the contract that every source of tools implements.

Only the gate calls it (a test sees to that). A binding acts on the world and says precisely what became of it;
it decides nothing, journals nothing, and holds no secret: it asks its context for one when it acts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from remit.domain.effects import Absent, Happened
    from remit.domain.tools import ObjectImage, Performed, Receipt

Json = Any


class ToolContext(Struct, frozen=True):
    """What a call is given beside its arguments."""

    run: str
    path: str
    team: str
    user: str
    agent: str = ""
    key: str = ""
    """The idempotency key of a write; the same on every repetition."""
    seconds: float | None = None
    """How long the call may still take."""
    secret: Callable[[str], Awaitable[str]] | None = None
    """The value of a secret that the manifest names, minted for this call."""
    before: Json = None
    """What `before` captured, handed to `perform`."""
    bound: dict[str, Any] | None = None
    """The arguments as the code takes them, where checking them has given that already."""


class Binding(Protocol):
    """The code of a tool. Raise `ToolFailed` for what the model may be told; anything else is a defect or an
    outcome that nobody knows. Everything is awaited on the loop; blocking code goes to a thread of its own.
    """

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Do it."""
        ...

    async def before(self, arguments: dict[str, Json], context: ToolContext) -> Json:
        """What undo will need, read before a write is claimed; None if nothing."""
        ...

    async def reconcile(self, arguments: dict[str, Json], context: ToolContext) -> Happened | Absent | None:
        """Whether a write with this key took place; None if it cannot be known. `Happened` holds a `Performed`."""
        ...

    async def current(self, receipt: Receipt, image: ObjectImage, context: ToolContext) -> tuple[Json, str]:
        """The object as it stands now, and its precondition (ETag, row hash; empty if the system has none)."""
        ...

    async def restore(
        self, receipt: Receipt, image: ObjectImage, wanted: Json, precondition: str, context: ToolContext
    ) -> Performed:
        """Make the object `wanted` (None: gone), only if `precondition` still holds; raise `CannotUndo` if not."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
