"""The arithmetic of budgets in memory, unit by unit: what is lacking, what is held, used, covered and given back, and
how it is said.
"""

from __future__ import annotations

import time

import pytest

from remit.domain.budgets import Account, Amount, Budget
from remit.domain.clock import MICROSECONDS
from remit.gate.budgeting.pools import (
    Excess,
    LeasedPool,
    LocalPool,
    PoolKey,
    Shortage,
    beyond,
    get,
    is_shared,
    least,
    limits_of,
    period_of,
    plain,
    shortage_sentence,
    shown,
    spoken,
    values,
)

UNITS = ("money", "tokens", "steps", "calls")
BUDGET = Budget(usd=1.0, tokens=20, steps=30, calls=40, seconds=9)
LIMITS = {"money": 1_000_000, "tokens": 20, "steps": 30, "calls": 40}
FIRST, SECOND = Amount(100_000, 2, 3, 4), Amount(200_000, 5, 7, 11)


def test_a_run_of_its_own_holds_and_uses_each_unit_apart() -> None:
    pool = LocalPool(BUDGET)
    assert (pool.used, pool.held, pool.left(BUDGET)) == (Amount(), Amount(), LIMITS)
    pool.hold(FIRST)
    pool.hold(SECOND)
    assert (pool.used, pool.held) == (Amount(), Amount(300_000, 7, 10, 15))
    assert pool.left(BUDGET) == {"money": 700_000, "tokens": 13, "steps": 20, "calls": 25}
    pool.settle(FIRST, Amount(50_000, 1, 9, 3), Excess())
    assert (pool.used, pool.held) == (Amount(50_000, 1, 9, 3), SECOND)
    assert pool.left(BUDGET) == {"money": 750_000, "tokens": 14, "steps": 14, "calls": 26}
    pool.settle(SECOND, Amount(1, 2, 3, 4), Excess())
    assert (pool.used, pool.held) == (Amount(50_001, 3, 12, 7), Amount())


@pytest.mark.parametrize("unit", UNITS)
def test_what_is_lacking_is_named_with_its_figures(unit: str) -> None:
    pool, limit = LocalPool(BUDGET), LIMITS[unit]
    pool.settle(Amount(), Amount(**{unit: 2}), Excess())
    pool.hold(Amount(**{unit: 3}))
    assert pool.lacks(Amount(**{unit: limit - 5})) is None
    assert pool.lacks(Amount(**{unit: limit - 4})) == Shortage(unit, limit, 2, 3, limit - 4)
    pool.settle(Amount(), Amount(**{unit: limit}), Excess())
    assert pool.lacks(Amount()) is None, "what asks for nothing of it goes on"
    assert LocalPool(Budget()).lacks(Amount(**{unit: 10**12})) is None


def test_a_lease_grows_by_what_is_lacking_and_gives_back_what_is_free() -> None:
    pool = LeasedPool(PoolKey("team:x", ""), granted=Amount(500_000, 10, 10, 10))
    tight = Budget(usd=1.0, steps=30)
    assert pool.lacks(tight, Amount(600_000, 99, 4, 99)) == Amount(money=100_000)
    pool.hold(Amount(400_000, 1, 9, 1))
    assert pool.free == Amount(100_000, 9, 1, 9)
    assert pool.left(tight) == {"money": 100_000, "steps": 1}
    assert pool.lacks(tight, Amount(100_000, 0, 2, 0)) == Amount(steps=1)
    pool.used = Amount(200_000, 0, 5, 0)
    assert pool.lacks(tight, Amount(0, 0, 1, 0)) == Amount(steps=5), "nothing of what is not asked for"
    assert pool.spare() == Amount(0, 9, 0, 9)
    assert not pool.is_empty
    for each in ("granted", "used", "held"):
        other = LeasedPool(pool.key)
        assert other.is_empty
        setattr(other, each, Amount(steps=1))
        assert not other.is_empty


def test_what_was_used_beyond_its_reservation_is_paid_by_what_is_free_and_added_otherwise() -> None:
    pool = LeasedPool(PoolKey("team:x", ""), granted=Amount(10, 10, 10, 10))
    most, used = Amount(4, 4, 4, 4), Amount(9, 20, 4, 1)
    pool.hold(most)
    excess = pool.cover(beyond(used, most, BUDGET))
    assert excess == Excess(Amount(5, 6, 0, 0), Amount(0, 10, 0, 0))
    assert pool.held == Amount(9, 10, 4, 4)
    pool.settle(most, used, excess)
    assert (pool.held, pool.used, pool.granted) == (Amount(), used, Amount(10, 20, 10, 10))
    pool.hold(most)
    pool.hold(Amount(1, 1, 1, 1))
    assert pool.held == Amount(5, 5, 5, 5)
    pool.settle(most, Amount(1, 0, 2, 0), Excess())
    assert (pool.held, pool.used) == (Amount(1, 1, 1, 1), Amount(10, 20, 6, 1))


def test_amounts_are_compared_unit_by_unit() -> None:
    assert [get(SECOND, unit) for unit in UNITS] == list(values(SECOND)) == [200_000, 5, 7, 11]
    assert beyond(SECOND, FIRST, Budget(tokens=1, calls=1)) == Amount(0, 3, 0, 7)
    assert beyond(FIRST, SECOND, BUDGET) == Amount()
    assert least(Amount(1, 9, 3, 9), Amount(2, 8, 4, 0)) == Amount(1, 8, 3, 0)
    assert dict(limits_of(BUDGET)) == LIMITS, "time is watched elsewhere"


@pytest.mark.parametrize("unit", UNITS)
def test_an_amount_is_written_down_with_the_units_it_has(unit: str) -> None:
    assert plain(Amount(**{unit: 3})) == {unit: 3}
    assert plain(FIRST) == {"money": 100_000, "tokens": 2, "steps": 3, "calls": 4}
    assert plain(Amount()) == {}


def test_days_are_those_of_utc_wherever_the_process_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    last = 1_767_225_600 * MICROSECONDS
    for zone in ("XXX-14", "XXX12"):
        with monkeypatch.context() as patch:
            patch.setenv("TZ", zone)
            time.tzset()
            assert period_of(Budget(steps=1, per="day"), last) == "2026-01-01"
            assert period_of(Budget(steps=1, per="day"), last - 1) == "2025-12-31"
    time.tzset()


def test_accounts_and_periods_have_their_names() -> None:
    last = 1_767_225_600 * MICROSECONDS  # 2026-01-01T00:00Z
    assert [period_of(Budget(steps=1, per=per), last) for per in ("", "day", "month")] == [
        "", "2026-01-01", "2026-01",
    ]  # fmt: skip
    assert period_of(Budget(steps=1, per="day"), last - 1) == "2025-12-31"
    names = ("run:r-1", "ask:r-1/a/ask#2", "tree:r-1", "team:x", "agent:clerk", "run")
    assert [is_shared(each) for each in names] == [False, False, True, True, True, False]
    assert [spoken(each) for each in names[:5]] == [
        "this run", "this ask of ask", "this run", "team x", "agent clerk",
    ]  # fmt: skip


def test_names_are_read_from_their_beginning() -> None:
    assert [spoken(each) for each in ("team:a:b", "ask:r/x:y/say#1#2")] == ["team a:b", "this ask of say"]


def test_a_shortage_is_said_in_numbers_that_people_read() -> None:
    account = Account("team:x", Budget(usd=1234.5, per="day"))
    said = shortage_sentence(account, Shortage("money", 1_234_500_000, 1_000_001, 0, 250_000))
    assert said == "team x may use $1,234.50 a day: $1.000001 used, $0.00 reserved, and this may need $0.25."
    once = shortage_sentence(Account("run:r", Budget(calls=1)), Shortage("calls", 1, 0, 1, 2000))
    assert once == (
        "this run may use 1 tool call: 0 tool calls used, 1 tool call reserved, and this may need 2,000 tool calls."
    )
    assert [shown(unit, 1) for unit in UNITS] == ["$0.000001", "1 token", "1 step", "1 tool call"]
    assert shown("money", -1_500_000) == "-$1.50"
