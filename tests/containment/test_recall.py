"""Recalling a bad source: everything that descends from it is found, across runs and memory, and taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit import Agent, contract
from remit.control.containment.facts import Reader
from remit.domain.errors import InvalidInput, RemitError
from remit.engine.flow import flow
from remit.policy.containment.tracing import Fact, FactKind, Way, descent
from remit.testing import Stage
from remit.testing.scripting import Script
from remit.tools.tool import tool
from tests.containment.shelf import Shelf
from tests.engine.places import journal, parked
from tests.gate.desk import desk

ANA, OTHER = "GB29NWBK60161331926819", "DE89370400440532013000"
RUNS = ("a", "b", "c")
FACTS = st.lists(
    st.builds(
        Fact, at=st.integers(0, 12), run=st.sampled_from(RUNS), seq=st.integers(1, 9), kind=st.sampled_from(FactKind),
        other=st.sampled_from((*RUNS, "m1", "m2")),
    ),
    max_size=25,
    unique_by=lambda fact: (fact.at, fact.run, fact.seq),
)  # fmt: skip


@given(FACTS)
def test_what_descends_is_what_a_walk_back_from_each_effect_comes_to(facts: list[Fact]) -> None:
    """The reference asks of each effect whether anything before it in its run was bad, and so on backwards."""
    ordered = sorted(facts, key=lambda each: (each.at, each.run, each.seq))

    def bad(run: str, before: int) -> bool:
        return any(fact.run == run and carries(place) for place, fact in enumerate(ordered[:before]))

    def carries(place: int) -> bool:
        fact = ordered[place]
        match fact.kind:
            case FactKind.SOURCE:
                return True
            case FactKind.BORN | FactKind.HEARD:
                return bad(fact.other, place)
            case FactKind.RECALLED:
                writes = [
                    n for n, each in enumerate(ordered[:place])
                    if each.kind is FactKind.REMEMBERED and each.other == fact.other
                ]  # fmt: skip
                return bool(writes) and bad(ordered[writes[-1]].run, writes[-1])
            case _:
                return False

    effects = [
        fact for place, fact in enumerate(ordered)
        if fact.kind in {FactKind.WROTE, FactKind.REMEMBERED} and bad(fact.run, place)
    ]  # fmt: skip
    assert descent(facts).effects == effects


def test_each_run_says_since_when_and_from_where_it_has_it() -> None:
    facts = [
        Fact(1, "a", 1, FactKind.REMEMBERED, other="old"),
        Fact(2, "a", 2, FactKind.SOURCE, "a/read#1"),
        Fact(3, "a", 3, FactKind.REMEMBERED, other="new"),
        Fact(3, "a", 4, FactKind.SOURCE, "a/read#2"),
        Fact(4, "b", 1, FactKind.BORN, other="a"),
        Fact(5, "c", 1, FactKind.RECALLED, other="new"),
        Fact(5, "c", 2, FactKind.ANSWERED),
        Fact(6, "d", 1, FactKind.SOURCE),
        Fact(6, "e", 1, FactKind.RECALLED, other="old"),
        Fact(6, "e", 2, FactKind.ANSWERED),
        Fact(7, "e", 3, FactKind.REMEMBERED, other="new"),
        Fact(8, "f", 1, FactKind.RECALLED, other="new"),
        Fact(9, "g", 1, FactKind.HEARD, other="b"),
        Fact(9, "h", 1, FactKind.BORN, other="e"),
    ]
    found = descent(reversed(facts))
    assert found.runs == {"a": 2, "b": 4, "c": 5, "d": 6, "g": 9}
    assert found.via == {"a": "a/read#1", "b": "a", "c": "memory new", "d": "the source", "g": "b"}
    assert found.memory == {}, "something clean stands there now"
    assert (found.effects, found.messages) == ([facts[2]], [facts[6]])
    later = [
        Fact(6, "e", 1, FactKind.RECALLED, other="old"),
        Fact(7, "e", 2, FactKind.REMEMBERED, other="new"),
        Fact(8, "f", 1, FactKind.RECALLED, other="new"),
        Fact(8, "f", 2, FactKind.WROTE),
        Fact(9, "z", 1, FactKind.REMEMBERED, other="old"),
        Fact(9, "z", 2, FactKind.REMEMBERED, other="new"),
    ]
    named = descent(later, ["old", "other"])
    assert named.memory == {"old": "", "other": ""}, "what is bad itself stays so, whoever writes there"
    assert named.via == {"e": "memory old", "f": "memory new"}
    assert named.effects == [later[1], later[3]]


async def read_whole(stage: Stage, source: str) -> set[str]:
    """The same by reading every run there is: nothing was left out that matters."""
    ground = stage.platform.ground
    facts: list[Fact] = []
    for run, *_ in await ground.database.fetch("recall.runs", "default", 0):
        facts += Reader(run, source).read(await journal(stage, run))
    return set(descent(facts, [], [source]).runs)


def fact(at: int, run: str, kind: FactKind, other: str = "", *sources: str, labelled: bool = True) -> Fact:
    return Fact(at, run, at, kind, f"{run}/x#{at}", other, sources, labelled)


def test_what_labels_call_the_source_says_how_it_is_known() -> None:
    facts = [
        fact(1, "a", FactKind.SOURCE, "people"),
        fact(2, "a", FactKind.WROTE, "", "tool:read#a/x#1"),
        fact(3, "a", FactKind.WROTE, "", "user", "tool:read#a/x#9"),
        fact(4, "a", FactKind.WROTE, "", "user", labelled=False),
        fact(5, "a", FactKind.WROTE),
        fact(6, "a", FactKind.REMEMBERED, "k", "people.iban"),
        fact(7, "b", FactKind.WROTE, "", "user", "k"),
        fact(8, "c", FactKind.ASKED, "", "people.iban.x", "user"),
        fact(9, "d", FactKind.ANSWERED, "", "tool:read#away/x#1"),
        fact(10, "e", FactKind.WROTE, "", "bad#z#1"),
        fact(11, "f", FactKind.WROTE, "", "tool:r#whole/deep/x#2"),
        fact(12, "g", FactKind.WROTE, "", "tool:r#a/x#1.part", "other.bad"),
    ]
    found = descent(facts, named=["bad", "whole/"])
    assert found.via == {
        "a": "a/x#1", "b": "the label k", "c": "the label people.iban.x", "e": "the label bad#z#1",
        "f": "the label tool:r#whole/deep/x#2",
    }  # fmt: skip
    label, exposure, otherwise = Way.LABEL, Way.EXPOSURE, Way.OTHERWISE
    assert list(found.ways.values()) == [
        label,
        otherwise,
        exposure,
        exposure,
        label,
        label,
        label,
        label,
        label,
    ]
    assert found.memory == {"k": "a"}
    assert found.named == {"bad", "whole/", "a/x#1", "people", "k"}
    assert found.messages == [facts[7]]
    remembered = descent([fact(1, "z", FactKind.WROTE, "", "old")], ["old"])
    assert remembered.via == {"z": "the label old"}
    clean = [facts[0], facts[5], fact(7, "q", FactKind.REMEMBERED, "k", "user"), facts[6]]
    assert "b" not in descent([*clean[:3], replace(facts[6], at=8)]).runs, "something clean stands there now"


async def test_a_bad_page_is_recalled_through_memory_and_everything_it_led_to_is_undone(
    script: Script, tmp_path: Path
) -> None:
    shelf = Shelf()

    @tool(effect="read")
    async def read_page(url: str) -> str:
        """Read a page."""
        return f"text of {url}"

    put = shelf.tool()

    @flow
    async def reads(run: Any) -> None:
        await run.call(put, name="before", value="1")
        await run.call(read_page, url="https://bad.example/page")
        await run.call(put, name="after", value="2")
        await run.remember("hint", "use the other account", scope="team")

    @flow
    async def recalls(run: Any) -> None:
        await run.recall(key="hint", scope="team")
        await run.call(put, name="later", value="3")

    @flow
    async def innocent(run: Any) -> None:
        await run.call(put, name="other", value="4")

    async with desk(tmp_path, script, reads, recalls, innocent) as stage:
        first = await stage.start(reads)
        await first.result()
        second = await stage.start(recalls)
        await second.result()
        third = await stage.start(innocent)
        await third.result()
        for source in ("https://bad.example", f"{first.id}/read_page", "tool:read_page"):
            found = await stage.platform.trace(source)
            assert await read_whole(stage, source) == set(found.runs)
            assert set(found.runs) == {first.id, second.id}
            assert list(found.memory) == ["memory:team:default/hint"]
            assert {name for each in found.effects for name in each.objects} == {
                "shelf/after", "shelf/later", "memory:team:default/hint",
            }  # fmt: skip
            assert all(each.possible for each in found.effects)
        handle = await stage.platform.recall("https://bad.example")
        told = await handle.result()
        assert told["left"] == []
        assert shelf.items == {"before": "1", "other": "4"}
        assert [each.key for each in await stage.platform.memories("team")] == []
        (escaped,) = (await stage.platform.reporting.kpis(only="escaped_violation")).figures
        assert (escaped.numerator, escaped.denominator) == (3, 5), (
            "two writes and what was remembered, of five"
        )


async def test_what_labels_name_is_told_from_what_was_only_in_sight_and_can_be_taken_back_alone(
    script: Script, tmp_path: Path
) -> None:
    """A directory was wrong: what went to whom it named comes from it; what the user named himself does not."""
    ledger: dict[str, str] = {}

    @tool(effect="read", reads="people", references=["iban"])
    async def find_person(name: str) -> dict[str, str]:
        """Look somebody up."""
        return {"name": name, "iban": ANA}

    @tool(undo="restore", object="account/{iban}", roles={"iban": "destination"})
    async def send_money(iban: str) -> dict[str, Any]:
        """Send money."""
        ledger[iban] = "paid"
        return {"amount": "paid"}

    @send_money.before
    async def look(iban: str, **_: Any) -> dict[str, Any] | None:
        return {"amount": ledger[iban]} if iban in ledger else None

    @send_money.restore
    async def back(before: dict[str, Any] | None, iban: str) -> None:
        ledger.pop(iban) if before is None else ledger.update({iban: before["amount"]})

    del look, back
    clerk = Agent(
        "clerk", prompt="You pay.", tools=[find_person, send_money], contract=contract(on_violation="deny")
    )
    script(clerk).calls("find_person", name="Ana").calls("send_money", iban=ANA)
    script(clerk).calls("send_money", iban=OTHER).replies("done")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question=f"Send money to Ana. Send money to {OTHER}.")
        await run.result()
        assert ledger == {ANA: "paid", OTHER: "paid"}
        for source in ("tool:find_person", f"{run.id}/clerk/find_person"):
            found = await stage.platform.trace(source)
            assert [(each.objects[0], each.how) for each in found.effects] == [
                (f"account/{OTHER}", "other labels"),
                (f"account/{ANA}", "label"),
            ]
            assert [(each.kind, each.how) for each in found.messages] == [("answer", "exposure")]
        told = await (await stage.platform.recall("tool:find_person", labelled=True)).result()
        assert told["left"] == []
        assert ledger == {OTHER: "paid"}


async def test_a_signal_that_brought_the_source_and_what_was_asked_of_people_after_it_are_found(
    script: Script, tmp_path: Path
) -> None:
    shelf = Shelf()
    put = shelf.tool()

    @flow
    async def waits(run: Any) -> None:
        said = await run.signal("news")
        await run.human("leads", f"may I put {said['text']}?")
        await run.call(put, name="heard", value="1")

    async with desk(tmp_path, script, waits) as stage:
        run, other = await stage.start(waits), await stage.start(waits)
        await run.signal("news", {"text": "see https://bad.example/now"})
        await other.signal("news", {"text": "nothing"})
        for each in (run, other):
            await parked(each, "human")
            await each.approve(by="lea")
            await each.result()
        found = await stage.platform.trace("https://bad.example")
        assert found.runs == {run.id: f"{run.id}/signal.news"}
        assert [(each.run, each.kind) for each in found.messages] == [
            (run.id, "question"),
            (run.id, "answer"),
        ]
        assert [each.objects for each in found.effects] == [("shelf/heard",)]
        by = await stage.platform.trace("principal:lea")
        assert set(by.runs) == {run.id, other.id}
        short = await stage.platform.trace(run.id[:-1])
        assert set(short.runs) == {run.id}, "a run may be shortened here as everywhere"
        for misspelt in ("r-nobody", "r-nobody/put", "tool:putt"):
            with pytest.raises(RemitError, match=r"there is no run|was ever seen here"):
                await stage.platform.trace(misspelt)
        for days in (0, -1, 2**70):
            with pytest.raises(InvalidInput, match="none that can be looked back"):
                await stage.platform.trace(run.id, days)
