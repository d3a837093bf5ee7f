"""S11: a write without a definite answer is unknown, never failed; and nobody performs it again meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from remit import Backoff, Happened, Run, TimedOut, flow, step
from remit.domain.errors import RunFailed, RunWasCancelled, StepFailed, UnresolvedEffect
from remit.domain.events import StepClaimed, StepRetried, StepUnknown
from tests.engine.places import Place, TickingClock, ended, events, parked, until
from tests.engine.steps import OUTSIDE


@step(timeout=3)
async def charge(cents: int) -> int:
    OUTSIDE.note(("charge", cents))
    if OUTSIDE.count(("charge", cents)) == 1:
        raise ConnectionError("the line went dead")
    return cents


@step(timeout=3)
async def hang(cents: int) -> int:
    OUTSIDE.note(("hang", cents))
    await asyncio.Event().wait()
    return cents


@flow
async def pays(run: Run) -> int:
    try:
        return await run.step(charge, 5)
    except Exception:
        OUTSIDE.note("told that it failed")
        raise


@flow
async def pays_slowly(run: Run) -> int:
    return await run.step(hang, 5)


@pytest.mark.parametrize(("flow_", "name"), [(pays, "charge"), (pays_slowly, "hang")])
async def test_s11_a_lost_or_late_answer_is_unknown_and_a_person_says_what_happened(
    place: Place, flow_: Any, name: str
) -> None:
    clock = TickingClock()
    async with place.stage(flow_, clock=clock) as stage:
        run = await stage.start(flow_)
        await OUTSIDE.until(lambda: (name, 5) in OUTSIDE.happened)
        await clock.advance(4)
        await parked(run, "unknown")
        assert "told that it failed" not in OUTSIDE.happened
        (question,) = await stage.inbox()
        assert (question.kind, question.name, question.run) == ("unknown", name, run.id)
        await stage.crash_and_restart()
        await run.approve(5)
        assert await run.result() == 5
        assert OUTSIDE.count((name, 5)) == 1
        assert (await run.show()).steps[0].how == "confirmed by owner"


async def test_s11_rejecting_means_it_did_not_happen_and_performs_it_again(place: Place) -> None:
    async with place.stage(pays) as stage:
        run = await stage.start(pays)
        await parked(run, "unknown")
        await run.reject("the bank knows nothing of it")
        assert await run.result() == 5
        assert OUTSIDE.count(("charge", 5)) == 2
        assert (await stage.platform.replay(run.id)).verdict == "equal"


async def test_s11_an_answer_that_does_not_fit_the_step_is_asked_for_again(on_sqlite: Place) -> None:
    async with on_sqlite.stage(pays) as stage:
        run = await stage.start(pays)
        await parked(run, "unknown")
        (first,) = await stage.inbox()
        await run.approve("five")

        async def asked_again() -> bool:
            return any(item.id != first.id for item in await stage.inbox())

        await until(asked_again)
        await parked(run, "unknown")
        await stage.crash_and_restart()
        assert "does not fit" in (await events(stage, run.id, StepUnknown))[-1].message
        await run.approve(5)
        assert await run.result() == 5
        assert OUTSIDE.count(("charge", 5)) == 1


@flow
async def commonest_duplicate(run: Run) -> int:
    try:
        return await run.timeout("1h", run.step(charge, 5))
    except TimedOut:
        return await run.step(charge, 5)


async def test_s11_giving_up_on_an_unknown_write_does_not_make_room_for_a_second_one(place: Place) -> None:
    clock = TickingClock()
    async with place.stage(commonest_duplicate, clock=clock) as stage:
        run = await stage.start(commonest_duplicate)
        await parked(run, "unknown")
        await clock.advance(3700)
        await parked(run, "unknown")
        assert OUTSIDE.count(("charge", 5)) == 1
        assert len(await stage.inbox()) == 1
        await run.approve(5)
        assert await run.result() == 5
        assert OUTSIDE.count(("charge", 5)) == 2, "the flow decided that knowing what became of the first"


@flow
async def twin(run: Run) -> int:
    return await run.step(charge, 5)


@flow
async def tries_beside(run: Run) -> list[str]:
    async def beside() -> str:
        await run.signal("now")
        try:
            await run.step(charge, 5)
        except UnresolvedEffect as refused:
            return type(refused).__name__
        return "performed"

    async def below() -> str:
        await run.signal("now.below")
        child = await run.spawn(twin)
        try:
            await child.result()
        except RunFailed as failed:
            return str(failed)
        return "performed"

    first, *others = await run.gather(run.step(charge, 5), beside(), below())
    return [str(first), *others]


async def test_s11_the_same_write_is_refused_in_the_run_and_its_children_while_it_is_unknown(
    place: Place,
) -> None:
    async with place.stage(tries_beside, twin) as stage:
        run = await stage.start(tries_beside)
        await parked(run, "unknown")
        await run.signal("now")
        await run.signal("now.below")

        async def both_refused() -> bool:
            failed = sum(node.state == "failed" for node in _all(await run.show()))
            return failed == 2 and await run.status() == "parked"

        await until(both_refused)
        (question,) = await stage.inbox()
        await stage.platform.approve(question.id, value=5)
        first, beside, below = await run.result()
        assert (first, beside) == ("5", "UnresolvedEffect")
        assert "still unknown" in below
        assert OUTSIDE.count(("charge", 5)) == 1


@step(retry=Backoff(attempts=4, first=0.01))
async def keyed_charge(cents: int, *, idempotency_key: str) -> int:
    OUTSIDE.note(("charge", cents, idempotency_key))
    if len(OUTSIDE.happened) < 3:
        raise ConnectionError("the line went dead")
    return cents


@flow
async def pays_with_key(run: Run) -> int:
    return await run.step(keyed_charge, 5)


async def test_s11_a_keyed_write_is_repeated_with_its_key_and_each_attempt_counts_once(place: Place) -> None:
    async with place.stage(pays_with_key) as stage:
        run = await stage.start(pays_with_key)
        assert await run.result() == 5
        assert len(OUTSIDE.happened) == 3
        assert len({key for _, _, key in OUTSIDE.happened}) == 1
        assert [r.attempt for r in await events(stage, run.id, StepRetried)] == [1, 2]


@step(key_ttl="1h", retry=Backoff(attempts=50, first=7200, most=7200))
async def short_key(cents: int, *, idempotency_key: str) -> int:
    OUTSIDE.note(("charge", idempotency_key))
    raise ConnectionError("the line went dead")


@flow
async def pays_with_a_short_key(run: Run) -> int:
    return await run.step(short_key, 5)


async def test_s10_a_key_is_worth_nothing_after_its_time_and_the_write_is_unknown(on_sqlite: Place) -> None:
    clock = TickingClock()
    async with on_sqlite.stage(pays_with_a_short_key, clock=clock) as stage:
        run = await stage.start(pays_with_a_short_key)

        async def unknown() -> bool:
            row = await (await run.handle()).row()
            if row.status == "parked" and row.reason == "timer" and row.due is not None:
                await clock.advance((row.due - clock.now()) / 1e6 + 0.001)
            return row.reason == "unknown"

        await until(unknown)
        claims = await events(stage, run.id, StepClaimed)
        assert len({c.key_until for c in claims}) == 1, "it counts from when the world first saw the key"
        assert len(claims) == len(OUTSIDE.happened)


async def _it_happened(cents: int) -> Happened:
    return Happened(cents)


@step(timeout=3, reconcile=_it_happened)
async def reconciled(cents: int) -> int:
    OUTSIDE.note(("charge", cents))
    raise ConnectionError("the line went dead")


@flow
async def reconciles_beside(run: Run) -> list[str]:
    async def again() -> str:
        await run.signal("now")
        try:
            return str(await run.step(reconciled, 5))
        except UnresolvedEffect:
            return "refused"

    return [str(each) for each in await run.gather(run.step(reconciled, 5), again())]


async def test_s11_the_same_write_is_refused_while_the_first_waits_to_be_reconciled(on_sqlite: Place) -> None:
    clock = TickingClock()
    async with on_sqlite.stage(reconciles_beside, clock=clock) as stage:
        run = await stage.start(reconciles_beside)
        await parked(run)
        await run.signal("now")
        await OUTSIDE.until(lambda: len(OUTSIDE.happened) == 1)

        async def refused() -> bool:
            return any(step.state == "failed" for step in _all(await run.show()))

        await until(refused)
        await parked(run, "timer")
        await clock.advance(9)
        assert await run.result() == ["5", "refused"]
        assert OUTSIDE.count(("charge", 5)) == 1


def _all(view: Any) -> list[Any]:
    found: list[Any] = []
    waiting = list(view.steps)
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting.extend(node.children)
    return found


async def test_s11_cancelling_a_run_whose_write_is_open_leaves_the_doubt_on_record(place: Place) -> None:
    async with place.stage(reconciles_beside, clock=TickingClock()) as stage:
        run = await stage.start(reconciles_beside)
        await parked(run)
        await run.cancel()
        with pytest.raises(RunWasCancelled):
            await run.result()
        (doubt,) = await events(stage, run.id, StepUnknown)
        assert "cancelled before anybody knew" in doubt.message
        assert (await stage.platform.replay(run.id)).verdict == "equal"
        assert await ended(run) == "cancelled"


@step
async def breaks_in_odd_ways(how: str) -> None:
    OUTSIDE.note(how)
    if how == "cancels itself":
        raise asyncio.CancelledError
    if how == "exits":
        raise SystemExit(3)


@step(effect="read")
async def reads_in_odd_ways(how: str) -> None:
    OUTSIDE.note(how)
    if how == "cancels itself":
        raise asyncio.CancelledError
    raise SystemExit(3)


@flow
async def odd(run: Run, how: str, reads: bool) -> str:
    try:
        await run.gather(run.step(reads_in_odd_ways if reads else breaks_in_odd_ways, how))
    except StepFailed as failed:
        return str(failed)
    return "fine"


@pytest.mark.parametrize("how", ["cancels itself", "exits"])
async def test_s11_a_step_that_cancels_itself_or_exits_has_failed_or_is_unknown(
    on_sqlite: Place, how: str
) -> None:
    async with on_sqlite.stage(odd) as stage:
        reading = await stage.start(odd, how=how, reads=True)
        assert "nobody outside of it asked for" in await reading.result()
        writing = await stage.start(odd, how=how, reads=False)
        await parked(writing, "unknown")
        await writing.approve()
        assert await writing.result() == "fine"


NAMED = {"step": "charge_card"}


async def _charge_by_key(cents: int, *, idempotency_key: str) -> int:
    OUTSIDE.note(("key", idempotency_key))
    await OUTSIDE.door("bank").wait()
    return cents


@flow
async def pays_by_another_name(run: Run) -> int:
    return int(await run.step(step(name=NAMED["step"])(_charge_by_key), 5))


async def test_s11_a_write_that_was_renamed_is_repeated_with_the_key_that_the_world_has_seen(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with place.stage(pays_by_another_name) as stage:
        run = await stage.start(pays_by_another_name)
        await OUTSIDE.until(lambda: len(OUTSIDE.happened) == 1)
        stage.die()
        OUTSIDE.door("bank").set()
        monkeypatch.setitem(NAMED, "step", "charge_account")
        monkeypatch.setattr("remit.engine.executor.pin_of", str)
        await stage.up()
        await parked(run, "code_changed")
        await stage.platform.migrate_run(run.id, {"charge_card": "charge_account"})
        assert await run.result() == 5
    assert len(OUTSIDE.happened) == 2
    assert len(set(OUTSIDE.happened)) == 1
