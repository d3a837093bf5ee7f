"""What a projection of the log is: it is handed what happened, in the order of commits, and says what to write. It owns
the two shapes; who reads the log, and where that stands, is the projector's business.

A projection keeps numbers, digests and identifiers of code. What it makes of the log must not depend on where a batch
ends: dropped and read again, in one batch or in many, its tables are the same, byte for byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.event import Event
    from remit.store.database import Op, Row

RUN: Final = "run:"
"""What the names of streams of runs begin with."""


class Happened(Struct, frozen=True, gc=False):
    """An event where it stands; what was shredded is `Erased`, or what a rule left of it (S7)."""

    pos: int
    stream: str
    seq: int
    team: str
    at: int
    kind: str
    path: str
    key_id: str
    """Of the key that sealed what was read; where a rule left something, of the one under which that is kept."""
    event: Event


class Tables(Protocol):
    """What projections wrote before this batch."""

    async def fetch(self, query: str, *params: object) -> list[Row]:
        """Run a named read."""
        ...


class Projection(Protocol):
    """Something that can be told from the log, and told again."""

    @property
    def name(self) -> str:
        """What it is called where people are told about it."""
        ...

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of events that it wants; whatever none wants is not even decrypted."""
        ...

    @property
    def tables(self) -> tuple[str, ...]:
        """Its tables, which a rebuild empties; each has the statement `insight.drop_TABLE`."""
        ...

    async def take(self, batch: Sequence[Happened], tables: Tables) -> list[Op]:
        """What to write for this batch. It reads the batch, its own tables and, at most, streams again."""
        ...

    async def again(self, run: str, happened: Sequence[Happened], tables: Tables) -> list[Op]:
        """What to write instead of all that is there about a run: a key was shredded, and this can be read still.

        It is asked between two batches, so that what its tables say is all that it said.
        """
        ...

    def forget(self) -> None:
        """Whatever was kept in memory is void: the last batch was not written, or the tables are new."""
        ...
