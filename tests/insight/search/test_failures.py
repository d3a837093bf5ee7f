"""Failures are told by what kind they are: the same kind has the same name for ever, whatever order they come in;
within a kind by what was said.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from remit import Run, flow
from remit.control.observing.wiring import projector_of
from remit.domain.errors import RemitError
from remit.insight.texts import alike, masked
from remit.testing import ManualClock, stage
from tests.engine.conftest import on_postgres, on_sqlite, opened, place
from tests.insight.search.test_search import fails, says
from tests.samples import samples

if TYPE_CHECKING:
    from remit.testing import Stage
    from tests.engine.places import Place

__all__ = ["on_postgres", "on_sqlite", "opened", "place"]
_DAY = 24 * 3600


@flow
async def fails_too(run: Run, words: str) -> None:
    """Comes to nothing as well."""
    raise KeyError(words)


async def _fail(on: Stage, which: object, *said: str) -> list[str]:
    runs: list[str] = []
    for words in said:
        run = await on.start(which, words=words)  # pyright: ignore[reportArgumentType] - one of two flows
        with suppress(RemitError):
            await run.result()
        runs.append(run.id)
    return runs


async def test_failures_have_names_sizes_trends_and_texts(place: Place) -> None:
    clock = ManualClock()
    async with stage(
        fails, fails_too, says, workspace=place.folder, database=place.database, clock=clock
    ) as on:
        await _fail(on, fails, "no parcel 1")
        await clock.advance(8 * _DAY)
        late = await _fail(on, fails, "no parcel 22", "no parcel 333", "the depot is closed")
        await _fail(on, fails_too, "x")
        await (await on.start(says, words=["well"])).result()
        found = await on.platform.searching.failures("7d")
        by_flow = {each.flow: each for each in found.groups}
        assert set(by_flow) == {"fails", "fails_too"}
        first = by_flow["fails"]
        assert found.groups[0] is first
        assert (first.runs, first.before, first.trend, first.read) == (3, 1, "rising", 3)
        assert [(each.text, each.runs) for each in first.texts] == [
            ("no parcel <n>", 2), ("the depot is closed", 1),
        ]  # fmt: skip
        assert set(first.latest) == set(late)
        assert by_flow["fails_too"].trend == "new"
        assert (await on.platform.searching.why(late[0])).group == first.name
        await projector_of(on.platform.ground).rebuild()
        assert await on.platform.searching.failures("7d") == found
        assert [
            each.flow for each in (await on.platform.searching.failures("7d", flow="fails_too")).groups
        ] == ["fails_too"]


def test_what_differs_each_time_is_masked() -> None:
    assert masked("order 4812 of ana@example.org at https://x.example/?id=7 failed after 3.5 s") == (
        "order <n> of <mail> at <url> failed after <n> s"
    )
    assert masked('no "blue one" in r-01m7zrp7z0pq3nt4, see 3fa85f64-5717-4562-b3fc-2c963f66afa6') == (
        "no <text> in <id>, see <id>"
    )


@settings(max_examples=samples(40), deadline=None)
@given(
    st.permutations(
        [("a", "no parcel 1"), ("b", "no parcel 2"), ("c", "closed"), ("d", "no more parcel 3 at all now")]
    )
)
def test_groups_do_not_depend_on_the_order(texts: list[tuple[str, str]]) -> None:
    assert alike(texts) == [
        ("no parcel <n>", ["a", "b"]),
        ("closed", ["c"]),
        ("no more parcel <n> at all now", ["d"]),
    ]
