"""A suite says what it means or is refused where it is wrong; what a person corrected becomes a scenario that names
nobody; and what is given out comes back as it was.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from remit import Agent, Personal, Run, flow, tool
from remit.control.suites.adding import Wish
from remit.control.suites.exchanging import bring_in
from remit.domain.errors import InvalidInput, Refused
from remit.domain.quality_errors import InvalidSuite, UnknownScenario, UnknownSuite
from remit.policy.detectors.personal_data import personal_data
from remit.policy.detectors.secret_values import secret_values
from remit.quality.scenarios.expectation import Expectation, Match, equals
from remit.quality.scenarios.scenario import Gold, Scenario, Turn
from remit.quality.suite import Suite
from remit.quality.suites.foreign import give, take
from remit.quality.suites.reading import read_suite
from remit.quality.suites.scenario_writing import write_scenario
from remit.quality.suites.scorer_reading import Scorers
from remit.quality.suites.veiling import Veil
from remit.quality.suites.writing import new_suite, with_scenarios
from remit.testing import stage
from tests.quality.drawing import SCENARIO
from tests.samples import samples

Json = Any
MAIL, CARD, IBAN = "ana.silva@shop.example", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00"


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


# --- people are taken out ----------------------------------------------------------------------------------------


@given(
    st.lists(st.sampled_from([MAIL, CARD, IBAN, "+49 30 1234567", "a.b@c.example"]), min_size=1, max_size=4)
)
@settings(max_examples=samples(25), deadline=None)
def test_the_veil_leaves_nobody_and_keeps_what_belongs_together(found: list[str]) -> None:
    value = {"who": found, "text": f"It is {' and '.join(found)}."}
    veil = Veil()
    after = veil.over(value)
    assert not any(each in json.dumps(after) for each in found)
    assert veil.over(value) == after
    pairs = {one: str(other) for one, other in zip(found, after["who"], strict=True)}
    assert len(set(pairs.values())) == len(set(found))
    for one, other in pairs.items():
        assert other in after["text"]
        assert [each.kind for each in personal_data(other)] == [each.kind for each in personal_data(one)]


# --- from a run --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Customer:
    """Somebody."""

    id: int
    name: Annotated[str, Personal]
    mail: str
    paid: float


@tool(effect="read", reads="crm")
def find_customer(mail: str) -> Customer:
    """Look somebody up."""
    return Customer(7, "Ana Silva", mail, 25.0)


@tool(effect="irreversible", name="pay_back")
def pay_back(customer: int, cents: int, note: str = "") -> dict[str, Json]:
    """Pay money back."""
    return {"customer": customer, "cents": cents, "note": note}


@flow
async def settle(run: Run, mail: str, wish: str) -> dict[str, Json]:
    """Find out, ask, pay."""
    found = await run.call(find_customer, mail=mail)
    await run.signal("photo")
    reply = await run.human("leads", f"Dear {found.name}, you get it all.")
    paid = await run.call(pay_back, customer=found.id, cents=9900, note=f"{found.name} said: {wish}")
    return {"reply": reply, "cents": paid["cents"]}


CLERK = Agent("clerk", prompt="You help.", tools=[find_customer, pay_back])
POLICY = """
@id("all") permit (principal, action, resource);
@id("money") @ask("finance") @reason("money goes out")
forbid (principal, action == Action::"call", resource == Tool::"pay_back");
"""


async def test_what_a_person_corrected_becomes_a_scenario_that_names_nobody(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "all.cedar").write_text(POLICY)
    async with stage(settle, workspace=tmp_path, agents=[CLERK]) as made:
        run = await made.start(settle, mail=MAIL, wish=f"broken, my card is {CARD}, ask Ana Silva")
        await run.signal("photo", {"seen": True})
        await run.waits_for()
        await run.approve("Dear Ana Silva, you get 25.")
        assert (await run.waits_for()).group == "finance"
        suites = made.platform.suites
        with pytest.raises(Exception, match="has not ended"):
            await suites.add(Wish(run.id))
        await run.approve({"arguments": {"customer": 7, "cents": 2500}}, comment="only what was paid")
        await run.result()

        plain = await suites.add(
            Wish(run.id, name="broken-mug", tags=("refund",), family="mug", correction=True)
        )
        text = (tmp_path / plain.file).read_text()
        assert plain.file == "suites/settle.yaml"
        for secret in (MAIL, CARD, "Ana", "Silva"):
            assert secret not in text
        assert not secret_values(text)
        assert plain.veiled == {"card": 1, "email": 1, "personal": 1}
        suite = suites.suite("settle")  # it fits the workspace
        (scenario,) = suite.scenarios
        assert scenario.source.provenance == f"correction of run {run.id}"
        assert [(each.signal or each.group, each.approves) for each in scenario.turns] == [
            ("photo", True), ("leads", True), ("finance", True)
        ]  # fmt: skip
        assert scenario.turns[1].says == "Dear [personal 1], you get 25."
        (action,) = scenario.gold.actions
        assert action.args == {"customer": equals(7), "cents": equals(2500)}
        asked = scenario.environment.answers[0].args
        assert asked is not None
        assert asked["mail"].value == scenario.input["mail"]  # what belonged together still does

        outcome: Any = (await made.platform.evaluating.run("settle")).outcome
        (failed,) = outcome["arms"][0][
            "failed"
        ]  # the code that was corrected does not pass what corrected it
        assert "cents: 9900 is not 2500" in failed["why"]
        shown = await suites.add(Wish(run.id, suite="other", personal=("paid",), dry=True))
        assert not (tmp_path / "suites" / "other.yaml").exists()
        assert "paid: 25.0" not in shown.text  # a figure that tells who it is about, once somebody says so
        with pytest.raises(InvalidInput, match="has the same scenario already: broken-mug"):
            await suites.add(Wish(run.id))
        with pytest.raises(UnknownScenario, match='nearest: "broken-mug"'):
            suites.scenario("settle", "broken-mugs")
        with pytest.raises(UnknownSuite, match='nearest: "settle"'):
            suites.suite("setle")
        _a_workspace_that_changed_is_told_of(made.platform.suites, tmp_path)


def _a_workspace_that_changed_is_told_of(suites: Any, place: Path) -> None:
    """Gold that names a tool which is no more, arguments that no tool takes, inputs that no flow takes."""
    file = place / "suites" / "settle.yaml"
    text = file.read_text()
    for old, new, said in (
        (
            "- pay_back:",
            "- pay_bck:",
            'names the tool "pay_bck", which this workspace does not have (nearest: "pay_back")',
        ),
        ("cents: 2500\n", "cents: lots\n", 'pay_back takes "cents" as'),
        ("cents: 2500\n", "euro: 25\n", 'gives pay_back "euro", which it does not take'),
        ("target: settle", "target: setle", 'there is no flow and no agent "setle" (nearest: "settle")'),
        ("wish:", "whish:", 'settle has no parameter "whish"'),
        ("- tool: find_customer", "- tool: find_costumer", "find_costumer"),
    ):
        assert text.count(old) >= 1
        start, _, end = text.rpartition(old)
        file.write_text(f"{start}{new}{end}")
        with pytest.raises(InvalidSuite, match=r"suites/settle\.yaml") as refused:
            suites.suite("settle")
        assert said in refused.value.message
    file.write_text(text)
    (place / "suites" / "python.py").write_text(PYTHON)
    found = {each.name: each for each in suites.suites()}
    assert found["mugs"].problems == ()
    assert found["mugs"].file == "suites/python.py"
    view = suites.show("mugs")
    assert [each.name for each in view.scorers] == ["gold", "short"]
    assert view.scenarios[0].place == "suites/python.py:9"
    (place / "suites" / "mugs.yaml").write_text(
        "suite: mugs\ntarget: settle\nscenarios: [{name: x, gold: {answer: 1}}]\n"
    )
    assert (
        "another suite is called" in {each.name: each for each in suites.suites()}["mugs"].problems[0].message
    )
    (place / "suites" / "mugs.yaml").write_text("target: [")
    assert suites.suite("settle")  # one that cannot be read does not keep others from being used
    assert "this is not YAML" in {each.name: each for each in suites.suites()}["mugs"].problems[0].message


PYTHON = """\
from remit.evals import Scenario, action, contains, gold, scorer, suite


@scorer
def short(trial):
    return len(trial.answer) < 200


mugs = suite("mugs", "settle", [
    Scenario("a", {"mail": "x@example.com", "wish": "w"}, gold=gold(
        answer={"reply": contains("25")}, actions=[action("pay_back", cents=2500)])),
], scorers=[short], margins={"short": 0.1})
"""


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


async def test_suites_move_in_and_out(tmp_path: Path) -> None:
    log = {
        "eval": {"task": "qa", "scorers": [{"name": "inspect_ai/exact"}]},
        "samples": [{"id": "a", "epoch": n, "input": "2+2?", "target": "4"} for n in (1, 2)],
    }
    (tmp_path / "log.json").write_text(json.dumps(log))
    (tmp_path / "real.py").write_text("from inspect_ai import Task, task\n")
    (tmp_path / "task.py").write_text(TASK)
    async with stage(settle, workspace=tmp_path, agents=[CLERK], worker=False) as made:
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
