"""What an exchange must not leave behind, because there is one for every request."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from pathlib import Path

from remit.domain.budgets import Budget
from remit.domain.fronting import KeyScope
from tests.gateway.front import front
from tests.gateway.test_s29_exchanges import answer

EXCHANGES = 20


async def test_an_exchange_leaves_nothing_to_the_collector(tmp_path: Path) -> None:
    async with front(tmp_path, scope=KeyScope("bot", budget=Budget(usd=50))) as door:
        caller, perform = await door.caller(), door.platform.fronts.perform

        async def some() -> None:
            for _ in range(EXCHANGES):  # each in a task of its own, as a server makes them
                await asyncio.create_task(perform(caller, "model", {}, answer))

        await some()
        gc.collect()
        gc.disable()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            await some()
            gc.collect()
            left = Counter(type(each).__qualname__ for each in gc.garbage)
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()
        assert not {name for name, count in left.items() if count >= EXCHANGES}, left
