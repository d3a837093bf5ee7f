"""S25 against a ledger that is slow and obviously right: several processes decide as if one clerk with one book did."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remit.domain.budgets import Account, Amount, Budget
from remit.gate.budgets import Reservation
from tests.gate.budgets.books import QUICK, Book, Place, admits, prepare

ACCOUNTS = {
    "team": Account("team:support", Budget(calls=40, tokens=900)),
    "one": Account("agent:one", Budget(calls=25)),
    "other": Account("agent:other", Budget(usd=0.0005, tokens=600)),
}
UNITS = ("money", "tokens", "steps", "calls")

amounts = st.builds(
    Amount, money=st.integers(0, 300), tokens=st.integers(0, 400), steps=st.just(0), calls=st.integers(0, 12)
)
chosen = st.lists(st.sampled_from(sorted(ACCOUNTS)), min_size=1, max_size=3, unique=True)
reserve = st.tuples(st.just("reserve"), st.integers(0, 2), chosen, amounts)
settle = st.tuples(st.just("settle"), st.integers(0, 30), st.integers(0, 150), st.just(None))
crash = st.tuples(st.just("crash"), st.integers(0, 2), st.booleans(), st.just(None))


@dataclass
class Ledger:
    """One clerk, one book: everything that was used or is held, added up anew for each question."""

    entries: list[tuple[list[str], Amount]] = field(default_factory=list[tuple[list[str], Amount]])

    def fits(self, names: list[str], most: Amount) -> bool:
        return all(
            not asked or self.taken(name, unit) + asked <= limit
            for name in names
            for unit, limit in ACCOUNTS[name].budget.limits.items()
            if (asked := getattr(most, unit)) is not None
        )

    def taken(self, name: str, unit: str) -> int:
        return sum(getattr(amount, unit) for names, amount in self.entries if name in names)


@dataclass
class Open:
    """A call under way."""

    holder: Book
    reservation: Reservation
    entry: int


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(reserve, reserve, settle, crash), max_size=40))
def test_s25_processes_decide_as_one_clerk_would(story: list[tuple[str, int, object, object]]) -> None:
    asyncio.run(play(story))


async def play(story: list[tuple[str, int, object, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'remit.db'}"
        await prepare(url)
        place = Place(url)
        try:
            await Play(place, [await place.book(f"w-{n}", terms=QUICK) for n in range(3)]).all(story)
        finally:
            await place.close()


@dataclass
class Play:
    """The books and the ledger, side by side."""

    place: Place
    books: list[Book]
    ledger: Ledger = field(default_factory=Ledger)
    opened: list[Open] = field(default_factory=list[Open])
    deaths: int = 0

    async def all(self, story: list[tuple[str, int, object, object]]) -> None:
        for word, number, first, second in story:
            match word, first, second:
                case "reserve", list() as names, Amount() as most:
                    await self.reserve(self.books[number], [str(name) for name in names], most)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
                case "settle", int() as percent, _:
                    await self.settle(number, percent)
                case _:
                    await self.crash(number, known=bool(first))
        for name, account in ACCOUNTS.items():
            for unit, limit in account.budget.limits.items():
                await self.reserve_what_is_left(name, unit, limit)

    async def reserve(self, book: Book, names: list[str], most: Amount) -> None:
        expected = self.ledger.fits(names, most)
        accounts = [ACCOUNTS[name] for name in names]
        found: list[Reservation] = []

        async def act() -> None:
            found.append(await book.admit(accounts, most))

        assert await admits(act) is expected, (names, most, self.ledger)
        if expected:
            self.ledger.entries.append((names, most))
            self.opened.append(Open(book, found[0], len(self.ledger.entries) - 1))

    async def settle(self, number: int, percent: int) -> None:
        if not self.opened:
            return
        call = self.opened.pop(number % len(self.opened))
        names, most = self.ledger.entries[call.entry]
        used = Amount(*(getattr(most, unit) * percent // 100 for unit in UNITS))
        await call.holder.settle(call.reservation, used)
        self.ledger.entries[call.entry] = (names, used)

    async def crash(self, number: int, *, known: bool) -> None:
        """A process dies; another one takes its place and finds out, or not, what its open calls did."""
        self.deaths += 1
        dead = self.books[number]
        self.books[number] = heir = await self.place.book(f"w-{number}-{self.deaths}", terms=QUICK)
        await self.place.kill(dead)
        lost = [call for call in self.opened if call.holder is dead]
        self.opened = [call for call in self.opened if call.holder is not dead]
        for call in lost:
            names, most = self.ledger.entries[call.entry]
            used = Amount() if known else most
            await heir.commit(heir.book.lost_ops(call.reservation.record, used if known else None))
            self.ledger.entries[call.entry] = (names, used)

    async def reserve_what_is_left(self, name: str, unit: str, limit: int) -> None:
        """The very last unit fits, and not one more."""
        left = limit - self.ledger.taken(name, unit)
        for asked in (left + 1, left):
            if asked > 0:
                await self.reserve(self.books[0], [name], Amount(**{unit: asked}))
