"""Questions about steps: they show what is asked about, take only answers that mean something, and are found by as much
of their id as tells them apart; and a write is the same write however its arguments came to be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from remit import AskHuman, Run, flow, step
from remit.domain.errors import AlreadyDecided, InvalidInput, UnknownApproval, UnresolvedEffect
from remit.domain.events import StepClaimed, StepFailed, WaitClosed
from remit.testing import Stage
from tests.engine.places import Place, ended, events, parked, until
from tests.engine.steps import OUTSIDE, look


@dataclass
class Order:
    id: str
    note: str = "a"
    tags: list[str] = field(default_factory=list[str])


@step
async def ship(order: Order, *, by: str = "post") -> Order:
    OUTSIDE.note(("ship", order.id))
    if OUTSIDE.count(("ship", order.id)) == 1:
        raise ConnectionError("the line went dead")
    return order


@step(retry=None, key_ttl="0s")
async def charge(cents: int, *, idempotency_key: str) -> int:
    OUTSIDE.note(("charge", idempotency_key))
    if len(OUTSIDE.happened) == 1:
        raise ConnectionError("the line went dead")
    return cents


@flow
async def ships(run: Run, order: Order) -> list[str]:
    async def again() -> str:
        await run.signal("now")
        try:
            await run.step(ship, Order("z", "a"))
        except UnresolvedEffect:
            return "refused"
        return "shipped twice"

    first, second = await run.gather(run.step(ship, order), again())
    return [f"{first.id} {first.note} {first.tags}", second]


async def test_s11_the_same_write_is_refused_though_its_arguments_came_another_way(place: Place) -> None:
    async with place.stage(ships) as stage:
        run = await stage.start(ships, order={"id": "z"})
        await parked(run, "unknown")
        await run.signal("now")

        async def refused() -> bool:
            return [failed.error for failed in await events(stage, run.id, StepFailed)] == [
                UnresolvedEffect.code
            ]

        await until(refused)
        await parked(run, "unknown")
        await run.approve(Order("z"))
        assert await run.result() == ["z a []", "refused"]
        assert OUTSIDE.count(("ship", "z")) == 1


@step(effect="read")
async def same(order: Order) -> Order:
    return order


@flow
async def returns_defaults(run: Run, order: Order) -> Order:
    return await run.step(same, order)


async def test_a_result_keeps_the_fields_that_nobody_set(on_sqlite: Place) -> None:
    async with on_sqlite.stage(returns_defaults) as stage:
        run = await stage.start(returns_defaults, order={"id": "z"})
        assert await run.result() == Order("z")
        assert (await run.show()).result == {"id": "z", "note": "a", "tags": []}


@flow
async def ships_once(run: Run, what: str) -> Any:
    if what:
        return (await run.step(ship, Order(what, note="n" * 5_000))).note
    return await run.step(charge, 5)


async def test_a_question_about_a_write_shows_what_was_called_with_what(place: Place) -> None:
    async with place.stage(ships_once) as stage:
        run = await stage.start(ships_once, what="z")
        await parked(run, "unknown")
        (question,) = await stage.inbox()
        shown = question.value["arguments"]["order"]
        assert shown.startswith('{"id":"z","note":"nnn')
        assert shown.endswith("… (5,030 characters)")
        assert (question.value["step"], question.value["effect"]) == ("ship", "write")
        assert "idempotency_key" not in question.value, "the world never saw it"
        await stage.crash_and_restart()
        await run.approve({"id": "z", "note": "it came"})
        assert await run.result() == "it came"


async def test_a_question_about_a_keyed_write_shows_the_key_that_the_world_has_seen(place: Place) -> None:
    async with place.stage(ships_once) as stage:
        run = await stage.start(ships_once, what="")
        await parked(run, "unknown")
        (question,) = await stage.inbox()
        (claim,) = await events(stage, run.id, StepClaimed)
        assert question.value == {
            "step": "charge", "effect": "write", "arguments": {"cents": 5}, "idempotency_key": claim.key
        }  # fmt: skip
        assert OUTSIDE.happened == [("charge", claim.key)]
        await run.reject("no trace of it")
        assert await run.result() == 5


@step(subject="customer")
async def writes_to(customer: str) -> str:
    OUTSIDE.note(("wrote to", customer))
    raise ConnectionError("the line went dead")


@flow
async def writes_a_letter(run: Run, customer: str) -> str:
    return await run.step(writes_to, customer)


async def test_s07_a_question_about_a_person_is_erased_with_the_person(place: Place) -> None:
    async with place.stage(writes_a_letter) as stage:
        run = await stage.start(writes_a_letter, customer="ann")
        await parked(run, "unknown")
        (question,) = await stage.inbox()
        assert question.value["arguments"] == {"customer": "ann"}
        assert await stage.platform.shred("ann") == 1
        await stage.crash_and_restart()
        (question,) = await stage.inbox()
        assert question.value is None
        await stage.platform.approve(question.id)
        assert await ended(run) == "failed"
        assert (await (await run.handle()).row()).error == "shredded"


# --- live forks ---------------------------------------------------------------------------------------------------


@step
async def send(what: str) -> str:
    OUTSIDE.note(("send", what))
    return f"sent {what}"


@flow
async def letter(run: Run) -> list[str]:
    await run.step(look, "draft")
    return [await run.step(send, "draft"), await run.step(send, "copy")]


async def _forked(stage: Stage, run: str, at: str) -> Any:
    return stage.run((await stage.platform.fork(run, at=at, live=True)).id)


async def test_s18_a_live_fork_of_a_live_fork_asks_and_performs_again(place: Place) -> None:
    async with place.stage(letter) as stage:
        original = await stage.start(letter)
        await original.result()
        for _ in range(2):
            OUTSIDE.happened.clear()
            fork = await _forked(stage, original.id, "send")
            for number in (1, 2):
                await parked(fork, "human")
                assert len(OUTSIDE.happened) == number - 1, "it asks first"
                (question,) = await stage.inbox()
                assert question.value["arguments"] == {"what": "draft" if number == 1 else "copy"}
                with pytest.raises(InvalidInput, match="takes yes or no"):
                    await stage.platform.approve(question.id, value="something else")
                await stage.platform.approve(question.id)
                await OUTSIDE.until(lambda number=number: len(OUTSIDE.happened) == number)
            assert await fork.result() == ["sent draft", "sent copy"]
            assert OUTSIDE.happened == [("send", "draft"), ("send", "copy")]
            original = fork


async def test_s18_a_fork_after_a_permitted_write_keeps_it(place: Place) -> None:
    async with place.stage(letter) as stage:
        original = await stage.start(letter)
        await original.result()
        first = await _forked(stage, original.id, "send")
        for _ in range(2):
            await parked(first, "human")
            await first.approve()
            await until(lambda: not stage.platform.worker.holds(first.id))  # type: ignore[union-attr]
        await first.result()
        OUTSIDE.happened.clear()
        second = await _forked(stage, first.id, "send#2")
        await parked(second, "human")
        await second.approve()
        assert await second.result() == ["sent draft", "sent copy"]
        assert OUTSIDE.happened == [("send", "copy")]


# --- answers ------------------------------------------------------------------------------------------------------


@step(effect="read")
async def asks_first(what: str) -> str:
    OUTSIDE.note(what)
    if OUTSIDE.count(what) == 1:
        raise AskHuman("may I?", group="bosses")
    return what


@flow
async def cautious(run: Run) -> str:
    return await run.step(asks_first, "it")


async def test_a_step_that_asks_takes_yes_or_no_and_says_what_they_do(place: Place) -> None:
    async with place.stage(cautious) as stage:
        run = await stage.start(cautious)
        await parked(run, "human")
        (question,) = await stage.inbox()
        assert (question.approve_means, question.reject_means) == (
            "the step is tried again", "the step fails, with your reason"
        )  # fmt: skip
        assert (question.name, question.value) == ("asks_first", "may I?")
        with pytest.raises(InvalidInput, match="takes yes or no, and no other value"):
            await run.approve("something else")
        await run.approve(comment="go on")
        assert await run.result() == "it"
        (closed,) = await events(stage, run.id, WaitClosed)
        assert (closed.how, closed.comment) == ("approved", "go on")


@flow
async def decides(run: Run) -> Any:
    return await run.human("bosses", 1)


@flow
async def letter_to(run: Run, whom: str) -> str:
    return whom


async def test_an_answer_that_cannot_be_written_is_bad_input(on_sqlite: Place) -> None:
    async with on_sqlite.stage(decides, letter_to) as stage:
        run = await stage.start(decides)
        await parked(run, "human")
        (question,) = await stage.inbox()
        answers: list[dict[str, Any]] = [
            {"value": "\ud800"}, {"value": {"\udcff": 1}}, {"comment": "\udcff"}, {"by": "\udcff"}
        ]  # fmt: skip
        for given in answers:
            with pytest.raises(InvalidInput, match="not valid Unicode"):
                await stage.platform.approve(question.id, **given)
        with pytest.raises(InvalidInput, match="not valid Unicode"):
            await run.reject("\udcff")
        with pytest.raises(InvalidInput, match="the payload cannot be journaled"):
            await run.signal("word", ["\ud800"])
        with pytest.raises(InvalidInput, match="order to cancel"):
            await run.cancel("\udcff")
        with pytest.raises(InvalidInput, match="input of letter_to cannot be journaled"):
            await stage.platform.submit("letter_to", {"whom": "\ud800"})
        await run.approve(2)
        assert await run.result() == 2


async def test_part_of_an_id_names_a_question_whether_it_is_open_or_decided(place: Place) -> None:
    async with place.stage(decides) as stage:
        run = await stage.start(decides)
        await parked(run, "human")
        (question,) = await stage.inbox()
        short = question.id[:7]
        for unknown in ("a-", "", "%", "a-%", "zzzzzzzz"):
            with pytest.raises(UnknownApproval):
                await stage.platform.approve(unknown)
        await stage.platform.approve(short.removeprefix("a-"), by="ada")
        assert await run.result() == 1
        for name in (question.id, short, short.removeprefix("a-")):
            with pytest.raises(AlreadyDecided, match=f"{question.id} was approved by ada already"):
                await stage.platform.reject(name)
