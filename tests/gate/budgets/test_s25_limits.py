"""S25: a budget never lets more pass than it has, and never refuses what would fit."""

from __future__ import annotations

import asyncio

import pytest

from remit.domain.action_errors import BudgetExhausted
from remit.domain.budgets import Account, Amount, Budget
from remit.domain.errors import Fenced
from remit.gate.budgeting.budgets import BudgetBook
from remit.testing.clock import ManualClock
from tests.gate.budgets.books import CALL, Book, Place, admits, team

AGENTS = 64
DOLLAR = 1_000_000


async def drain(book: Book, accounts: list[Account], counted: list[str], name: str) -> None:
    """An agent that goes on until it is refused."""
    while await admits(lambda: book.spend(accounts)):
        counted.append(name)


@pytest.mark.parametrize("most", [1, 7, 100])
async def test_s25_64_agents_of_one_process_admit_exactly_k(place: Place, most: int) -> None:
    book, counted = await place.book("w-1"), list[str]()
    await asyncio.gather(*(drain(book, [team(most)], counted, "w-1") for _ in range(AGENTS)))
    assert len(counted) == most


async def test_s25_64_agents_of_several_books_admit_exactly_k(place: Place) -> None:
    books = [await place.book(f"w-{n}") for n in range(4)]
    counted = list[str]()
    await asyncio.gather(
        *(drain(books[n % 4], [team(150)], counted, books[n % 4].name) for n in range(AGENTS))
    )
    assert len(counted) == 150


async def test_s25_many_accounts_in_any_order_neither_block_nor_overdraw(place: Place) -> None:
    books = [await place.book(f"w-{n}") for n in range(3)]
    one, other = Account("agent:one", Budget(calls=30)), Account("agent:other", Budget(calls=50))
    counted = list[str]()
    await asyncio.gather(
        *(drain(books[n % 3], [one, team(60)], counted, "one") for n in range(20)),
        *(drain(books[n % 3], [team(60), other], counted, "other") for n in range(20)),
    )
    assert len(counted) == 60
    assert counted.count("one") <= 30


async def test_s25_what_another_process_does_not_need_is_recalled(place: Place) -> None:
    """A lease far from the limit covers many calls; the last of them must not be lost to others."""
    hoarder, needy = await place.book("w-1"), await place.book("w-2")
    await hoarder.spend([team(100)])
    assert hoarder.book.left(team(100))["calls"] > 0
    for _ in range(99):
        await needy.spend([team(100)])
    assert not await admits(lambda: needy.spend([team(100)]))
    assert hoarder.book.left(team(100))["calls"] == 0


async def test_s25_a_call_that_used_less_leaves_room_for_others(place: Place) -> None:
    book, other = await place.book("w-1"), await place.book("w-2")
    account = Account("team:support", Budget(usd=1.0))
    first = await book.admit([account], Amount(money=DOLLAR))
    assert not await admits(lambda: other.spend([account], Amount(money=1)))
    await book.settle(first, Amount(money=DOLLAR // 4))
    await other.spend([account], Amount(money=3 * DOLLAR // 4))
    assert not await admits(lambda: book.spend([account], Amount(money=1)))


async def test_s25_a_call_that_cost_more_than_its_bound_is_counted_in_full(place: Place) -> None:
    book = await place.book("w-1")
    account = Account("team:support", Budget(usd=1.0))
    await book.spend([account], Amount(money=DOLLAR // 2), Amount(money=DOLLAR * 9 // 10))
    assert not await admits(lambda: book.spend([account], Amount(money=DOLLAR // 5)))
    await book.spend([account], Amount(money=DOLLAR // 10))


async def test_s25_what_a_call_used_beyond_its_bound_is_taken_from_what_is_free(place: Place) -> None:
    book = await place.book("w-1")
    account = Account("team:support", Budget(usd=0.0005))
    first = await book.admit([account], Amount(money=274))
    second = await book.admit([account], Amount(money=167))
    await book.settle(first, Amount())
    await book.settle(second, Amount(money=227))
    assert not await admits(lambda: book.spend([account], Amount(money=274)))
    await book.spend([account], Amount(money=273))


async def test_s25_after_a_call_beyond_its_bound_others_give_back_what_they_hold(place: Place) -> None:
    other = await place.book("w-2", ManualClock())
    await other.spend([team(100)])
    assert other.book.left(team(100))["calls"] > 0
    book = await place.book("w-1")
    await book.spend([team(100)], CALL, Amount(calls=200))
    await other.book.look()
    assert other.book.left(team(100))["calls"] == 0
    assert not await admits(lambda: other.spend([team(100)]))


async def test_s25_all_levels_or_none(place: Place) -> None:
    book = await place.book("w-1")
    run, shared = Account("run:r-1", Budget(calls=1)), team(10)
    await book.spend([run, shared])
    for _ in range(5):
        with pytest.raises(BudgetExhausted, match="this run may use 1 tool call: "):
            await book.book.reserve([run, shared], CALL)
    for _ in range(9):
        await book.spend([shared])
    with pytest.raises(BudgetExhausted, match="team support"):
        await book.book.reserve([Account("run:r-2", Budget(calls=5)), shared], CALL)


async def test_s25_a_refusal_names_account_limit_used_reserved_and_asked(place: Place) -> None:
    book = await place.book("w-1")
    account = Account("team:support", Budget(usd=50.0, per="day"))
    await book.spend([account], Amount(money=48 * DOLLAR), Amount(money=48 * DOLLAR + 100_000))
    await book.admit([account], Amount(money=1_500_000))
    with pytest.raises(BudgetExhausted) as refused:
        await book.book.reserve([account], Amount(money=800_000))
    assert refused.value.message == (
        "team support may use $50.00 a day: $48.10 used, $1.50 reserved, and this may need $0.80."
    )


async def test_s25_a_dead_lease_counts_as_spent_until_its_calls_are_settled(place: Place) -> None:
    dead, heir = await place.book("w-1"), await place.book("w-2")
    await dead.spend([team(100)])
    lost = await dead.admit([team(100)], CALL)
    leased = 2 + dead.book.left(team(100))["calls"]
    await place.kill(dead)
    for _ in range(100 - leased):
        await heir.spend([team(100)])
    assert not await admits(lambda: heir.spend([team(100)]))

    await heir.commit(heir.book.lost_ops(lost.record))  # whoever took over the run says so in its journal
    heir.book.count_lost(lost.record)
    for _ in range(leased - 2):
        await heir.spend([team(100)])
    assert not await admits(lambda: heir.spend([team(100)]))


async def test_s25_a_call_that_this_process_itself_lost_is_decided_once(place: Place) -> None:
    book = await place.book("w-1")
    lost = await book.admit([team(2)], CALL)
    await book.commit(book.book.lost_ops(lost.record, Amount()))
    book.book.count_lost(lost.record, Amount())
    await book.spend([team(2)])
    await book.spend([team(2)])
    assert not await admits(lambda: book.spend([team(2)]))


async def test_s25_a_process_that_was_declared_dead_draws_nothing_more(place: Place) -> None:
    zombie = await place.book("w-1")
    await place.fence("w-1")
    with pytest.raises(Fenced):
        await zombie.book.reserve([team(5)], CALL)
    lapsed = BudgetBook(zombie.database, ManualClock(), lambda: "w-1", lambda: False)
    with pytest.raises(Fenced):
        await lapsed.reserve([Account("agent:x", Budget(usd=1))], Amount())


async def test_s25_who_stops_in_good_order_leaves_nothing_behind(place: Place) -> None:
    first, second = await place.book("w-1"), await place.book("w-2")
    for _ in range(10):
        await first.spend([team(100)])
    await first.book.stop()
    assert await first.database.fetch("budgets.accounts", "") == [("team:support", "", 0, 0, 0, 10)]
    await place.fence("w-1")
    for _ in range(90):
        await second.spend([team(100)])
    assert not await admits(lambda: second.spend([team(100)]))


async def test_s25_each_period_has_a_budget_of_its_own(place: Place) -> None:
    clock = ManualClock()
    book = await place.book("w-1", clock)
    day = team(2, "day")
    held = await book.admit([day], CALL)
    await book.spend([day])
    clock.leap(24 * 3600)
    await book.settle(held, CALL)  # it belongs to the day in which it was reserved
    await book.spend([day])
    await book.spend([day])
    found = await book.database.fetch("budgets.accounts", "")
    assert [(row[1], row[5]) for row in found] == [("2026-01-01", 2), ("2026-01-02", 2)]


async def test_s25_a_lease_that_nobody_draws_on_goes_back(place: Place) -> None:
    clock = ManualClock()
    book = await place.book("w-1", clock)
    await book.spend([team(100)])
    clock.leap(601)
    await book.book.look()
    assert await book.database.fetch("budgets.reconciled") == []
    assert await book.database.fetch("budgets.accounts", "") == [("team:support", "", 0, 0, 0, 1)]
    await book.spend([team(100)])


async def test_s25_a_limit_that_comes_later_counts_what_was_used_before(place: Place) -> None:
    book = await place.book("w-1")
    await book.spend([Account("team:support", Budget(tokens=1000))], Amount(tokens=10, calls=1))
    both = Account("team:support", Budget(tokens=1000, calls=2))
    await book.spend([both], Amount(tokens=10, calls=1))
    assert not await admits(lambda: book.spend([both], Amount(tokens=10, calls=1)))


async def test_s25_accounts_in_memory_are_rebuilt_from_the_journal(place: Place) -> None:
    book = (await place.book("w-1")).book
    run = Account("run:r-1", Budget(steps=3))
    book.charge(run, Amount(steps=2))
    reservation = await book.reserve([run, run], Amount(steps=1))
    with pytest.raises(BudgetExhausted, match="3 steps: 2 steps used, 1 step reserved"):
        await book.reserve([run], Amount(steps=1))
    book.release(reservation)
    book.settle(reservation, Amount(steps=1))
    assert book.left(run) == {"steps": 1}
    book.forget("run:r-1")
    assert book.left(run) == {"steps": 3}
