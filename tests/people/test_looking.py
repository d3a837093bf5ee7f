"""Whether people look: canaries that ought to be refused, and the numbers of the inbox."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from remit.cli.cards import card_lines
from remit.cli.output import as_json_line
from remit.control.approving.canaries import seed_due
from remit.control.approving.numbers import percentile
from remit.domain.action_errors import BadArguments
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import AlreadyDecided, InvalidInput, UnknownRun, WrongState
from remit.domain.event import object_of
from remit.domain.kinds import kind_named
from remit.domain.people_errors import ApprovalExpired, NotAllowed
from remit.domain.people_events import CanaryAnswered, CanarySeeded
from remit.engine.outside import team_stream
from remit.store.shred import shred_keys
from remit.testing import ManualClock
from remit.testing.scripting import Script
from tests.engine.places import parked, until
from tests.gate.desk import Bank, agent
from tests.people.crew import crew
from tests.people.test_approvals import asks

TIMES = {"asked_at", "due", "created_at", "started_at", "ended_at"}


async def test_a_canary_looks_like_any_other_question_and_does_nothing(
    database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=500).says("done")
    async with crew(tmp_path, script, clerk, policy=asks(), database=database) as people:
        ada, lea, max_ = [await people.as_(name) for name in ("ada", "lea", "max")]
        with pytest.raises(InvalidInput, match="no question was asked"):
            await ada.seed_canary()
        with pytest.raises(InvalidInput, match="no question about refund was asked of leads"):
            await ada.seed_canary("leads", "refund", {"order": "o-1", "cents": 9})
        with pytest.raises(NotAllowed):
            await lea.seed_canary()
        run = await people.start("nia")
        await parked(run, "human")
        real = await people.question()
        seeded = await ada.seed_canary()
        listed = {item.id: item for item in await lea.inbox()}
        assert listed[seeded].value["arguments"]["cents"] > 100 * real.value["arguments"]["cents"]
        said = await lea.approve(seeded)
        assert said.canary
        with pytest.raises(AlreadyDecided):
            await max_.approve(seeded)
        with pytest.raises(BadArguments, match="o-1"):
            await ada.seed_canary("leads", "refund", {"order": "o-1", "cents": "o-1"})
        second = await ada.seed_canary("leads", "refund", {"order": "o-9", "cents": 7})
        assert (await max_.reject(second, "never")).canary
        assert bank.refunds == []
        await lea.approve(real.id)
        assert await run.result() == "done"
        assert len(bank.refunds) == 1
        numbers = await lea.inbox_numbers()
        assert (numbers.canaries, numbers.canaries_approved, numbers.blind_rate) == (2, 1, 0.5)
        assert (numbers.asked, numbers.approved, numbers.consequential) == (1, 1, 1)
        log, _ = await people.stage.platform.ground.log.read(team_stream("default"))
        answered = [entry.event for entry in log if isinstance(entry.event, CanaryAnswered)]
        assert [(each.by, each.verdict) for each in answered] == [("lea", "approved"), ("max", "rejected")]
        assert kind_named("canary.answered") is CanaryAnswered


async def test_nothing_that_a_reviewer_can_look_at_tells_a_canary_from_the_question_that_it_is_like(
    database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk, clock = agent(bank.refund()), ManualClock()
    script(clerk).calls("refund", order="o-1", cents=50).calls("refund", order="o-1", cents=500).says("done")
    policy = asks(when="context.cents > 100", more='@within("4h") @quorum("2")')
    async with crew(tmp_path, script, clerk, policy=policy, database=database, clock=clock) as people:
        ada, lea, max_ = [await people.as_(name) for name in ("ada", "lea", "max")]
        run = await people.start("nia")
        await parked(run, "human")
        real = await people.question()
        await clock.advance(40 * 60)
        fake = await lea.question(await ada.seed_canary())
        swap = {fake.id: real.id, fake.run: real.run, fake.digest: real.digest, "1000000": "500"}
        later = fake.asked_at - real.asked_at

        def as_the_real_one(view: object) -> Any:
            text = as_json_line(view)
            for mine, other in swap.items():
                text = text.replace(mine, other)
            return _earlier(json.loads(text), later)

        assert later > 0
        assert (fake.due, fake.needed, fake.requester) == ((real.due or 0) + later, 2, "nia")
        assert as_the_real_one(fake) == _plain(await lea.question(real.id))
        assert as_the_real_one(await lea.show(fake.run)) == _plain(await lea.show(real.run))
        assert as_the_real_one(await lea.show(fake.run[-6:])) == _plain(await lea.show(real.run))
        mine, other = await lea.runs(status="parked", flow="clerk", limit=2)
        assert (mine.id, other.id) == (fake.run, real.run), "newest first"
        assert mine.steps == 3, "counted from its journal; a real one's may trail by a moment"
        assert as_the_real_one(replace(mine, steps=other.steps)) == _plain(other)
        assert [each.id for each in await lea.runs(limit=1)] == [fake.run]
        assert [each.id for each in await lea.runs(status="failed")] == []
        cards = ["\n".join(card_lines(each, clock.now())) for each in (fake, await lea.question(real.id))]
        assert cards[0].count("\n") == cards[1].count("\n")
        with pytest.raises(WrongState, match="waits for an answer"):
            await lea.pause(fake.run)
        assert (await lea.approve(fake.id)).canary
        with pytest.raises(UnknownRun, match=r"was a canary.*lea approved it"):
            await lea.show(fake.run)
        assert [each.id for each in await lea.runs()] == [run.id]
        second = await lea.question(await ada.seed_canary())
        await clock.advance(5 * 3600)
        with pytest.raises(ApprovalExpired):
            await max_.approve(second.id)
        with pytest.raises(UnknownRun, match="nobody answered it in time"):
            await lea.show(second.run)
        await run.result()


def _plain(view: object) -> Any:
    return json.loads(as_json_line(view))


def _earlier(plain: Any, by: int) -> Any:
    """The same with every time so much earlier."""
    if isinstance(plain, list):
        return [_earlier(each, by) for each in cast("list[Any]", plain)]
    return {
        key: each - by if key in TIMES and each is not None else _earlier(each, by)
        for key, each in object_of(plain).items()
    } or plain


async def test_the_numbers_count_asks_among_consequential_calls_and_how_long_people_take(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clock = ManualClock()
    clerk = agent(bank.refund())
    for cents in (10, 20, 30, 900, 901, 902):
        script(clerk).calls("refund", order="o-1", cents=cents)
    script(clerk).says("done")
    policy = asks(when="context.cents > 500")
    async with crew(tmp_path, script, clerk, policy=policy, clock=clock) as people:
        run = await people.start("nia")
        lea, seen = await people.as_("lea"), set[str]()
        for seconds, verdict in ((10, "yes"), (20, "no"), (400, "yes")):
            question = await people.next_question(seen)
            await parked(run, "human")
            since = question.asked_at / MICROSECONDS
            await clock.advance(since + seconds - clock.now() / MICROSECONDS)
            await (lea.approve(question.id) if verdict == "yes" else lea.reject(question.id, "no"))
            await clock.advance(6)
        assert await run.result() == "done"
        numbers = await lea.inbox_numbers()
        assert (numbers.asked, numbers.consequential, numbers.asks_per_100) == (3, 6, 50.0)
        assert (numbers.approved, numbers.rejected, numbers.open) == (2, 1, 0)
        assert [round(numbers.decision_seconds[part]) for part in ("p50", "p90", "p99")] == [20, 400, 400]
        assert numbers.blind_rate is None
        await clock.advance(3 * 86_400)
        assert (await lea.inbox_numbers(days=2)).asked == 0


def test_a_percentile_is_a_time_that_somebody_took() -> None:
    assert [percentile([1.0, 2.0, 3.0, 4.0], part) for part in (0.5, 0.9, 0.99)] == [2.0, 4.0, 4.0]
    assert percentile([7.0], 0.5) == 7.0


async def test_so_many_in_a_hundred_are_seeded_by_a_worker_and_none_is_ever_executed(
    database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk, clock = agent(bank.refund()), ManualClock()
    script(clerk).calls("refund", order="o-1", cents=500).says("done")
    (tmp_path / "remit.toml").write_text(
        "[approvals]\ncanary_percent = 50\n[retention]\nsweep_seconds = 60\n"
    )
    async with crew(tmp_path, script, clerk, policy=asks(), database=database, clock=clock) as people:
        lea, ground = await people.as_("lea"), people.stage.platform.ground
        assert await seed_due(ground, 50, "remit") == "", "nobody was asked anything yet"
        run = await people.start("nia")
        await parked(run, "human")
        real = await people.question()
        inbox = await lea.inbox()

        async def seeded() -> bool:
            await clock.advance(60)
            inbox[:] = await lea.inbox()
            return len(inbox) > 1

        await until(seeded)
        (fake,) = [item for item in inbox if item.id != real.id]
        assert await seed_due(ground, 50, "remit") == "", "one at a time"
        assert (await lea.approve(fake.id)).canary
        assert await seed_due(ground, 50, "remit") == "", "one for one question is more than half of them"
        both = await asyncio.gather(seed_due(ground, 200, "remit"), seed_due(ground, 200, "remit"))
        assert len([identity for identity in both if identity]) == 1, "of two processes one seeds"
        numbers = await lea.inbox_numbers()
        assert (numbers.canaries, numbers.canaries_approved, numbers.blind_rate) == (1, 1, 1.0)
        assert (numbers.asked, bank.refunds) == (1, []), "a canary performs nothing, whatever is said to it"
        await lea.reject(real.id, "no")
        await run.result()
        await shred_keys(ground.database, ground.keys, ground.ledger, [f"k-{run.id}"], "me", clock.now())
        log, _ = await ground.log.read(team_stream("default"), lenient=True)
        assert not [entry for entry in log if isinstance(entry.event, CanarySeeded)], (
            "what it repeats of a real question is erased with that one's run"
        )
        (left,) = await lea.inbox()
        assert (left.name, left.value) == ("refund", None), "and the inbox still shows that something waits"
