"""S25 against a ledger that is slow and obviously right: several processes decide as if one clerk with one book did."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remit.domain.budgets import Account, Amount, Budget
from remit.gate.budgeting.budgets import Reservation
from tests.gate.budgets.books import QUICK, Book, Place, admits, prepare
from tests.samples import samples

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


@dataclass(frozen=True)
class Reserve:
    """A call asks to be let pass."""

    book: int
    names: list[str]
    most: Amount


@dataclass(frozen=True)
class Settle:
    """An open call ends, having used its bound or a part of it."""

    call: int
    percent: int


@dataclass(frozen=True)
class Crash:
    """A process dies; whether its open calls took place is found out, or not."""

    book: int
    known: bool


reserves = st.builds(Reserve, st.integers(0, 2), chosen, amounts)
settles = st.builds(Settle, st.integers(0, 30), st.integers(0, 100))
crashes = st.builds(Crash, st.integers(0, 2), st.booleans())
stories = st.lists(st.one_of(reserves, reserves, settles, crashes), max_size=40)
Story = list[Reserve | Settle | Crash]


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


@settings(max_examples=samples(15), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories)
def test_s25_processes_decide_as_one_clerk_would(story: Story) -> None:
    asyncio.run(play(story))


async def play(story: Story) -> None:
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

    async def all(self, story: Story) -> None:
        for scene in story:
            match scene:
                case Reserve(book, names, most):
                    await self.reserve(self.books[book], names, most)
                case Settle(call, percent):
                    await self.settle(call, percent)
                case Crash(book, known):
                    await self.crash(book, known=known)
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
