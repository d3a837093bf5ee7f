"""A suite says what it means or is refused where it is wrong; what a person corrected becomes a scenario that names
nobody; and what is given out comes back as it was.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from remit import Agent, Run, evals, flow
from remit.control.suites.exchanging import bring_in
from remit.domain.errors import InvalidInput, Refused, RemitError
from remit.domain.quality_errors import InvalidSuite
from remit.quality.scenarios.expectation import Expectation, Match, equals
from remit.quality.scenarios.scenario import Gold, Scenario, Turn
from remit.quality.suite import Suite
from remit.quality.suites.foreign import give, take
from remit.quality.suites.reading import read_suite
from remit.quality.suites.scenario_writing import write_scenario
from remit.quality.suites.scorer_reading import Scorers
from remit.quality.suites.writing import new_suite, with_scenarios
from remit.testing import stage
from tests.architecture.tree import ROOT
from tests.quality.drawing import SCENARIO, TANGLED
from tests.samples import samples

Json = Any


def read(text: str, *, name: str = "refunds") -> Suite:
    def opener(file: str) -> str:
        raise FileNotFoundError(2, "No such file", file)

    return read_suite(text, f"suites/{name}.yaml", name, Scorers(), opener)


# --- reading and writing -----------------------------------------------------------------------------------------


@given(SCENARIO, SCENARIO)
@settings(max_examples=samples(25), deadline=None)
def test_what_is_written_is_read_back_and_no_other_letter_changes(one: Scenario, other: Scenario) -> None:
    second = replace(other, name=f"{other.name}-2")
    text = new_suite("desk", [one], owner="lea") + "\n# kept\nmargins: {success: 5%}   # as it is\n"
    both = with_scenarios(text, "suites/refunds.yaml", [second])
    suite = read(both)
    assert [each.digest for each in suite.scenarios] == [one.digest, second.digest]
    assert [(each.tags, each.family) for each in suite.scenarios] == [
        (each.tags, each.family) for each in (one, second)
    ]
    assert suite.rules["success"].margin == 0.05
    head, kept, tail = text.partition("\n# kept")
    assert both.startswith(head)
    assert both.endswith(kept + tail)
    # and through the form of another tool
    back = take([json.loads(json.dumps(give(each))) for each in (one, second)], "x.jsonl").scenarios
    assert [each.digest for each in back] == [one.digest, second.digest]


GOOD = """\
target: desk
scenarios:
  - name: a
    gold: {answer: ok}
"""


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "this suite is empty"),
        ("target: desk\nscenarios: []\n", 1, "no scenarios: nothing it says could fail"),
        ("scenarios:\n  - name: a\n", 1, "needs its target"),
        ("target: desk\nscenarios:\n  - name: a\n", 3, 'nothing could be wrong about "a"'),
        (GOOD + "  - name: a\n    gold: {answer: no}\n", 5, 'called "a", the first at suites/refunds.yaml:3'),
        (GOOD + "    tag: x\n", 5, 'a scenario has "tag", which means nothing (nearest: "tags")'),
        (GOOD + "    harm: true\n", 3, '"a" may do harm, and does not say by what'),
        (GOOD + "    tags: [yes]\n", 5, "tags is a text, not True"),
        (GOOD + "margins: {tone: 3%}\n", 1, 'margins has "tone", which nothing here measures'),
        (GOOD + "margins: {success: 3}\n", 5, "margins, success is from 0 to 1, not 3"),
        (GOOD + "margins: {success: .nan}\n", 5, "nan is no number"),
        (GOOD + "margins:\n  harmless: {margin: 0.1}\n", 1, 'lets "harmless" become worse'),
        (GOOD + "trials: 0\n", 5, "trials is from 1 to 1000, not 0"),
        (GOOD + "trials: 1\ntrials: 2\n", 6, '"trials" stands here twice, the first time in line 5'),
        (GOOD + "scorers: [groundednes]\n", 5, 'there is no scorer "groundednes" (nearest: "groundedness")'),
        (GOOD + "scorers:\n  - latency: {most: 1h, target: 2h}\n", 6, "target 7200 is not below most 3600"),
        (GOOD + "scorers:\n  - latency: {most: soon}\n", 6, '"soon" is not a duration'),
        (GOOD + "scorers:\n  - function: tone\n", 6, 'there is no scorer "tone" in Python'),
        (GOOD + "scorers: [policy, policy]\n", 1, '"policy" is scored twice'),
        (GOOD + "scorers:\n  - answer: {regex: '(', name: x}\n", 6, "the pattern cannot be used"),
        (GOOD + "scorers:\n  - answer: {schema: {type: 5}, name: x}\n", 6, "cannot be used"),
        (GOOD.replace("answer: ok", "answer: {contains: x, cents: 1}"), 4, 'answer has "cents" beside "contains"'),
        (GOOD.replace("answer: ok", "actions: [{a: {}, b: {}}]"), 4, "an action is TOOL: {arguments}"),
        (GOOD.replace("answer: ok", "answer: {near: soon}"), 4, "answer, near is a number, not 'soon'"),
        (GOOD.replace("answer: ok", "answer: {contains: []}"), 4, "answer, contains names nothing"),
        (GOOD + "    environment: {answers: [{tool: t}]}\n", 5, "an answer says nothing"),
        (GOOD + "    turns: [{signal: a, group: b}]\n", 5, "a signal or the answer of a group, not both"),
        (GOOD + "    input: 7\n", 5, "input is a table of parameters"),
        (GOOD + "    input: {id: 9007199254740993}\n", 5, "an integer beyond 2^53-1"),
        (GOOD + "from: cases.jsonl\n", 5, "cases.jsonl cannot be read: no such file"),
        (GOOD + "  - [\n", 6, "this is not YAML"),
        ("target: desk\nscenarios: &a [*a]\n", 2, "nested too deep"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_where_it_stands(text: str, line: int, said: str) -> None:
    with pytest.raises(InvalidSuite) as refused:
        read(text)
    assert refused.value.message.startswith(f"suites/refunds.yaml:{line}: ")
    assert said in refused.value.message


@given(TANGLED, TANGLED)
@settings(max_examples=samples(60), deadline=None)
def test_whatever_stands_in_a_file_is_a_suite_or_a_sentence(said: Json, gold: Json) -> None:
    for text in (
        yaml.safe_dump(said, allow_unicode=True),
        yaml.safe_dump({"target": "desk", "scenarios": [{"name": "a", "gold": gold, "environment": said}]}),
        yaml.safe_dump(
            {"target": "desk", "scenarios": [{"name": "a", "gold": said}], "scorers": [gold, said]}
        ),
    ):
        message = "suites/refunds.yaml:"
        try:
            read(text)
        except InvalidSuite as refused:
            message = refused.message
        assert message.startswith("suites/refunds.yaml:")


def test_a_value_is_what_it_looks_like() -> None:
    told = "{day: 2026-11-21, at: 12:30, id: 007, n: 7, on: [yes, ~], 4812: x}"
    suite = read(GOOD + f"    input: {told}\n")
    assert suite.scenarios[0].input == {
        "day": "2026-11-21", "at": "12:30", "id": "007", "n": 7, "on": [True, None], "4812": "x"
    }  # fmt: skip


def test_what_a_suite_says_of_all_scenarios_holds_for_each() -> None:
    suite = read(
        "target: desk\ndefaults:\n  tags: [all]\n"
        "  environment: {answers: [{tool: t, result: 2}], state: {a: {b: 1, c: 1}}}\n"
        "  gold: {forbidden: [send_*]}\nscenarios:\n  - name: a\n    tags: [own]\n"
        "    environment: {answers: [{tool: t, result: 1}], state: {a: {b: 2}}}\n  - name: b\n"
    )
    first, second = suite.scenarios
    assert first.tags == ("own", "all")
    assert [each.result for each in first.environment.answers] == [1, 2]
    assert first.environment.state == {"a": {"b": 2, "c": 1}}
    assert second.gold.forbidden == ("send_*",)


def test_every_name_of_evals_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "suites.md").read_text()
    assert [name for name in evals.__all__ if f"`{name}" not in page and f"| `{name}" not in page] == []
    assert all(hasattr(evals, name) for name in evals.__all__)


def test_what_python_cannot_mean_is_refused_where_it_is_said() -> None:
    for wrong in (
        lambda: evals.regex("("), lambda: evals.schema({"type": 5}), lambda: evals.gold({"contains": "x"}),
        lambda: evals.near(1, -1), lambda: evals.suite("a", "desk", []),
    ):  # fmt: skip
        with pytest.raises(RemitError, match=r"cannot be used|word of YAML|at least 0|no scenarios"):
            wrong()


# --- the forms of others -----------------------------------------------------------------------------------------


def test_samples_of_others_become_scenarios_and_what_cannot_is_told(tmp_path: Path) -> None:
    (tmp_path / "qa.jsonl").write_text(
        '{"id": 1, "input": "How long?", "target": "14 days"}\n'
        '{"input": [{"role": "user", "content": "Hi"}, {"role": "user", "content": "And now?"}], '
        '"target": ["a", "b"]}\n'
        '{"id": 1, "input": "Which?", "choices": ["red", "blue"], "target": "B"}\n'
        '{"input": [{"role": "assistant", "content": "Hi"}], "target": "x"}\n'
        '{"id": "no", "target": "x"}\n'
    )
    taken = take([json.loads(line) for line in (tmp_path / "qa.jsonl").read_text().splitlines()], "qa.jsonl")
    first, second, third = taken.scenarios
    assert [each.name for each in taken.scenarios] == ["1", "sample-2", "1-2"]
    assert first.gold.answer == Expectation(Match.CONTAINS, "14 days")
    assert second.turns == (Turn("And now?"),)
    assert third.input["question"] == "Which?\n\nA) red\nB) blue"
    assert third.gold.answer is not None
    assert not third.gold.answer.unmet("It is B.")
    assert third.gold.answer.unmet("Blue? A.")
    assert [note[:3] for note in taken.notes] == ["1 ×", "1 ×"]
    assert any("in the middle of a talk" in note for note in taken.notes)


CLERK = Agent("clerk", prompt="You help.")


@flow
async def waits(run: Run) -> None:
    """A platform has flows."""
    await run.signal("go")


async def test_suites_move_in_and_out(tmp_path: Path) -> None:
    log = {
        "eval": {"task": "qa", "scorers": [{"name": "inspect_ai/exact"}]},
        "samples": [{"id": "a", "epoch": n, "input": "2+2?", "target": "4"} for n in (1, 2)],
    }
    (tmp_path / "log.json").write_text(json.dumps(log))
    (tmp_path / "real.py").write_text("from inspect_ai import Task, task\n")
    (tmp_path / "task.py").write_text(TASK)
    async with stage(waits, workspace=tmp_path, agents=[CLERK], worker=False) as made:
        suites = made.platform.suites
        with pytest.raises(InvalidInput, match="nobody says what it is about"):
            suites.bring_in(tmp_path / "log.json", "qa", "")
        with pytest.raises(InvalidInput, match="that package is not installed here"):
            suites.bring_in(tmp_path / "real.py", "qa", "clerk")
        found = suites.bring_in(tmp_path / "log.json", "qa", "clerk")
        assert (found.scenarios, found.notes) == (1, ("1 × was the same sample again, in a later epoch",))
        assert suites.bring_in(Path(f"{tmp_path}/task.py@sums"), "qa", "").scenarios == 1
        again = suites.bring_in(Path(f"{tmp_path}/task.py@sums"), "qa", "")
        assert (again.scenarios, again.notes) == (0, ("b is there already",))
        suite = suites.suite("qa")
        assert [each.gold.answer for each in suite.scenarios] == [
            equals("4"),
            Expectation(Match.CONTAINS, "9"),
        ]
        out = suites.take_out("qa", tmp_path / "out" / "qa.py")
        compile((tmp_path / "out" / "qa.py").read_text(), "qa.py", "exec")
        (tmp_path / "suites" / "acts.yaml").write_text(
            "target: clerk\nscenarios: [{name: a, question: x, gold: {actions: []}}]\n"
        )
        with pytest.raises(InvalidInput, match="nothing in acts is an answer that Inspect could compare"):
            suites.take_out("acts", tmp_path / "acts.py")
        assert (
            bring_in(suites.shelf, tmp_path / "out" / "qa.jsonl", "copy", "clerk").scenarios == out.scenarios
        )
        assert [each.digest for each in suites.suite("copy").scenarios] == [
            each.digest for each in suite.scenarios
        ]
        with pytest.raises(Refused, match="is not overwritten"):
            suites.take_out("qa", tmp_path / "suites" / "qa.yaml", "jsonl")
        with pytest.raises(InvalidInput, match='no form "csv"'):
            suites.take_out("qa", tmp_path / "x", "csv")


TASK = """\
from types import SimpleNamespace


def sums():
    sample = SimpleNamespace(id="b", input=[SimpleNamespace(role="user", text="3*3?")], target="9", metadata=None)
    return SimpleNamespace(dataset=[sample], scorer=None)


sums.__registry_info__ = SimpleNamespace(type="task", name="sums")
"""


def test_what_is_given_to_others_is_plain() -> None:
    given = give(Scenario("a", {"question": "x"}, gold=Gold(Expectation(Match.ONE_OF, [1, 2]))))
    assert given["target"] == ["1", "2"]
    assert yaml.safe_load(json.dumps(given))["metadata"]["remit"] == write_scenario(
        Scenario("a", {"question": "x"}, gold=Gold(Expectation(Match.ONE_OF, [1, 2])))
    )
