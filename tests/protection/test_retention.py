"""Content goes when its time has come, a hold wins, and the log says what went and stays provable."""

from __future__ import annotations

import pytest

from remit.control.protecting.protection import examine_protection
from remit.domain.errors import InvalidSetting, Shredded
from remit.domain.protection_events import RetentionApplied
from remit.policy.data_classes import retention_days
from remit.testing import ManualClock
from tests.engine.places import Place, journal
from tests.protection.desk import DAY, EMAIL, desk, everything, ill, look, plain, settings


async def test_content_goes_after_its_days_and_the_log_says_so(place: Place) -> None:
    clock = ManualClock()
    async with desk(place, settings("personal=keep", days=30), clock) as stage:
        old = await stage.start(plain)
        await old.result()
        await clock.advance(29 * DAY)
        assert (await stage.platform.sweep()).expired == []
        young = await stage.start(plain)
        await young.result()
        await clock.advance(2 * DAY)
        (expired,) = (await stage.platform.sweep()).expired
        assert (expired.rule, expired.days, expired.runs, expired.held) == ("", 30, [old.id], 0)
        assert EMAIL not in everything(await old.show())
        assert EMAIL in everything(await young.show())
        with pytest.raises(Shredded):
            await journal(stage, old.id)
        assert (await stage.platform.sweep()).expired == []
        told, _ = await stage.platform.ground.log.read("team:default")
        applied = [entry.event for entry in told if isinstance(entry.event, RetentionApplied)]
        assert applied == [RetentionApplied("", 30, [old.id], 0, "owner")]
        deep = await stage.platform.doctor(deep=True)
        assert [finding.state for finding in deep if finding.name == "log"] == ["ok"]
        (warned,) = [
            each for each in await examine_protection(stage.platform.ground, 30) if each.name == "retention"
        ]
        assert "destroyed after 30 days" in warned.message


async def test_a_class_has_days_of_its_own_longer_or_shorter(place: Place) -> None:
    clock = ManualClock()
    chosen = settings("health=keep", "personal=redact", days=30, classes=("health=400", "personal=7"))
    async with desk(place, chosen, clock) as stage:
        health, person, other = (
            await stage.start(ill),
            await stage.start(look, id=7),
            await stage.start(plain),
        )
        for run in (health, person, other):
            await run.result()
        await stage.platform.sweep()
        assert "[personal]" in everything(await person.show())  # reduced, and its own days are still to come
        await clock.advance(8 * DAY)
        (expired,) = (await stage.platform.sweep()).expired
        assert (expired.rule, expired.runs) == ("personal", [person.id])
        assert "[personal]" not in everything(await person.show())
        await clock.advance(30 * DAY)
        (expired,) = (await stage.platform.sweep()).expired
        assert (expired.rule, expired.runs) == ("", [other.id])
        assert "influenza" in everything(await health.show())
        await clock.advance(400 * DAY)
        (expired,) = (await stage.platform.sweep()).expired
        assert (expired.rule, expired.runs) == ("health", [health.id])


async def test_a_hold_wins_over_time(place: Place) -> None:
    clock = ManualClock()
    async with desk(place, settings("personal=keep", days=1), clock) as stage:
        run = await stage.platform.submit(plain, {}, subject="ana")
        await run.result()
        await stage.platform.hold("ana", "case 17")
        await clock.advance(2 * DAY)
        (expired,) = (await stage.platform.sweep()).expired
        assert (expired.runs, expired.held) == ([], 1)
        assert EMAIL in everything(await stage.platform.show(run.id))
        await stage.platform.release("ana", "closed")
        (expired,) = (await stage.platform.sweep()).expired
        assert expired.runs == [run.id]


async def test_a_worker_sweeps_by_itself(place: Place) -> None:
    """Nobody asks: the clock alone moves."""
    import dataclasses

    from tests.engine.places import until

    clock, chosen = ManualClock(), settings("personal=keep", days=1)
    chosen = dataclasses.replace(chosen, retention=dataclasses.replace(chosen.retention, sweep_seconds=60))
    async with desk(place, chosen, clock) as stage:
        run = await stage.start(plain)
        await run.result()
        await clock.advance(2 * DAY)

        async def gone() -> bool:
            await clock.advance(60)
            return EMAIL not in everything(await run.show())

        await until(gone)


@pytest.mark.parametrize("rule", ["personal", "personal=x", "personal=0", "prod:personal=3", "personal=-1"])
def test_days_that_cannot_be_read_are_refused(rule: str) -> None:
    with pytest.raises(InvalidSetting):
        retention_days((rule,))
