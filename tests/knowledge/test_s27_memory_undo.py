"""Undo of what was remembered and forgotten: it is as it was before the run, whatever the run did and wherever the
process died; what a stranger wrote since is never written over, and named with all three states (S27).
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remit.domain.errors import RunFailed
from remit.domain.memory import MOST_FORGOTTEN
from remit.testing import Stage
from remit.testing.crash import crash_at
from tests.engine.places import Place, events
from tests.gate.desk import ALL_ALLOWED, write_policy
from tests.knowledge.flows import FLOWS, act, keep, remembered, result
from tests.knowledge.test_memory import ONE
from tests.samples import samples

OPS = st.lists(ONE.map(list), max_size=5)
POINTS = ("segment.loaded", "step.before", "step.performed", "step.recorded", "end.before")
_few = settings(
    max_examples=samples(5), deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


async def clear(made: Stage) -> None:
    """Nothing is remembered."""
    await result(made, "act", ops=[["forget", key] for key in ("address", "note", "b c")])


@_few
@given(
    before=OPS, ops=OPS, point=st.sampled_from(["", *POINTS]), after=st.integers(0, 3), in_undo=st.booleans()
)
async def test_s27_any_writes_are_taken_back_wherever_the_process_dies(
    before: Any, ops: Any, point: str, after: int, in_undo: bool, place: Place
) -> None:
    async with place.stage(*FLOWS) as made:
        await clear(made)
        await result(made, "act", ops=before)
        there = await made.platform.memories()
        first = "" if in_undo else point
        run, done = await dying(made, first, after, "act", ops=ops)
        assert len(done) == len(ops)
        undo, told = await dying(made, point if in_undo else "", after, "remit.undo", target=run)
        assert told["left"] == []
        assert content(await made.platform.memories()) == content(there)
        for each in (run, undo):
            assert (await made.platform.replay(each)).verdict == "equal"


@_few
@given(before=OPS, ops=OPS, stranger=OPS)
async def test_s27_a_strangers_write_is_never_written_over(
    before: Any, ops: Any, stranger: Any, place: Place
) -> None:
    async with place.stage(*FLOWS) as made:
        await clear(made)
        await result(made, "act", ops=before)
        was = content(await made.platform.memories())
        run = await made.start(act, ops=ops)
        await run.result()
        mid = content(await made.platform.memories())
        await result(made, "act", ops=stranger)
        now = content(await made.platform.memories())
        told = await result(made, "remit.undo", target=run.id)
        after = content(await made.platform.memories())
        left = {each["object"].removeprefix("memory:user:owner/") for each in told["left"]}
        for key in ("address", "note", "b c"):
            if now.get(key) != mid.get(key):
                assert after.get(key) == now.get(key), "what the stranger wrote stays"
            elif key not in left:
                assert after.get(key) == was.get(key), "what only the run wrote is back"


def content(views: Any) -> dict[str, Any]:
    """What undo answers for: value, label and expiry, by key."""
    return {
        each.key: (each.value, each.integrity, each.readers, each.sources, each.expires) for each in views
    }


async def test_s27_a_strangers_write_stops_it_with_the_three_states(place: Place) -> None:
    async with place.stage(*FLOWS) as made:
        await result(made, "keep", key="address", value="before")
        run = await made.start(keep, key="address", value="ours")
        await run.result()
        stranger = await made.start(keep, key="address", value="theirs")
        await stranger.result()
        left = (await result(made, "remit.undo", target=run.id))["left"][0]
        assert f"{stranger.id} wrote it since" in left["why"]
        assert left["difference"][0] == {
            "field": "value",
            "before": "before",
            "after": "ours",
            "now": "theirs",
        }
        assert await remembered(made) == {"user:owner/address": "theirs"}
        assert (await result(made, "remit.undo", target=stranger.id))["left"] == []
        assert (await result(made, "remit.undo", target=run.id))["left"] == []
        assert await remembered(made) == {"user:owner/address": "before"}
        again = await result(made, "remit.undo", target=run.id)
        assert again["left"] == []  # it is so already


async def test_s27_a_label_goes_back_with_its_value(place: Place) -> None:
    async with place.stage(*FLOWS) as made:
        await result(made, "keep", key="k", value="same", sure=True)
        run = await made.start(keep, key="k", value="same")
        await run.result()
        assert (await made.platform.memory("user", "k")).integrity == "untrusted"
        await result(made, "remit.undo", target=run.id)
        view = await made.platform.memory("user", "k")
        assert (view.integrity, view.readers, view.sources) == ("endorsed", None, ("crm",))


async def test_s27_what_a_person_forgot_by_command_comes_back(place: Place) -> None:
    async with place.stage(*FLOWS) as made:
        await result(made, "act", ops=[["remember", key, "late parcel"] for key in ("a", "b", "c")])
        there = content(await made.platform.memories())
        handle = await made.platform.forget("user", matching="parcel late")
        assert sorted(await handle.result()) == ["a", "b", "c"]
        assert await remembered(made) == {}
        preview = await made.platform.undo_preview(handle.id)
        assert [(each.possible, each.exact) for each in preview] == [(True, True)] * 3
        assert await remembered(made) == {}
        assert (await result(made, "remit.undo", target=handle.id))["left"] == []
        assert content(await made.platform.memories()) == there


async def test_s27_a_rule_decides_about_undo_too(place: Place) -> None:
    deny = '@id("no-undo") forbid (principal, action == Action::"undo", resource);\n'
    write_policy(place.folder, ALL_ALLOWED + deny)
    async with place.stage(*FLOWS) as made:
        run = await made.start(keep, key="k", value=1)
        await run.result()
        told = await result(made, "remit.undo", target=run.id)
        assert "may not undo" in told["left"][0]["why"]
        assert await remembered(made) == {"user:owner/k": 1}


async def test_one_query_forgets_so_much_and_no_more(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_FORGOTTEN == 1_000
    monkeypatch.setattr("remit.gate.memory.passage.MOST_FORGOTTEN", 2)
    async with place.stage(*FLOWS) as made:
        await result(made, "act", ops=[["remember", key, "word"] for key in "abc"])
        with pytest.raises(RunFailed, match="forgets 2 at most"):
            await result(made, "act", ops=[["forget all", "word"]])
        assert len(await remembered(made)) == 3


async def dying(made: Stage, point: str, after: int, name: str, **given_: Any) -> tuple[str, Any]:
    """Run it to its end, over one death at this point if it comes to it; gives its id and result."""
    if not point:
        run = await made.start(name, **given_)
        return run.id, await run.result()
    died = asyncio.Event()

    def die() -> None:
        made.die()
        died.set()

    with crash_at(point, die, after=after):
        run = await made.start(name, **given_)
        ending = asyncio.ensure_future(run.result())
        dead = asyncio.ensure_future(died.wait())
        await asyncio.wait({ending, dead}, return_when=asyncio.FIRST_COMPLETED)
        for each in (ending, dead):
            each.cancel()
        await asyncio.gather(ending, dead, return_exceptions=True)
    if died.is_set():
        await made.up()
    return run.id, await run.result()


async def test_s27_what_became_a_secret_since_is_kept_by_no_receipt(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_TOKEN", "canary-0815-canary")
    async with place.stage(*FLOWS) as made:
        await result(made, "keep", key="token", value="canary-0815-canary")
    (place.folder / "secrets.toml").write_text('[secrets.crm]\nbackend = "env"\nname = "CRM_TOKEN"\n')
    async with place.stage(*FLOWS) as made:
        run = await made.start(keep, key="token", value="none")
        await run.result()
        assert "canary" not in str(await events(made, run.id))
        assert [
            (each.possible, "secret" in each.why) for each in await made.platform.undo_preview(run.id)
        ] == [(False, True)]
        assert "secret" in (await result(made, "remit.undo", target=run.id))["left"][0]["why"]
