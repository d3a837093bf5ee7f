"""Whether people look: canaries that ought to be refused, and the numbers of the inbox."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from remit.control.approving.canaries import seed_due
from remit.control.approving.numbers import percentile
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import AlreadyDecided, InvalidInput
from remit.domain.kinds import kind_named
from remit.domain.people_errors import NotAllowed
from remit.domain.people_events import CanaryAnswered, CanarySeeded
from remit.engine.outside import team_stream
from remit.store.shred import shred_keys
from remit.testing import ManualClock
from remit.testing.scripting import Script
from tests.engine.places import parked, until
from tests.gate.desk import Bank, agent
from tests.people.crew import crew
from tests.people.test_approvals import asks


async def test_a_canary_looks_like_any_other_question_and_does_nothing(
    database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=500).says("done")
    async with crew(tmp_path, script, clerk, policy=asks(), database=database) as people:
        ada, lea, max_ = [await people.as_(name) for name in ("ada", "lea", "max")]
        with pytest.raises(InvalidInput, match="no question was asked"):
            await ada.seed_canary()
        with pytest.raises(NotAllowed):
            await lea.seed_canary()
        run = await people.start("nia")
        await parked(run, "human")
        real = await people.question()
        seeded = await ada.seed_canary()
        listed = {item.id: item for item in await lea.inbox()}
        fake = listed[seeded]
        assert fake.value.keys() >= {"tool", "arguments", "rule", "reason", "agent", "for", "undo", "digest"}
        assert (fake.kind, fake.group, fake.name, fake.flow) == (real.kind, real.group, "refund", real.flow)
        assert fake.value["arguments"]["cents"] > 100 * real.value["arguments"]["cents"]
        assert fake.run.startswith("r-")
        assert fake.digest
        said = await lea.approve(seeded)
        assert said.canary
        with pytest.raises(AlreadyDecided):
            await max_.approve(seeded)
        second = await ada.seed_canary()
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
