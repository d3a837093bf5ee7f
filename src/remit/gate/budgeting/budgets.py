"""Budgets: what an action may cost at most is reserved on every account before it starts, and settled after.

Accounts called `ask:…` and `run:…` live in memory and are rebuilt from the journal with `charge`; all others
(`agent:…`, `team:…`, `tree:…`) are shared with other processes through the database, where this process holds leases
and draws on them in memory (S25).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from msgspec import Struct

from remit.domain.action_errors import BudgetExhausted
from remit.domain.budgets import Account, Amount
from remit.domain.clock import MICROSECONDS, Clock, Timer
from remit.domain.errors import Fenced
from remit.gate.budgeting.leases import Leases, Terms, settling
from remit.gate.budgeting.pools import (
    NOTHING,
    Excess,
    LeasedPool,
    LocalPool,
    Pool,
    PoolKey,
    Shortage,
    beyond,
    is_shared,
    is_within,
    period_of,
    shortage_sentence,
    values,
)
from remit.store.database import Database, Op

Json = Any

_log = logging.getLogger("remit.budgets")


class Reservation(Struct, eq=False):
    """What one action holds on its accounts until it is settled."""

    accounts: Sequence[Account]
    most: Amount
    pools: Sequence[Pool]
    leased: Sequence[LeasedPool] = ()
    """The shared accounts among them; with none of them, nobody but this process has to know of it."""
    holder: str = ""
    admitted: bool = False
    """Whether the log may know of it."""
    over: bool = False
    _excesses: list[Excess] | None = None

    def excesses(self, used: Amount) -> Sequence[Excess]:
        """For each account where it comes from that more was used than reserved; found out once."""
        if self._excesses is None and is_within(used, self.most):
            self._excesses = [_NO_EXCESS] * len(self.pools)
        if self._excesses is None:
            self._excesses = [
                pool.cover(beyond(used, self.most, account.budget))
                if isinstance(pool, LeasedPool)
                else _NO_EXCESS
                for account, pool in zip(self.accounts, self.pools, strict=True)
            ]
        return self._excesses

    @property
    def record(self) -> Json:
        """What the journal keeps, so that whoever takes over the run can settle it (`lost_ops`); None if nothing
        of it is shared.
        """
        if not self.leased:
            return None
        return {
            "holder": self.holder,
            "leases": [list(pool.key) for pool in self.leased],
            "most": list(values(self.most)),
        }


class BudgetBook:
    """The accounts of one process.

    reserve → (commit with `admit_ops`, before contact) → perform → commit the result with `settle_ops` → `settle`.
    An action that was not performed: the same with `Amount()`, or `release`.
    """

    def __init__(
        self, database: Database, clock: Clock, holder: Callable[[], str],
        alive: Callable[[], bool] = lambda: True, terms: Terms | None = None,
    ) -> None:  # fmt: skip
        """`holder` is the id of this process's worker; `alive` says whether its lease still stands."""
        self._clock = clock
        self._holder = holder
        self._alive = alive
        self._terms = terms or Terms()
        self._leases = Leases(database, clock, holder, self._terms)
        self._local: dict[str, LocalPool] = {}
        self._leased: dict[PoolKey, LeasedPool] = {}
        self._timer: Timer | None = None
        self._looking: asyncio.Task[None] | None = None

    # --- before and after an action -------------------------------------------------------------------

    def take(self, accounts: Sequence[Account], most: Amount) -> Reservation | None:
        """Hold `most` on every account, if that needs no more of a shared one than this process has; else nothing."""
        if len(accounts) == 1 and (pool := self._local.get(accounts[0].id)) is not None:
            if (shortage := pool.lacks(most)) is not None:
                raise _exhausted(accounts[0], shortage)
            pool.hold(most)
            return Reservation(accounts, most, (pool,))
        chosen = accounts if len(accounts) == 1 else _each_once(accounts)
        pools = [self._pool(account) for account in chosen]
        return None if self._lacking(chosen, pools, most) else self._hold(chosen, pools, most)

    async def reserve(self, accounts: Sequence[Account], most: Amount) -> Reservation:
        """Hold `most` on every account or on none; raises `BudgetExhausted`. Does not wait in the common case."""
        chosen = _each_once(accounts)
        while True:
            pools = [self._pool(account) for account in chosen]
            lacking = self._lacking(chosen, pools, most)
            if not lacking:
                return self._hold(chosen, pools, most)
            async with AsyncExitStack() as line:
                for _, pool in sorted(lacking, key=lambda each: each[1].key):
                    await line.enter_async_context(pool.lock)
                if not self._are_current(chosen, pools):
                    continue  # a period ended, or a lease did, while we stood in line
                still = self._lacking(chosen, pools, most)
                if still:
                    self._watch()
                    await self._leases.extend(still, most)
                if self._are_current(chosen, pools) and not self._lacking(chosen, pools, most):
                    return self._hold(chosen, pools, most)

    def admit_ops(self, reservation: Reservation) -> list[Op]:
        """For the commit before contact (claim, attempt): after a crash these calls are known to be open.

        Empty unless a shared account is held.
        """
        if reservation.admitted:
            return []
        reservation.admitted = True
        if not reservation.leased:
            return []
        most = values(reservation.most)
        return [Op("budgets.admit", (*pool.key, reservation.holder, *most)) for pool in reservation.leased]

    def settle_ops(self, reservation: Reservation, used: Amount) -> list[Op]:
        """For the commit of the result: what it did use. Empty unless a shared account is held."""
        if not reservation.leased:
            return []
        opened = reservation.most if reservation.admitted else Amount()
        ops: list[Op] = []
        for pool, excess in zip(reservation.pools, reservation.excesses(used), strict=True):
            if isinstance(pool, LeasedPool):
                ops += settling(pool.key, reservation.holder, used, opened, excess.added)
        return ops

    def settle(self, reservation: Reservation, used: Amount) -> None:
        """The result is durable: the hold ends, and what was used is used. Idempotent."""
        if reservation.over:
            return
        reservation.over = True
        if not reservation.leased:
            for pool in reservation.pools:
                pool.settle(reservation.most, used, _NO_EXCESS)
            return
        for pool, excess in zip(reservation.pools, reservation.excesses(used), strict=True):
            pool.settle(reservation.most, used, excess)

    def release(self, reservation: Reservation) -> None:
        """Nothing was contacted: the hold ends. For a reservation whose `admit_ops` were committed, use
        `settle_ops(reservation, Amount())` and `settle`.
        """
        self.settle(reservation, Amount())

    # --- after a crash --------------------------------------------------------------------------------

    def charge(self, account: Account, used: Amount) -> None:
        """Rebuild an account in memory from the journal: this much was used. Nothing for shared accounts."""
        if not is_shared(account.id):
            self._pool(account).settle(_NOTHING, used, _NO_EXCESS)

    def lost_ops(self, record: Json, used: Amount | None = None) -> list[Op]:
        """A call that was admitted in an earlier life (`reservation.record`, from the journal) is decided: it did use
        `used`, or, as nobody knows, all that it might have. For the commit that says so; then `count_lost`.
        """
        if not record:
            return []
        most = Amount(*record["most"])
        keys = [PoolKey(*key) for key in record["leases"]]
        spent = most if used is None else used
        return [op for key in keys for op in settling(key, record["holder"], spent, most, Amount())]

    def count_lost(self, record: Json, used: Amount | None = None) -> None:
        """That is durable; if it was this very process that lost the call, its hold ends."""
        if not record or record["holder"] != self._holder():
            return
        most = Amount(*record["most"])
        for key in record["leases"]:
            pool = self._leased.get(PoolKey(*key))
            if pool is not None:
                pool.settle(most, most if used is None else used, Excess())

    def forget(self, account: str) -> None:
        """The run or ask is over, or left memory."""
        self._local.pop(account, None)

    def forget_run(self, run: str) -> None:
        """The run left memory, with everything that its agents were asked."""
        for account in [each for each in self._local if each.partition(":")[2].partition("/")[0] == run]:
            del self._local[account]

    def used(self, account: Account) -> Amount:
        """What was drawn from an account in memory so far."""
        pool = self._local.get(account.id)
        return pool.used if pool is not None else Amount()

    def left(self, account: Account) -> dict[str, int]:
        """What is left of an account in memory, by unit; for a shared one what this process holds."""
        return self._pool(account).left(account.budget)

    # --- other processes ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Fold what dead processes left; recalls of others are heeded as soon as something is leased."""
        await self._leases.reconcile()

    async def stop(self) -> None:
        """Hand back what is free."""
        self.abandon()
        for pool in list(self._leased.values()):
            await self._retire(pool)

    async def look(self) -> None:
        """Answer recalls; give back leases of past periods, and those that nobody draws on."""
        await self._leases.heed(self._leased)
        idle = self._clock.now() - int(self._terms.idle * MICROSECONDS)
        for pool in list(self._leased.values()):
            if pool.touched < idle and pool.held == Amount() and not pool.lock.locked():
                await self._retire(pool)

    async def _retire(self, pool: LeasedPool) -> None:
        async with pool.lock:
            if pool.held == Amount():
                await self._leases.retire(pool)
            if pool.is_empty:
                self._leased.pop(pool.key, None)

    def _watch(self) -> None:
        if self._timer is None:
            due = self._clock.now() + int(self._terms.look * MICROSECONDS)
            self._timer = self._clock.call_at(due, self._start_looking)

    def abandon(self) -> None:
        """Look no more, and hand nothing back, as a killed process would."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _start_looking(self) -> None:
        self._looking = asyncio.get_running_loop().create_task(self._look_quietly())

    async def _look_quietly(self) -> None:
        try:
            await self.look()
        except Exception as wrong:  # noqa: BLE001 - nobody waits longer than its patience; it looks again
            _log.warning("shared budgets could not be looked at: %s", wrong)
        self._timer = None
        if self._leased:
            self._watch()

    # --- pools ----------------------------------------------------------------------------------------

    def _pool(self, account: Account) -> Pool:
        known = self._local.get(account.id)
        if known is not None:
            return known
        if not is_shared(account.id):
            return self._local.setdefault(account.id, LocalPool(account.budget))
        key = PoolKey(account.id, period_of(account.budget, self._clock.now()))
        leased = self._leased.get(key)
        if leased is None:
            leased = self._leased[key] = LeasedPool(key)
        return leased

    def _are_current(self, accounts: Sequence[Account], pools: Sequence[Pool]) -> bool:
        return all(self._pool(account) is pool for account, pool in zip(accounts, pools, strict=True))

    def _lacking(
        self, accounts: Sequence[Account], pools: Sequence[Pool], most: Amount
    ) -> list[tuple[Account, LeasedPool]]:
        """The shared accounts that need a larger lease; raises if an account in memory does not have it."""
        found: list[tuple[Account, LeasedPool]] = []
        for account, pool in zip(accounts, pools, strict=True):
            if isinstance(pool, LocalPool):
                shortage = pool.lacks(most)
                if shortage is not None:
                    raise _exhausted(account, shortage)
            elif pool.lacks(account.budget, most) is not NOTHING:
                found.append((account, pool))
        return found

    def _hold(self, accounts: Sequence[Account], pools: Sequence[Pool], most: Amount) -> Reservation:
        leased = [pool for pool in pools if isinstance(pool, LeasedPool)]
        if leased and not self._alive():
            raise Fenced("this worker was declared dead; it draws on no shared budget.", "It starts again.")
        reservation = Reservation(accounts, most, pools, leased, self._holder() if leased else "")
        for pool in leased:
            pool.touched = self._clock.now()
        for pool in pools:
            pool.hold(most)
        return reservation


def _exhausted(account: Account, shortage: Shortage) -> BudgetExhausted:
    return BudgetExhausted(shortage_sentence(account, shortage), "Give it more, or less to do.")


def _each_once(accounts: Sequence[Account]) -> list[Account]:
    return list({account.id: account for account in accounts}.values())


_NOTHING = Amount()
_NO_EXCESS = Excess()
