"""What tools need of somebody else's database: its tables, and transactions in which rows are looked at and changed.

A row is an image: JSON from which the driver can make exactly the same row again. Placeholders are `$1`, `$2`, ….
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager

Json = Any
LARGEST_ANSWER = 50 * 1024 * 1024
"""Bytes that one answer may have."""


class ForeignProblem(Exception):
    """What a database said; the class says what that means for what was under way."""


class StatementRefused(ForeignProblem):
    """The database does not take it: nothing of the transaction took place."""


class NotNow(ForeignProblem):
    """It is busy or cannot be reached: nothing of the transaction took place, and it may be tried again."""


class BrokenOff(NotNow):
    """The connection broke while a statement was executed, which may have been that statement's own doing."""


class OutcomeUnknown(ForeignProblem):
    """The connection broke while the transaction was committed: nobody knows."""


class AnswerTooLarge(ForeignProblem):
    """The answer has more bytes than anybody can take."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as undo has to know it."""

    name: str
    """As it is written in SQL, quoted."""
    key: tuple[str, ...]
    """The columns of its primary key."""
    columns: tuple[str, ...]
    """The columns that can be set."""
    documents: tuple[str, ...] = ()
    """Columns that hold JSON, which an image keeps as text."""
    aside: tuple[str, ...] = ()
    """What else happens when a row changes, in words: triggers, and references that cascade."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a statement."""

    rows: list[dict[str, Json]] = field(default_factory=list[dict[str, Json]])
    more: bool = False
    """Whether there were more than were asked for."""


class Transaction(Protocol):
    """One transaction."""

    async def run(self, sql: str, values: Sequence[Json], most: int) -> Answer:
        """Execute one statement; its rows as JSON, to be read."""
        ...

    async def acting(self, functions: Sequence[str]) -> list[str]:
        """Those of these functions that do something even where nothing may be written."""
        ...

    async def images(
        self, table: Table, alias: str, where: str, values: Sequence[Json], most: int
    ) -> list[dict[str, Json]]:
        """The rows of `SELECT … FROM table AS alias WHERE where`, locked until the end."""
        ...

    async def image(self, table: Table, like: dict[str, Json]) -> dict[str, Json] | None:
        """The row with the key of an image, locked until the end."""
        ...

    async def insert(self, table: Table, image: dict[str, Json]) -> None:
        """Make a row exactly as in an image."""
        ...

    async def update(self, table: Table, image: dict[str, Json], columns: Sequence[str]) -> None:
        """Set these columns of the row with the key of an image as they are in it."""
        ...

    async def delete(self, table: Table, image: dict[str, Json]) -> None:
        """Remove the row with the key of an image."""
        ...


class ForeignDatabase(Protocol):
    """One database."""

    def transaction(
        self, *, read_only: bool, seconds: float, password: str = ""
    ) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that commits when the block ends, and rolls back when it is left by an error."""
        ...

    async def table(self, name: str, password: str = "") -> Table | None:
        """A table, if there is one of this name."""
        ...

    async def parameters(self, sql: str, password: str = "") -> list[str]:
        """Check a statement; the types of its placeholders as JSON Schema calls them, where the database knows them."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
