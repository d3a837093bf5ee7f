"""S33: runs that were made again by other code. Nothing is sent; what was never recorded ends a comparison; and where
that is more than one run in five, nobody can tell.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.control.replaying.views import Wanted
from remit.domain.effects import Effect
from remit.domain.errors import InvalidInput
from remit.domain.replay_events import RunsReplayed
from remit.engine.outside import team_stream
from remit.quality.counterfactual.comparing import Compared, State, summarize
from remit.quality.counterfactual.past import Memory, Past, Said, told_of
from remit.quality.trial import Act, ActStatus
from tests.counterfactual.desk import SENT, WORSE, at, worked
from tests.engine.places import Place

KEYS = [*(f"t{n}" for n in range(11)), "asks"]


@pytest.fixture(autouse=True)
def nothing_sent() -> None:
    SENT.clear()
    WORSE.clear()


async def test_s33_the_same_code_does_the_same_and_nothing_is_sent_or_asked(place: Place) -> None:
    await worked(place, KEYS)
    assert (SENT.pop("note"), SENT.pop("ticket"), SENT.pop("model")) == (12, 24, 48)
    async with at(place) as on:
        found = await on.platform.replaying.again(Wanted())
        assert not SENT, "answers were given again"
        assert (found.runs, found.counts["same"], found.diverged) == (12, 12, 0.0)
        assert [each.recalled for each in found.compared] == [4] * 12
        assert found.spent == 0
        entries, _ = await on.platform.ground.log.read(team_stream(on.platform.ground.principal.team))
        (said,) = [each.event for each in entries if isinstance(each.event, RunsReplayed)]
        assert (said.replay, said.verdict, said.counts["same"]) == (found.id, found.verdict, 12)


async def test_s33_other_words_ask_models_anew_and_whoever_is_worse_fails(on_sqlite: Place) -> None:
    await worked(on_sqlite, KEYS)
    SENT.clear()
    WORSE.update(KEYS[:8])
    async with at(on_sqlite, "You keep notes, or give up.") as on:
        found = await on.platform.replaying.again(Wanted())
    assert SENT == {"model": 48}
    assert (found.verdict, found.counts["changed"], found.diverged) == ("fail", 8, 0.0)
    assert "success differs by -66.7 points" in found.reasons[0]
    failed = [each for each in found.compared if each.state == "changed"]
    assert all("I give up" in each.error and not each.answer for each in failed)


async def test_s33_a_run_that_asks_for_something_else_leaves_its_record(on_sqlite: Place) -> None:
    await worked(on_sqlite, KEYS)
    SENT.clear()
    WORSE.update(KEYS[:3])
    async with at(on_sqlite, "You keep notes, and look elsewhere.") as on:
        found = await on.platform.replaying.again(Wanted())
    assert SENT.keys() == {"model"}
    assert (found.verdict, found.counts["diverged"]) == ("inconclusive", 3)
    left = [each.error for each in found.compared if each.state == "diverged"]
    assert all("ticket was not called so in r-" in each for each in left)
    assert "of 12 runs 3 left their record" in found.reasons[0]


@pytest.mark.parametrize(
    ("diverged", "lost", "worse", "verdict"),
    [
        (0, 0, 0, "pass"), (40, 0, 0, "pass"), (20, 20, 0, "pass"), (41, 0, 0, "inconclusive"),
        (30, 11, 0, "inconclusive"), (41, 0, 40, "inconclusive"), (40, 0, 40, "fail"), (0, 0, 4, "inconclusive"),
    ],
)  # fmt: skip
def test_s33_more_than_one_in_five_without_a_counterpart_is_inconclusive_whatever_the_rest_says(
    diverged: int, lost: int, worse: int, verdict: str
) -> None:
    states = [State.DIVERGED] * diverged + [State.LOST] * lost
    found = [Compared(f"r-{n}", "", state) for n, state in enumerate(states)]
    same = 200 - len(found) - worse
    found += [Compared(f"s-{n}", "", State.SAME, cost=(100, 100), steps=(3, 3)) for n in range(same)]
    found += [
        Compared(f"w-{n}", "", State.CHANGED, cost=(100, 100), steps=(3, 3), success=(True, False))
        for n in range(worse)
    ]
    summary = summarize(found)
    assert (summary.verdict, summary.diverged) == (verdict, diverged / 200)
    assert ("left their record" in " ".join(summary.reasons)) is (diverged + lost > 40)
    assert summarize([]).verdict == "inconclusive"


async def test_s33_a_simulated_environment_answers_what_was_not_recorded(on_sqlite: Place) -> None:
    await worked(on_sqlite, KEYS)
    SENT.clear()
    WORSE.update(KEYS[:6])
    suites = on_sqlite.folder / "suites"
    suites.mkdir()
    answers = "[{tool: ticket, result: 'an older lamp'}]"
    text = f"target: desk\nscenarios:\n- name: world\n  input: {{key: a}}\n  environment: {{answers: {answers}}}\n"
    (suites / "worlds.yaml").write_text(text + "  gold: {answer: {present: true}}\n")
    async with at(on_sqlite, "You keep notes, and look elsewhere.") as on:
        found = await on.platform.replaying.again(Wanted(environment="worlds:world"))
        with pytest.raises(InvalidInput, match='no scenario "none"'):
            await on.platform.replaying.again(Wanted(environment="worlds:none"))
    assert (found.counts["diverged"], found.counts["same"]) == (0, 12)
    assert SENT.keys() == {"model"}


async def test_s33_a_write_that_is_not_made_any_more_is_named(on_sqlite: Place) -> None:
    first, second = await worked(on_sqlite, KEYS[:2])
    WORSE.add(KEYS[0])
    async with at(on_sqlite, "You keep notes, or write nothing.") as on:
        found = await on.platform.replaying.again(Wanted(runs=(first, second)))
    one, other = found.compared
    assert (one.state, one.writes, one.missing, one.answer) == ("changed", False, ("note",), False)
    assert other.state == "same"
    assert (found.verdict, found.reasons[0]) == (
        "inconclusive", "success has 2 families; fewer than 10 say nothing",
    )  # fmt: skip


async def test_s33_steps_of_the_authors_own_give_what_they_gave_and_are_not_executed(
    on_sqlite: Place,
) -> None:
    (run,) = await worked(on_sqlite, ["own"])
    assert (SENT["rate"], SENT["post"]) == (2, 1)
    SENT.clear()
    async with at(on_sqlite) as on:
        (same,) = (await on.platform.replaying.again(Wanted(runs=(run,)))).compared
    assert (same.state, same.error) == ("same", "")
    async with at(on_sqlite, "You keep notes, and post more.") as on:
        (left,) = (await on.platform.replaying.again(Wanted(runs=(run,)))).compared
    assert left.state == "diverged"
    assert "the step post was not performed with this input" in left.error
    assert SENT.keys() <= {"model"}


CALLS = st.lists(st.tuples(st.sampled_from(["read", "write"]), st.integers(0, 2)), max_size=8)


def _acts(calls: list[tuple[str, int]]) -> list[Act]:
    effects = {"read": Effect.READ, "write": Effect.WRITE}
    return [
        Act(tool, effects[tool], {"key": key}, ActStatus.DONE, f"answer {n}")
        for n, (tool, key) in enumerate(calls)
    ]


@given(CALLS, CALLS)
def test_s33_an_answer_is_given_only_after_the_writes_that_it_was_given_after(
    recorded: list[tuple[str, int]], now: list[tuple[str, int]]
) -> None:
    memory = Memory(Past("r", told_of(_acts(recorded))))
    done: list[int] = []
    for tool, key in now:
        told = memory.answer(tool, {"key": key}, writes=tool == "write")
        if told is None:
            return
        place = int(str(told.result).removeprefix("answer "))
        assert recorded[place] == (tool, key)
        if tool == "read":
            before = sorted(at for what, at in recorded[:place] if what == "write")
            assert before == sorted(done)
        else:
            done.append(key)


@given(CALLS)
def test_s33_the_same_calls_get_the_same_answers_once_written_down(recorded: list[tuple[str, int]]) -> None:
    past = Past("r", told_of(_acts(recorded)), (Said("d", "m", {"message": {}}, 3),))
    memory = Memory(Past.read(past.plain))
    for n, (tool, key) in enumerate(recorded):
        told = memory.answer(tool, {"key": key}, writes=tool == "write")
        assert told is not None
        assert told.result == f"answer {n}"
    assert memory.model("d", "another") is None
    assert memory.model("d", "m") == past.said[0]
    assert memory.model("d", "m") is None
