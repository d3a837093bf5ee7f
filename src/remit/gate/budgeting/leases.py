"""Leases on shared accounts: how this process gets more of one, gives back what it does not need, and asks others to.

The account's row holds what is used for good and what is leased out; a lease's row belongs to one process, which alone
settles on it, so that no hot row is held through a flush to the disk (S25). Far from the limit a lease covers many
calls, near it a single one. A refusal first recalls what others hold and do not need. The lease of a dead process
counts as spent until its open calls are settled by whoever took over its runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple

from remit.domain.action_errors import BudgetExhausted
from remit.domain.budgets import Account, Amount
from remit.domain.clock import MICROSECONDS, Clock, sleep_until
from remit.domain.errors import Fenced
from remit.gate.budgeting.pools import (
    UNITS,
    LeasedPool,
    PoolKey,
    Shortage,
    get,
    limits_of,
    shortage_sentence,
    values,
)
from remit.store.database import Commit, Conflict, Database, Op

HINT = "Raise the budget in budgets.toml, or wait for its next period."
_SHARE = 16
"""A lease takes at most this part of what is left,"""
_CALLS = 256
"""and at most this many times what was asked for."""


class Terms(NamedTuple):
    """How processes deal with each other."""

    look: float = 0.1
    """Seconds between two looks for recalls."""
    patience: float = 3.0
    """Seconds that others get to answer one."""
    idle: float = 30.0
    """Seconds after which a lease that nobody draws on goes back."""


class Balance(NamedTuple):
    """Where a shared account stands."""

    committed: Amount
    """Used and leased."""
    used: Amount


class Leases:
    """The leases of one process."""

    def __init__(self, database: Database, clock: Clock, holder: Callable[[], str], terms: Terms) -> None:
        self._database = database
        self._clock = clock
        self._holder = holder
        self._terms = terms

    # --- more -----------------------------------------------------------------------------------------

    async def extend(self, wanted: Sequence[tuple[Account, LeasedPool]], most: Amount) -> None:
        """Lease what these accounts lack for `most`, all in one transaction; raises `BudgetExhausted`."""
        recalled: set[PoolKey] = set()
        while True:
            async with AsyncExitStack() as moving:
                for pool in sorted((pool for _, pool in wanted), key=lambda pool: pool.key):
                    await moving.enter_async_context(pool.moving)
                asks = await self._asks(wanted, most)
                short = [(account, pool, found) for account, pool, _, found in asks if found]
                if not short and await self._lease([(pool, amount) for _, pool, amount, _ in asks], wanted):
                    return
            for account, pool, found in short:  # not while it moves: others may recall from us meanwhile
                if pool.key in recalled:
                    raise BudgetExhausted(shortage_sentence(account, found), HINT)
                recalled.add(pool.key)
                await self._recall(pool.key)

    async def _asks(
        self, wanted: Sequence[tuple[Account, LeasedPool]], most: Amount
    ) -> list[tuple[Account, LeasedPool, Amount, Shortage | None]]:
        """For each account that lacks something, how much to lease, or what makes it impossible."""
        found: list[tuple[Account, LeasedPool, Amount, Shortage | None]] = []
        for account, pool in wanted:
            balance = await self._balance(pool.key)
            need = pool.lacks(account.budget, most)
            if need != Amount():
                found.append((account, pool, *_portion(account, need, balance, most)))
        return found

    async def _balance(self, key: PoolKey) -> Balance:
        rows = await self._database.fetch("budgets.balance", *key, self._holder())
        if not rows:
            if not await self._database.fetch("budgets.lives", self._holder()):
                raise _dead(self._holder())
            return Balance(Amount(), Amount())
        *numbers, lives = rows[0]
        if not lives:
            raise _dead(self._holder())
        amounts = list(map(int, numbers))
        return Balance(Amount(*amounts[:4]), Amount(*amounts[4:]))

    async def _lease(
        self, portions: Sequence[tuple[LeasedPool, Amount]], wanted: Sequence[tuple[Account, LeasedPool]]
    ) -> bool:
        """Lease all of it or nothing; False if somebody else was faster."""
        if not portions:
            return True  # settled calls have left enough meanwhile
        limits = {pool.key: limits_of(account.budget) for account, pool in wanted}
        ops: list[Op] = []
        for pool, amount in portions:
            row = (*pool.key, self._holder(), *values(amount))
            bounds = (limits[pool.key].get(unit) for unit in UNITS)
            ops.append(Op("budgets.open", tuple(pool.key)))
            ops.append(Op("budgets.grant", (*row, *bounds), one=True))
            ops.append(Op("budgets.lease", row))
        try:
            await self._database.submit(Commit(ops=ops))
        except Conflict:
            return False
        for pool, amount in portions:
            pool.granted += amount
        return True

    async def _recall(self, key: PoolKey) -> None:
        """Let all others give back what they do not need, and wait until they have, or are too slow."""
        await self.reconcile()
        ops = [
            Op("budgets.open", tuple(key)),
            Op("budgets.heard", (*key, self._holder())),
            Op("budgets.recall", tuple(key)),
        ]
        number = int((await self._database.submit(Commit(ops=ops))).rows[0][0])
        deadline = self._clock.now() + int(self._terms.patience * MICROSECONDS)
        while await self._unanswered(key, number) and self._clock.now() < deadline:
            pause = int(self._terms.look * MICROSECONDS / 2)
            await sleep_until(self._clock, self._clock.now() + pause)

    async def _unanswered(self, key: PoolKey, number: int) -> int:
        rows = await self._database.fetch("budgets.unanswered", *key, self._holder(), number)
        return int(rows[0][0])

    # --- less -----------------------------------------------------------------------------------------

    async def heed(self, pools: dict[PoolKey, LeasedPool]) -> None:
        """Answer the recalls of other processes: what is free goes back."""
        for account, period, number in await self._database.fetch("budgets.recalled", self._holder()):
            key = PoolKey(account, period)
            await self._give_back(pools.get(key) or LeasedPool(key), int(number))

    async def _give_back(self, pool: LeasedPool, answered: int) -> None:
        async with pool.moving:
            spare = pool.spare()
            # First here, so that nobody draws what is on its way back. Should the commit fail, nobody knows whether it
            # went through; what is then missing here comes back when the lease ends.
            pool.granted -= spare
            ops = [
                Op("budgets.take_back", (*pool.key, *values(spare))),
                Op("budgets.shrink", (*pool.key, self._holder(), *values(spare), answered)),
            ]
            await self._database.submit(Commit(ops=ops))

    async def retire(self, pool: LeasedPool) -> bool:
        """End a lease that nobody holds anything of; False if the log knows of open calls."""
        async with pool.moving:
            granted, used = pool.granted, pool.used
            pool.granted = used  # as above
            if not await self._fold(pool.key, self._holder()):
                pool.granted += granted - used
                return False
            pool.granted -= used
            pool.used -= used
            return True

    async def reconcile(self) -> int:
        """Fold the leases of dead processes whose calls are all settled; gives how many."""
        rows = await self._database.fetch("budgets.reconciled")
        return sum([await self._fold(PoolKey(account, period), holder) for account, period, holder in rows])

    async def _fold(self, key: PoolKey, holder: str) -> bool:
        ops = [
            Op("budgets.open", tuple(key)),
            Op("budgets.fold", (*key, holder)),
            Op("budgets.drop_lease", (*key, holder), one=True),
        ]
        try:
            await self._database.submit(Commit(ops=ops))
        except Conflict:
            return False  # open calls, no lease at all, or somebody else has done it
        return True


def settling(key: PoolKey, holder: str, used: Amount, opened: Amount, added: Amount) -> list[Op]:
    """What the transaction of a result has to say of a call on a shared account.

    It touches no row of another process, unless the call used more than this one had left: then the account has to
    hear of it at once.
    """
    ops = [Op("budgets.settle", (*key, holder, *values(used), *values(opened)))]
    if added != Amount():
        ops.append(Op("budgets.open", tuple(key)))
        ops.append(Op("budgets.take_back", (*key, *values(Amount() - added))))
        ops.append(Op("budgets.lease", (*key, holder, *values(added))))
        ops.append(Op("budgets.call_in", tuple(key)))
    return ops


def _portion(
    account: Account, need: Amount, balance: Balance, most: Amount
) -> tuple[Amount, Shortage | None]:
    """How much to lease: a part of what is left while there is plenty, exactly what is needed near the limit."""
    portion: dict[str, int] = {}
    for unit, limit in limits_of(account.budget).items():
        missing = get(need, unit)
        if not missing:
            continue
        left = limit - get(balance.committed, unit)
        if left < missing:
            used = get(balance.used, unit)
            reserved = get(balance.committed, unit) - used
            return Amount(), Shortage(unit, limit, used, reserved, get(most, unit))
        portion[unit] = max(missing, min(left // _SHARE, missing * _CALLS))
    return Amount(**portion), None


def _dead(holder: str) -> Fenced:
    name = f"worker {holder}" if holder else "this process, which has no worker,"
    return Fenced(f"{name} cannot draw on a shared budget.", "It has to start again as a worker.")
