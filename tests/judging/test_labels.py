"""Labels: given blind, settled by others where they differ, frozen, reviewed before use, seen by their readers alone,
and erased with the runs that they are about.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from remit.control.labelling import freezing
from remit.domain.errors import InvalidInput, WrongState
from remit.domain.judge_errors import LabelsNotReady, UnknownLabels
from remit.domain.judging_events import LabelGiven, LabelsAdded
from remit.domain.people_errors import NotAllowed, NotAPerson
from remit.engine.outside import team_stream
from remit.quality.labelling.agreement import agreement
from remit.quality.labelling.privacy import found_in, redacted
from remit.testing.scripting import Script
from tests.gate.desk import agent, desk
from tests.judging.bench import matter
from tests.people.crew import Crew, crew

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from remit.control.labelling.views import ItemView
    from remit.control.office import Office

LINES = """{"id": "a", "input": "q", "answer": "yes, ask ana@example.org", "label": "pass"}
{"id": "b", "input": "q", "answer": "no", "label": "fail"}
{"id": "c", "input": "q", "answer": "maybe"}
"""


@asynccontextmanager
async def queue_of_three(database: str, script: Script, folder: Path) -> AsyncGenerator[Crew]:
    """A workspace with users, and a queue of its three runs that two of them label each."""
    clerk = agent()
    script(clerk).says("It is on its way.").says("No.").says("Ask somebody else.")
    async with crew(folder, script, clerk, policy="", database=database) as people:
        ada, lea = await people.as_("ada"), await people.as_("lea")
        runs = [await people.stage.start("clerk", question=f"Where is {n}?") for n in range(3)]
        for run in runs:
            await run.result()
        with pytest.raises(NotAllowed):
            await lea.labelling.open("answers")
        queue = await ada.labelling.open("answers", labellers=2, readers=["leads", "dora"])
        assert (queue.choices, queue.scale) == (("pass", "fail"), "nominal")
        with pytest.raises(WrongState, match="already"):
            await ada.labelling.open("answers")
        assert (await ada.labelling.add_runs("answers", [run.id for run in runs[:2]])).added == 2
        drawn = await ada.labelling.sample("answers", 5, flow="clerk")
        assert drawn.added == 1
        assert (await ada.labelling.sample("answers", 5, flagged=True)).added == 0
        assert (await ada.labelling.add_runs("answers", [runs[2].id])).known == 1
        yield people


async def test_labels_are_given_blind_and_by_those_who_may(
    database: str, script: Script, tmp_path: Path
) -> None:
    async with queue_of_three(database, script, tmp_path) as people:
        lea, max_, nia, robot = [await people.as_(name) for name in ("lea", "max", "nia", "robot")]
        with pytest.raises(NotAllowed, match="It is for leads, dora"):
            await nia.labelling.next("answers")
        first = await _next(lea, "answers")
        assert (first.left, first.said) == (3, {})
        assert first.matter is not None
        assert first.matter.input.startswith("Where is")
        with pytest.raises(InvalidInput, match='"good" is no label'):
            await lea.labelling.give(first.id, "good")
        with pytest.raises(NotAPerson):
            await robot.labelling.give(first.id, "pass")
        assert (await lea.labelling.give(first.id, "pass", "polite")).status == "open"
        same = await max_.labelling.item(first.id)
        assert same.said == {}, "who has yet to say what it is sees nothing of what others said"
        assert (await _next(max_, "answers")).id == first.id
        agreed = await max_.labelling.give(first.id, "pass")
        assert (agreed.status, agreed.label, agreed.said) == (
            "settled",
            "pass",
            {"lea": "pass", "max": "pass"},
        )
        with pytest.raises(WrongState, match="settled already"):
            await lea.labelling.give(first.id, "fail")
        log, _ = await people.stage.platform.ground.log.read(team_stream("default"))
        given = [each.event for each in log if isinstance(each.event, LabelGiven)]
        assert [(each.by, each.label) for each in given] == [("lea", "pass"), ("max", "pass")]


async def test_what_labellers_differ_about_others_settle_and_who_froze_a_set_does_not_review_it(
    script: Script, tmp_path: Path
) -> None:
    async with queue_of_three("", script, tmp_path) as people:
        ada, lea, max_, dora = [await people.as_(name) for name in ("ada", "lea", "max", "dora")]
        for label in ("pass", "fail"):
            one = await _next(lea, "answers")
            await lea.labelling.give(one.id, "pass")
            said = await max_.labelling.give(one.id, label)
        assert (said.status, said.label) == ("disputed", "")
        with pytest.raises(NotAllowed, match="somebody else settles"):
            await max_.labelling.settle(said.id, "fail")
        assert (await dora.labelling.settle(said.id, "fail", "rude")).label == "fail"
        with pytest.raises(WrongState, match="nobody differs"):
            await dora.labelling.settle(said.id, "pass")
        how = (await ada.labelling.queue("answers")).agreement
        assert how is not None
        assert (how.twice, how.people, how.share.value) == (2, 2, 0.5)
        frozen = await ada.labelling.freeze("answers", "gold")
        assert (frozen.version, frozen.items, frozen.status) == (1, 2, "waiting")
        assert frozen.readers == ("leads", "dora")
        with pytest.raises(NotAllowed, match="It is for leads, dora"):
            await ada.labelling.review("gold", "use")
        assert (await ada.labelling.freeze("answers", "gold", ["ada"])).version == 2
        with pytest.raises(NotAllowed, match="somebody else looks through it"):
            await ada.labelling.review("gold", "use")
        with pytest.raises(UnknownLabels):
            await ada.labelling.set("silver")


async def _next(office: Office, queue: str) -> ItemView:
    found = await office.labelling.next(queue)
    assert found is not None
    return found


async def test_a_set_is_used_after_a_review_without_what_was_found_and_erased_with_its_runs(
    database: str, script: Script, tmp_path: Path
) -> None:
    clerk = agent()
    script(clerk).says("Write to bo.berg@example.org.")
    file = tmp_path / "lines.jsonl"
    file.write_text(LINES)
    async with desk(tmp_path, script, agents=[clerk], database=database) as on:
        platform = on.platform
        office, ground = platform.labelling, platform.ground
        await office.open("answers")
        handle = await platform.submit("clerk", {"question": "Whom do I ask?"}, subject="bo")
        await handle.result()
        assert (await office.add_file("answers", file)).added == 3
        assert (await office.add_file("answers", file)).known == 3
        file.write_text('{"id": "d", "answer": "x", "label": "splendid"}')
        with pytest.raises(InvalidInput, match='"splendid" is no label'):
            await office.add_file("answers", file)
        await office.add_runs("answers", [handle.id])
        while (each := await office.next("answers")) is not None:
            await office.give(each.id, "pass" if each.run else "fail")
        frozen = await office.freeze("answers", "gold")
        assert frozen.items == 4
        with pytest.raises(LabelsNotReady, match="was not reviewed yet"):
            await freezing.usable(ground, "gold")
        seen = await office.review("gold", "redact", "two addresses")
        assert (seen.found, seen.labels, seen.status) == (
            {"personal email": 2},
            {"pass": 2, "fail": 2},
            "redacted",
        )
        with pytest.raises(WrongState, match="reviewed already"):
            await office.review("gold", "use")
        _, found = await freezing.usable(ground, "gold@1")
        answers = {matter.answer for matter, _, _ in found}
        assert answers == {"yes, ask [email]", "no", "maybe", "Write to [email]."}
        assert await platform.shred("bo") >= 1
        _, found = await freezing.usable(ground, "gold")
        assert {matter.answer for matter, _, _ in found} == answers - {"Write to [email]."}
        log, _ = await ground.log.read(team_stream("default"), lenient=True)
        assert "bo.berg" not in str([each.event for each in log if isinstance(each.event, LabelsAdded)])


def test_agreement_is_of_what_several_people_labelled() -> None:
    items = (
        [{"a": "pass", "b": "pass"}] * 20
        + [{"a": "fail", "b": "fail"}] * 16
        + [{"a": "pass", "b": "fail"}] * 4
    )
    found = agreement([*items, {"a": "pass"}], ("pass", "fail"))
    assert (found.twice, found.people, found.share.value) == (40, 2, 0.9)
    assert found.kappa.value == pytest.approx(0.8, abs=0.01)
    assert found.kappa.low is not None
    assert found.kappa.high is not None
    assert found.kappa.low < 0.8 < found.kappa.high
    assert found.alpha.value == pytest.approx(found.kappa.value, abs=0.02)
    nothing = agreement([{"a": "pass"}], ("pass", "fail"))
    assert (nothing.twice, nothing.share.value, nothing.kappa.value, nothing.alpha.value) == (
        0,
        None,
        None,
        None,
    )


def test_what_is_personal_is_found_and_taken_out() -> None:
    seen = matter("Write to ana@example.org", other="or bo@example.org")
    assert found_in([seen]) == {"personal email": 2}
    assert found_in([redacted(seen)]) == {}
