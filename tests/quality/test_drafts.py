"""What happened becomes a scenario that names nobody: what belonged together still does, a correction fails the code
that was corrected, and what a person has to say is said.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remit import Agent, Personal, Run, flow, tool
from remit.control.suites.adding import Wish
from remit.domain.effects import Effect
from remit.domain.errors import InvalidInput
from remit.domain.quality_errors import InvalidSuite, UnknownScenario, UnknownSuite
from remit.policy.detectors.personal_data import personal_data
from remit.policy.detectors.secret_values import secret_values
from remit.quality.scenarios.expectation import Expectation, Match, equals
from remit.quality.scenarios.scenario import Gold
from remit.quality.suites.drafting import Recorded, draft
from remit.quality.suites.veiling import Veil
from remit.quality.trial import Act, ActStatus
from remit.testing import stage
from tests.samples import samples

Json = Any
MAIL, CARD, IBAN = "ana.silva@shop.example", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00"


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


def test_a_draft_says_what_it_cannot_hold_and_what_a_person_has_to_say() -> None:
    acts = (
        Act("find", args={"q": "x"}, result=[{"full_name": "Ben Okoro"}]),
        Act("pay", Effect.WRITE, {"cents": 1}, ActStatus.HELD),
        Act("find", args={"q": "y"}, status=ActStatus.FAILED, reason="it is closed"),
    )
    recorded = Recorded(
        "r-01AB",
        "Clerk.one",
        {"question": "x"},
        acts,
        error="model_failed: down",
        lost=("what was attached",),
    )
    found = draft(recorded, {})
    said = " ".join(found.notes)
    for each in (
        "the run failed",
        "what was attached",
        "still waits",
        'full_name ("Ben Okoro"): --personal full_name',
    ):
        assert each in said
    assert found.scenario.name == "clerk-one-01ab"
    assert found.scenario.gold == Gold(Expectation(Match.PRESENT, True), closed=True)
    assert [(each.result, each.error) for each in found.scenario.environment.answers] == [
        ([{"full_name": "Ben Okoro"}], ""), (None, "it is closed")
    ]  # fmt: skip


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
