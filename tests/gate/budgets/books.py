"""What the tests of budgets are written with: databases of either dialect, and books as several processes have them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from remit.domain.action_errors import BudgetExhausted
from remit.domain.budgets import Account, Amount, Budget
from remit.domain.clock import Clock, SystemClock
from remit.gate.budgeting.budgets import BudgetBook, Reservation
from remit.gate.budgeting.leases import Terms
from remit.store.database import Commit, Database, Op
from remit.store.databases.postgres import PostgresDatabase
from remit.store.databases.sqlite import SqliteDatabase
from remit.store.migrate import migrate

CALL = Amount(calls=1)
QUICK = Terms(look=0.004, patience=20.0, idle=600.0)


def team(calls: int, per: str = "") -> Account:
    return Account("team:support", Budget(calls=calls, per=per))


def database_at(url: str) -> Database:
    path = url.removeprefix("sqlite:///")
    return PostgresDatabase(url) if path == url else SqliteDatabase(Path(path))


async def prepare(url: str) -> None:
    """Bring a database to today's schema."""
    database = database_at(url)
    await database.open()
    await migrate(database)
    await database.close()


@dataclass
class Book:
    """A book with its own database handle and worker, as a process has them."""

    name: str
    database: Database
    book: BudgetBook

    async def admit(self, accounts: list[Account], most: Amount) -> Reservation:
        """Reserve, and let the log know before contact."""
        reservation = await self.book.reserve(accounts, most)
        await self.commit(self.book.admit_ops(reservation))
        return reservation

    async def settle(self, reservation: Reservation, used: Amount) -> None:
        """The result is durable."""
        await self.commit(self.book.settle_ops(reservation, used))
        self.book.settle(reservation, used)

    async def spend(self, accounts: list[Account], most: Amount = CALL, used: Amount | None = None) -> None:
        await self.settle(await self.admit(accounts, most), most if used is None else used)

    async def commit(self, ops: list[Op]) -> None:
        if ops:
            await self.database.submit(Commit(ops=ops))


@dataclass
class Place:
    """One database and everybody who draws on its budgets."""

    url: str
    books: list[Book] = field(default_factory=list[Book])

    async def book(self, name: str, clock: Clock | None = None, terms: Terms = QUICK) -> Book:
        """Another process."""
        database = database_at(self.url)
        await database.open()
        await enlist(database, name)
        made = BudgetBook(database, clock or SystemClock(), lambda: name, terms=terms)
        book = Book(name, database, made)
        self.books.append(book)
        return book

    async def kill(self, book: Book) -> None:
        """The process is gone, with everything in its memory, and somebody noticed."""
        book.book.abandon()
        self.books.remove(book)
        await self.fence(book.name)
        await book.database.close()

    async def fence(self, name: str) -> None:
        database = database_at(self.url)
        await database.open()
        await database.submit(Commit(ops=[Op("workers.fence", (name, 1, 1), one=True)]))
        await database.close()

    async def close(self) -> None:
        for book in self.books:
            book.book.abandon()
            await book.database.close()


async def enlist(database: Database, name: str) -> None:
    """Register as a worker."""
    await database.submit(Commit(ops=[Op("workers.add", (name, "host", 1, 1, 1))]))


async def admits(act: Callable[[], Awaitable[object]]) -> bool:
    """Whether a call is let pass."""
    try:
        await act()
    except BudgetExhausted:
        return False
    return True
