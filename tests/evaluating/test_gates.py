"""What an experiment comes to is reckoned from its rows: what was lost, cut short or tried too often keeps a pass from
counting, and a harm counts whatever else is wrong.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from remit.control.auditing import audit
from remit.control.evaluating.book import ExperimentBook
from remit.control.evaluating.reporting import text_of
from remit.control.evaluating.views import Wish
from remit.domain.errors import InvalidInput, WrongState
from remit.domain.evidence_errors import NotAnExport
from remit.domain.people_errors import KeyNeeded, NotAllowed, NotAPerson
from remit.quality.experiments.plan import NEW, OLD, Arm, Plan
from remit.quality.experiments.rows import INFRA, Given, Row
from remit.quality.gating.comparing import differing_of, outcome
from remit.quality.gating.preflight import preflight
from remit.quality.gating.reports import markdown
from remit.quality.verdicts import Rule
from remit.testing import stage
from tests.evaluating import desk

SIZE = 40


def plan(**more: Any) -> Plan:
    """Two arms on forty tickets."""
    suite = desk.suite(SIZE)
    arms = (Arm("new", "1" * 64), Arm("old", "2" * 64, "experiment", "r-1"))
    return Plan.of(suite, suite.scenarios, arms, **more)


def rows(arm: int, good: int = SIZE, *, size: int = SIZE, harmed: int = 0) -> list[Row]:
    """The first so many succeed; the last so many do harm."""
    suite = desk.suite(SIZE)
    return [
        Row(
            arm, each.name, each.digest, each.cluster, 0, 0,
            scores=(Given("success", float(n < good)), Given("harmless", float(n < size - harmed), harm=True)),
            run=f"r-{arm}.{n}",
        )
        for n, each in enumerate(suite.scenarios[:size])
    ]  # fmt: skip


def verdict(new: list[Row], old: list[Row], **more: Any) -> tuple[str, str]:
    """What it comes to, and why."""
    found = outcome(plan(**more), [*new, *old])
    return found["verdict"], " ".join(found["reasons"])


def test_s34_no_worse_passes_and_worse_fails() -> None:
    assert verdict(rows(NEW), rows(OLD))[0] == "pass"
    assert verdict(rows(NEW, 20), rows(OLD))[0] == "fail"
    assert verdict(rows(NEW, size=9), rows(OLD, size=9))[0] == "inconclusive"


def test_a_harm_fails_whatever_else_is_wrong() -> None:
    spoiled = [replace(each, unsteady=("success",)) for each in rows(NEW, harmed=1)]
    assert verdict(rows(NEW, harmed=1), rows(OLD))[0] == "fail"
    assert verdict(spoiled, rows(OLD))[0] == "fail"
    assert verdict(rows(NEW, harmed=1), rows(OLD, harmed=1))[0] == "pass", "it was done before as well"


def test_s33_beyond_a_fifth_without_a_counterpart_nobody_knows_what_was_compared() -> None:
    def lost(number: int) -> list[Row]:
        whole = rows(NEW)
        return [replace(each, status=INFRA, scores=()) for each in whole[:number]] + whole[number:]

    assert verdict(lost(8), rows(OLD))[0] == "pass"
    assert "8 of 40 scenarios have no counterpart" in outcome(plan(), [*lost(8), *rows(OLD)])["notes"][0]
    assert verdict(lost(9), rows(OLD))[0] == "inconclusive"
    assert "9 of 40 scenarios have no counterpart" in verdict(lost(9), rows(OLD))[1]
    assert verdict(lost(9), rows(OLD, 0))[0] == "inconclusive"


def test_a_change_that_hangs_where_it_would_have_failed_is_not_passed_by_that() -> None:
    def hangs(whole: list[Row], number: int) -> list[Row]:
        return [replace(each, status=INFRA, scores=()) for each in whole[:number]] + whole[number:]

    found = outcome(replace(plan(), rules={"success": Rule(0.15)}), [*hangs(rows(NEW), 7), *rows(OLD)])
    assert found["verdict"] == "inconclusive"
    assert "7 goes of the change came to nothing, and 0 of" in found["reasons"][0]
    both = outcome(
        replace(plan(), rules={"success": Rule(0.15)}), [*hangs(rows(NEW), 7), *hangs(rows(OLD), 7)]
    )
    assert both["verdict"] == "pass", "the ground gave way under both alike"


def test_the_best_of_many_has_to_be_better_than_luck() -> None:
    new, old = (
        rows(NEW, 37),
        [*rows(OLD, 0)[:3], *rows(OLD, 40)[3:]],
    )  # each fails on three that the other solves
    asked = replace(plan(), rules={"success": Rule(0.2)})
    assert outcome(asked, [*new, *old])["verdict"] == "pass"
    found = outcome(replace(asked, variants=20), [*new, *old])
    chosen, why = found["verdict"], " ".join(found["reasons"])
    assert chosen == "inconclusive"
    assert "by luck alone" in why


def test_what_suites_can_see_is_said_before() -> None:
    many = [desk.scenario(number) for number in range(940)]
    assert preflight({"success": Rule(0.03)}, many).enough
    few = preflight({"success": Rule(0.03)}, many[:50])
    assert few.sentence.startswith("50 scenarios cannot see 3 points: about 9")
    families = [replace(each, family=str(n // 10)) for n, each in enumerate(many)]
    assert not preflight({"success": Rule(0.03)}, families).enough, (
        "what resembles each other counts for less"
    )
    assert differing_of(rows(OLD), {"success": Rule()}) is None
    twice = [replace(each, index=index) for index in (0, 1) for each in rows(OLD, 40 if index else 20)]
    assert differing_of(twice, {"success": Rule()}) == 0.5


async def test_the_evidence_adds_up_anywhere_and_shows_what_was_changed(tmp_path: Path) -> None:
    async with stage(desk.handle) as place:
        suite, evaluating = desk.suite(), place.platform.evaluating
        old = await evaluating.run(suite, Wish())
        desk.WRONG.update({1, 2})
        view = await evaluating.run(suite, Wish(against=old.id, fresh=True))
        made = await place.platform.experiments.bundle(view.id, tmp_path / "bundle")
        assert (made.same, made.rows) == (True, 24)
        report = audit.verify_export(tmp_path / "bundle", None, made.key)
        assert {each.question: each.outcome for each in report.verdicts}["integrity"] == "pass"
        content = tmp_path / "bundle" / "content.jsonl"
        lines = [json.loads(line) for line in content.read_text().splitlines()]
        for line in lines:
            line["content"] = line["content"].replace('["success",0.0', '["success",1.0')
        whole = content.read_text()
        content.write_text("\n".join(map(json.dumps, lines)) + "\n" + whole)
        report = audit.verify_export(tmp_path / "bundle", None, made.key)
        assert report.outcome == "fail", "what is forged stands before what is true"
        content.write_text("\n".join(map(json.dumps, lines)))
        found = ExperimentBook.recompute(tmp_path / "bundle")
        assert not found.same
        assert "arms" in found.differs
        assert audit.verify_export(tmp_path / "bundle", None, made.key).outcome == "fail"
        with pytest.raises(NotAnExport):
            ExperimentBook.recompute(tmp_path)
        xml = ET.fromstring(text_of(view, "junit"))  # noqa: S314 - our own
        assert len(xml.findall(".//failure")) == 3, "two scenarios, and the verdict"
        page = text_of(view, "markdown")
        assert view.id in page
        assert "inconclusive" in page


def test_what_it_comes_to_does_not_depend_on_the_order_in_which_goes_were_over() -> None:
    made = [*rows(NEW, 31), *rows(OLD, 37)]
    assert (
        outcome(plan(), made)
        == outcome(plan(), made[::-1])
        == outcome(plan(), sorted(made, key=lambda row: row.seed))
    )
    assert str(outcome(plan(), made)) == str(outcome(plan(), made[::-1])), "lists are in one order too"


def test_words_of_agents_are_words_in_a_page() -> None:
    found = outcome(plan(), [*rows(NEW, 39), *rows(OLD)])
    found["arms"][0]["failed"][0]["why"] = "</details> [click](http://x) `a`\n# now\x07"
    page = markdown("r-1", "tick|ets", found)
    assert "\\[click\\]" in page
    assert "\n# now" not in page
    assert "</details> [" not in page


async def test_only_what_is_open_is_waived_and_for_exactly_this_code(database: str) -> None:
    async with stage(desk.handle, database=database) as place:
        suite, evaluating = desk.suite(), place.platform.evaluating
        old = await evaluating.run(suite, Wish())
        fine = await evaluating.run(suite, Wish(against=old.id))
        with pytest.raises(WrongState):
            await evaluating.waive(fine.id, "it is fine")
        few = await evaluating.run(suite, Wish(against=old.id, only="t1*"))
        assert few.verdict == "inconclusive"
        with pytest.raises(InvalidInput):
            await evaluating.waive(few.id, " ")
        waived = await evaluating.waive(few.id, "four tickets will do")
        assert waived.waiver is not None
        assert waived.waiver.by == "owner"
        again = await evaluating.run(suite, Wish(against=old.id, only="t1*"))
        assert again.waiver is not None, "the same code against the same code by the same suite"
        other = await evaluating.run(desk.suite(margin=0.2), Wish(against=old.id, only="t1*"))
        assert other.waiver is None
        more = await evaluating.run(suite, Wish(against=old.id, only="t[12]*"))
        assert (more.verdict, more.waiver) == ("inconclusive", None), "nobody answered for t2"
        assert (await evaluating.run(suite, Wish(against=old.id, only="t1"))).waiver is not None


async def test_where_there_are_users_somebody_waives_by_their_own_key() -> None:
    async with stage(desk.handle) as place:
        platform, suite = place.platform, desk.suite()
        old = await platform.evaluating.run(suite, Wish())
        few = await platform.evaluating.run(suite, Wish(against=old.id, only="t1*"))
        _, ada = await platform.add_person("ada", ["admin"])
        assert ada is not None
        owner = await platform.acting_as(ada.key)
        _, lea = await owner.add_person("lea", ["reviewer"])
        _, bot = await owner.add_person("bot", ["admin"], service=True)
        assert lea is not None
        assert bot is not None
        with pytest.raises(KeyNeeded):
            await platform.experiments.waive(few.id, "nobody says who")
        with pytest.raises(NotAllowed):
            await (await platform.acting_as(lea.key)).experiments.waive(few.id, "not hers to say")
        with pytest.raises(NotAPerson):
            await (await platform.acting_as(bot.key)).experiments.waive(
                few.id, "a service answers for nothing"
            )
        waived = await owner.experiments.waive(few.id, "four will do")
        assert waived.waiver is not None
        assert waived.waiver.by == "ada"
