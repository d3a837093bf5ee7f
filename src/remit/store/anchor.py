"""The contract of an anchor: a place outside the database that keeps checkpoints, so that whoever rewrites the database
cannot rewrite what it said before. Implementations live in `anchors/` and pass one conformance suite.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class AnchorRecord:
    """A checkpoint, and which streams went on since the one before it."""

    size: int
    note: str
    heads: str = ""
    """JSON, as the note has its digest; empty where it is not kept any more."""

    @property
    def line(self) -> bytes:
        """As one line of JSON."""
        heads = f',"heads":{self.heads}' if self.heads else ""
        return f'{{"size":{self.size},"note":{json.dumps(self.note)}{heads}}}'.encode()

    @property
    def short(self) -> bytes:
        """Without the heads, for places that take little."""
        return json.dumps({"size": self.size, "note": self.note}).encode()

    @property
    def name(self) -> str:
        """A name that sorts by size and tells two checkpoints of one size apart."""
        root = base64.b64decode(self.note.split("\n")[2]).hex()
        return f"{self.size:020d}-{root[:16]}.json"


class Anchor(Protocol):
    """A place outside."""

    @property
    def name(self) -> str:
        """Where it is, without any secret in it."""
        ...

    async def write(self, records: Sequence[AnchorRecord]) -> None:
        """Keep these, in order; raises `AnchorUnavailable` unless all of them are there. To repeat is harmless."""
        ...

    async def newest(self) -> str | None:
        """The note of the newest checkpoint that is kept there; None where nothing is, or it cannot be read back."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
