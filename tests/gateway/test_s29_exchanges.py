"""What is promised of an exchange, below HTTP: it is a run, it has one owner, it ends once and says how."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from remit.agents.agent import Agent
from remit.control.fronting.exchanges import Exchange
from remit.control.platform import Platform
from remit.domain.action_errors import BudgetExhausted, Denied
from remit.domain.budgets import Amount, Budget
from remit.domain.errors import Rejected, RunWasCancelled, StoreUnavailable, Unauthenticated
from remit.domain.event import Event
from remit.domain.events import RunEnded, StepFailed
from remit.domain.front_errors import BadRunToken, KeyScoped, OverLimit, Pending, UnknownExchange
from remit.domain.fronting import Attribution, Caller, KeyScope, Pace
from remit.domain.people_errors import KeyRevoked, KeyUnknown
from remit.engine.outside import run_stream
from remit.gate.model_passage import ModelAnswer
from remit.gate.relaying.asked import RelayAsk
from remit.store.database import Committed
from remit.testing.clock import ManualClock
from remit.wire.inbound import read
from tests.gate.desk import ALL_ALLOWED, Bank, write_policy
from tests.gateway.front import Front, front

ASKED = b'{"model":"fast","messages":[{"role":"user","content":"hello"}]}'
ASK = f"""
{ALL_ALLOWED}
@id("big") @ask("owners") @reason("large")
forbid (principal, action == Action::"call", resource == Tool::"refund")
when {{ context.cents > 200 }};
"""


class Nowhere:
    """A client that listens to nothing."""

    def __init__(self, exchange: Exchange) -> None:
        self.gone = exchange.over

    async def begin(self, headers: object, upstream: int) -> None: ...

    async def write(self, frames: bytes) -> None: ...


async def answer(exchange: Exchange) -> bytes:
    return (await exchange.relay(RelayAsk(read("openai_chat", ASKED), "fast"), Nowhere(exchange))).body


async def events(platform: Platform, run: str) -> list[Event]:
    entries, _ = await platform.ground.log.read(run_stream(run))
    return [entry.event for entry in entries]


async def ended(platform: Platform, run: str) -> RunEnded:
    last = (await events(platform, run))[-1]
    assert isinstance(last, RunEnded)
    return last


async def the_run(platform: Platform) -> str:
    return (await platform.runs(limit=1))[0].id


async def test_s29_every_exchange_is_its_own_run_and_a_session_only_groups(tmp_path: Path) -> None:
    async with front(tmp_path) as door:
        caller = await door.caller(session="hi", agent="somebody-else", run_tag="job-7", purpose="triage")
        bodies = await asyncio.gather(
            *(door.platform.fronts.perform(caller, "model", {}, answer) for _ in range(5))
        )
        runs = await door.platform.runs()
        assert len({run.id for run in runs}) == len(bodies) == 5
        assert {run.status for run in runs} == {"succeeded"}
        rows = [await door.platform.row(run.id) for run in runs]
        assert len({row.session for row in rows}) == 1
        about = (await door.platform.show(runs[0].id)).input["about"]
        assert about["agent"] == "bot"  # the key is bound, whatever a header says
        assert about["tag"] == "job-7"
        assert not door.platform.fronts.under_way


async def test_s29_an_unbound_key_gets_no_authority_from_what_a_header_says(tmp_path: Path) -> None:
    async with front(tmp_path) as door:
        owner = (tmp_path / ".remit" / "keys" / "local.key").read_text().strip()
        caller = await door.platform.fronts.caller(owner, Attribution(agent="bot", run_tag="r-7"))
        assert (caller.agent, caller.authority, caller.run) == ("", "key", "")


async def test_s29_a_signed_token_binds_budget_and_user_and_a_tampered_one_nothing(tmp_path: Path) -> None:
    async with front(tmp_path) as door:
        fronts = door.platform.fronts
        token = await door.platform.run_token(
            door.key_id, "case-9", data_class="personal", budget=Budget(tokens=1)
        )
        caller = await door.caller(run_token=token)
        assert (caller.authority, caller.run, caller.data_class) == ("run", "case-9", "personal")
        with pytest.raises(BudgetExhausted):
            await fronts.perform(caller, "model", {}, answer)
        other = await door.platform.new_agent_key(KeyScope("other"))
        body, _, tag = token.partition(".")
        for wrong in (
            f"{body[:-2]}AA.{tag}",
            f"{body}.{tag[:-1]}0x",
            "rt_",
            await door.platform.run_token(other.id, "case-9"),
        ):
            with pytest.raises(BadRunToken):
                await door.caller(run_token=wrong)


async def test_s29_what_dies_with_its_process_is_charged_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = KeyScope("bot", budget=Budget(usd=5))
    async with front(tmp_path, scope=scope) as door:
        caller = await door.caller()
        seen = asyncio.Event()
        desk = door.platform.parts.house.gate.parts.models

        async def hang(*_: object, **__: object) -> object:
            seen.set()
            return await asyncio.get_running_loop().create_future()

        monkeypatch.setattr(desk, "ask", hang)
        task = asyncio.create_task(door.platform.fronts.perform(caller, "model", {}, answer))
        await seen.wait()
        run = await the_run(door.platform)
        worker = door.platform.worker
        assert worker is not None
        await worker._executions[run].settled()
        door.platform.abandon()
        await asyncio.wait([task])
    platform = await Platform.assemble(tmp_path)
    try:
        await platform.start_worker()
        with pytest.raises(Exception, match="not repeated"):
            await (await platform.run(run)).result()
        assert (await ended(platform, run)).error == "client_gone"
        lost = [each for each in await events(platform, run) if isinstance(each, StepFailed)]
        assert [each.error for each in lost] == ["client_gone"]
        assert lost[0].detail["lost"] == 1
        assert Amount(**lost[0].detail["used"]).tokens > 0
    finally:
        await platform.close()


async def test_s29_a_log_that_refuses_gives_nothing_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with front(tmp_path) as door:
        caller = await door.caller()
        database = door.platform.ground.database

        def refuse(commit: object) -> asyncio.Future[Committed]:
            future: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
            future.set_exception(StoreUnavailable("the disk is gone."))
            return future

        with monkeypatch.context() as broken:
            broken.setattr(database, "submit", refuse)
            with pytest.raises(StoreUnavailable):
                await door.platform.fronts.perform(caller, "model", {}, answer)
        assert await door.platform.fronts.perform(caller, "model", {}, answer)
        assert len(await door.platform.runs()) == 1


async def test_an_operator_cancels_an_exchange(tmp_path: Path) -> None:
    async with front(tmp_path) as door:
        caller, begun = await door.caller(), asyncio.Event()

        async def work(exchange: Exchange) -> ModelAnswer:
            await exchange.durable()
            begun.set()
            return await asyncio.get_running_loop().create_future()

        task = asyncio.create_task(door.platform.fronts.perform(caller, "model", {}, work))
        await begun.wait()
        run = await the_run(door.platform)
        await door.platform.cancel(run, "enough")
        with pytest.raises(RunWasCancelled):
            await task
        assert (await ended(door.platform, run)).status == "cancelled"


# --- tools and people ----------------------------------------------------------------------------------------


def banker(bank: Bank) -> Agent:
    return Agent("clerk", prompt="pay", route="fast", tools=[bank.refund()])


async def refund(door: Front, caller: Caller, cents: int, patience: float = 0.0) -> object:
    async def work(exchange: Exchange) -> object:
        return (await exchange.call_tool("refund", {"order": "o-1", "cents": cents}))[0]

    told = {"tool": "refund", "arguments": {"order": "o-1", "cents": cents}}
    return await door.platform.fronts.perform(caller, "tool", told, work, patience=patience)


async def test_s31_a_call_that_needs_a_person_is_done_once_and_its_repetition_meets_the_verdict(
    tmp_path: Path,
) -> None:
    write_policy(tmp_path, ASK)
    bank = Bank()
    async with front(tmp_path, [banker(bank)], worker=True) as door:
        caller = await door.caller()
        with pytest.raises(Pending) as first:
            await refund(door, caller, 500)
        assert first.value.approval in str(first.value)
        with pytest.raises(Pending) as again:
            await refund(door, caller, 500)
        assert (again.value.run, again.value.approval) == (first.value.run, first.value.approval)
        assert bank.refunds == []
        await (await door.platform.run(first.value.run)).approve(by="lea")
        assert await refund(door, caller, 500, 20.0) == 500
        assert len(bank.refunds) == 1
        with pytest.raises(Pending) as anew:  # the verdict was met: the same call is another one now
            await refund(door, caller, 500)
        assert anew.value.run != first.value.run


async def test_s29_nobody_comes_back_for_what_another_user_of_the_same_key_asked(tmp_path: Path) -> None:
    """A run token names the user, and the user action: each has calls, verdicts and results of its own."""
    write_policy(tmp_path, ASK)
    bank = Bank()
    async with front(tmp_path, [banker(bank)], worker=True) as door:
        lea = replace(await door.caller(), principal="lea", run="case-1")
        with pytest.raises(Pending) as first:
            await refund(door, lea, 500)
        await (await door.platform.run(first.value.run)).approve(by="owner")
        for other in (replace(lea, principal="bob"), replace(lea, run="case-2")):
            with pytest.raises(Pending) as theirs:
                await refund(door, other, 500)
            assert theirs.value.run != first.value.run
        with pytest.raises(UnknownExchange):
            await door.platform.fronts.rejoin(replace(lea, principal="bob"), first.value.run)
        assert await refund(door, lea, 500, 20.0) == 500
        assert len(bank.refunds) == 1


async def test_s31_a_no_is_told_to_whoever_comes_back(tmp_path: Path) -> None:
    write_policy(tmp_path, ASK)
    bank = Bank()
    async with front(tmp_path, [banker(bank)], worker=True) as door:
        caller = await door.caller()
        with pytest.raises(Pending) as first:
            await refund(door, caller, 500)
        other = await door.platform.fronts.caller(await door.another(KeyScope("spy")))
        with pytest.raises(UnknownExchange):
            await door.platform.fronts.rejoin(other, first.value.run)
        await (await door.platform.run(first.value.run)).reject("too much", by="lea")
        with pytest.raises(Rejected, match="too much"):
            await refund(door, caller, 500, 20.0)
        assert bank.refunds == []


async def test_s31_whoever_waits_long_enough_is_answered_at_once(tmp_path: Path) -> None:
    write_policy(tmp_path, ASK)
    bank = Bank()
    async with front(tmp_path, [banker(bank)]) as door:
        task = asyncio.create_task(refund(door, await door.caller(), 500, 60.0))
        while not (waiting := await door.platform.inbox()):
            await door.platform.ground.database.wait_for_change(1)
        await door.platform.approve(waiting[0].id, by="lea")
        assert await task == 500
        assert (await door.platform.runs(limit=1))[0].status == "succeeded"


async def test_a_key_is_for_its_tools_and_its_routes_only(tmp_path: Path) -> None:
    bank = Bank()
    scope = KeyScope("bot", routes=frozenset({"strong"}), tools=frozenset({"nothing"}))
    async with front(tmp_path, [banker(bank)], scope) as door:
        caller = await door.caller()
        assert await door.platform.fronts.tools(caller) == []
        with pytest.raises(Denied, match="not for the route"):
            door.platform.fronts.route(caller, "fast")
        with pytest.raises(Exception, match="refund"):
            await refund(door, caller, 1)
        assert bank.refunds == []
        open_to_all = await door.platform.fronts.caller(await door.another(KeyScope("bot")))
        assert [each.name for each in await door.platform.fronts.tools(open_to_all)] == ["refund"]


# --- keys ----------------------------------------------------------------------------------------------------


async def test_a_revoked_key_opens_nothing_within_a_second_and_ends_what_is_under_way(tmp_path: Path) -> None:
    async with front(tmp_path) as door:
        caller, begun = await door.caller(), asyncio.Event()

        async def work(exchange: Exchange) -> object:
            begun.set()
            why = await exchange.over
            assert why is not None
            raise why

        task = asyncio.create_task(door.platform.fronts.perform(caller, "model", {}, work))
        await begun.wait()
        await door.platform.revoke_key(door.key_id)
        await door.platform.fronts.keys.look()  # what the watch does twice a second
        with pytest.raises(KeyRevoked):
            await task
        with pytest.raises(KeyRevoked):
            await door.caller()


async def test_a_renewed_key_overlaps_and_draws_on_the_same_purse(tmp_path: Path) -> None:
    clock = ManualClock()
    async with front(tmp_path, scope=KeyScope("bot", budget=Budget(usd=1)), clock=clock) as door:
        before = await door.caller()
        made = await door.platform.renew_key(door.key_id, overlap="1h")
        after = await door.platform.fronts.caller(made.key)
        assert [each.id for each in before.accounts] == [each.id for each in after.accounts]
        assert after.key != before.key
        await clock.advance(3601)
        with pytest.raises(Unauthenticated):
            await door.caller()
        assert await door.platform.fronts.caller(made.key)


async def test_an_agents_key_decides_nothing_and_guesses_open_nothing(tmp_path: Path) -> None:
    async with front(tmp_path) as door:
        with pytest.raises(KeyScoped):
            await door.platform.acting_as(door.key)
        for guess in (
            "",
            "x",
            "rk_0123456789_" + "a" * 43,
            door.key[:-1] + "!",
            door.key + "x",
            "rk-'; DROP TABLE runs;--",
        ):
            with pytest.raises((KeyUnknown, Unauthenticated)):
                await door.platform.fronts.caller(guess)


async def test_a_key_keeps_its_pace(tmp_path: Path) -> None:
    clock = ManualClock()
    async with front(tmp_path, scope=KeyScope("bot", pace=Pace(requests=2, at_once=1)), clock=clock) as door:
        caller = await door.caller()
        hold = asyncio.get_running_loop().create_future()

        async def work(_: Exchange) -> None:
            await hold

        task = asyncio.create_task(door.platform.fronts.perform(caller, "model", {}, work))
        await asyncio.sleep(0)
        with pytest.raises(OverLimit, match="at once"):
            await door.platform.fronts.perform(caller, "model", {}, work)
        hold.set_result(None)
        await task
        await door.platform.fronts.perform(caller, "model", {}, work)
        with pytest.raises(OverLimit, match="in a minute") as over:
            await door.platform.fronts.perform(caller, "model", {}, work)
        assert 0 < over.value.retry_after <= 60
        await clock.advance(61)
        await door.platform.fronts.perform(await door.caller(), "model", {}, work)


async def test_a_key_keeps_its_pace_in_tokens(tmp_path: Path) -> None:
    clock = ManualClock()
    async with front(tmp_path, scope=KeyScope("bot", pace=Pace(tokens=5)), clock=clock) as door:
        caller = await door.caller()
        await door.platform.fronts.perform(caller, "model", {}, answer)
        with pytest.raises(OverLimit, match="tokens in a minute"):
            await door.platform.fronts.perform(caller, "model", {}, answer)
        await clock.advance(61)
        await door.platform.fronts.perform(await door.caller(), "model", {}, answer)


async def test_c44_many_at_once_never_spend_more_than_a_key_has(tmp_path: Path) -> None:
    asked = read("openai_chat", ASKED.replace(b"}]}", b'}],"max_tokens":20}'))

    async def short(exchange: Exchange) -> int:
        usage = (await exchange.relay(RelayAsk(asked, "fast"), Nowhere(exchange))).usage
        return usage.total if usage is not None else 0

    async with front(tmp_path, scope=KeyScope("bot", budget=Budget(tokens=300))) as door:
        caller = await door.caller()
        told = await asyncio.gather(
            *(door.platform.fronts.perform(caller, "model", {}, short) for _ in range(60)),
            return_exceptions=True,
        )
        used = [each for each in told if isinstance(each, int)]
        assert {type(each) for each in told} == {int, BudgetExhausted}
        assert 0 < sum(used) <= 300
