"""Recalling a bad source: everything that descends from it is found, across runs and memory, and taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from remit.engine.flow import flow
from remit.policy.containment.tracing import Fact, FactKind, descent
from remit.testing.scripting import Script
from remit.tools.tool import tool
from tests.containment.shelf import Shelf
from tests.gate.desk import desk

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
