"""The same promises on both databases, after a restart, under a halt, and while the process leaves."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from remit.control.fronting.exchanges import Exchange
from remit.control.fronting.repeats import Repeats
from remit.domain.action_errors import BudgetExhausted
from remit.domain.budgets import Budget
from remit.domain.errors import RemitError
from remit.domain.front_errors import KeyConflict, NotServing, Pending
from remit.domain.fronting import Attribution, KeyScope
from remit.domain.halt_errors import Halted
from remit.gate.relaying.asked import RelayAnswer
from remit.wire.inbound import read
from tests.gate.desk import Bank, write_policy
from tests.gateway.front import Front, front
from tests.gateway.test_s29_exchanges import ASK, ASKED, Nowhere, answer, banker, refund


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else request.getfixturevalue("postgres_dsn")


async def test_s29_exchanges_budgets_and_pending_calls_are_the_same_on_both_databases(
    tmp_path: Path, database: str
) -> None:
    write_policy(tmp_path, ASK)
    bank = Bank()
    scope = KeyScope("bot", budget=Budget(tokens=20_000, per="day"))
    async with front(tmp_path, [banker(bank)], scope, database=database, worker=True) as door:
        caller = await door.caller()
        told = await asyncio.gather(
            *(door.platform.fronts.perform(caller, "model", {}, answer) for _ in range(20)),
            return_exceptions=True,
        )
        assert {type(each) for each in told} <= {bytes, BudgetExhausted}
        assert bytes in {type(each) for each in told}
        with pytest.raises(Pending) as first:
            await refund(door, caller, 500)
        await (await door.platform.run(first.value.run)).approve(by="lea")
        assert await refund(door, caller, 500, 20.0) == 500
        assert len(bank.refunds) == 1


async def repeat(door: Front, name: str, body: bytes = ASKED) -> RelayAnswer:
    caller = await door.platform.fronts.caller(door.key, Attribution(idempotency_key=name))
    repeats = Repeats(
        door.platform.ground, door.platform.fronts
    )  # one that remembers nothing, as after a restart
    return await repeats.answer(caller, read("openai_chat", body), body, {}, Nowhere)


async def test_c48_another_life_of_the_process_gives_the_answer_that_the_log_has(
    tmp_path: Path, database: str
) -> None:
    async with front(tmp_path, database=database) as door:
        first = await repeat(door, "one")
        again = await repeat(door, "one")
        assert again.headers["idempotent-replayed"] == "true"
        spoken = [read_text(each.body) for each in (first, again)]
        assert spoken[0] == spoken[1]
        streamed = await repeat(door, "flow", ASKED.replace(b"{", b'{"stream":true,', 1))
        assert streamed.stream
        replayed = await repeat(door, "flow", ASKED.replace(b"{", b'{"stream":true,', 1))
        assert replayed.body.endswith(b"data: [DONE]\n\n")
        with pytest.raises(KeyConflict):
            await repeat(door, "one", ASKED.replace(b"hello", b"other"))
        assert len(await door.platform.runs()) == 2


def read_text(body: bytes) -> str:
    return body.decode().partition('"content":')[2].partition('"refusal"')[0]


async def test_what_is_halted_refuses_whoever_waits_and_goes_on_after_the_lift(tmp_path: Path) -> None:
    async with front(tmp_path) as door:
        caller = await door.caller()
        halt = await door.platform.halt("agent", "bot", reason="odd")
        with pytest.raises(RemitError) as refused:
            await door.platform.fronts.perform(caller, "model", {}, answer)
        assert isinstance(refused.value, Halted)
        await door.platform.lift(halt.id)
        assert await door.platform.fronts.perform(caller, "model", {}, answer)


async def test_a_process_that_leaves_finishes_what_is_under_way_and_takes_nothing_new(tmp_path: Path) -> None:
    async with front(tmp_path) as door:
        caller, begun, go = await door.caller(), asyncio.Event(), asyncio.Event()

        async def work(exchange: Exchange) -> bytes:
            begun.set()
            await go.wait()
            return await answer(exchange)

        task = asyncio.create_task(door.platform.fronts.perform(caller, "model", {}, work))
        await begun.wait()
        worker = door.platform.worker
        assert worker is not None
        leaving = asyncio.create_task(worker.stop(20))
        await asyncio.sleep(0)
        assert not door.platform.fronts.serving
        with pytest.raises(NotServing):
            await door.platform.fronts.perform(caller, "model", {}, answer)
        go.set()
        assert await task
        await leaving
        assert (await door.platform.runs(limit=1))[0].status == "succeeded"
