"""Memory, on both stores: it says what was said last, within its scope, its bounds and its time; rules decide; labels
stay; an item that two processes write is never written over unseen.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remit import Agent, Integrity, Label, Run, flow
from remit.domain import memory as bounds
from remit.domain.errors import RunFailed
from remit.domain.events import StepDone, StepFailed
from remit.domain.memory import label_of, plain_label
from remit.gate.receipts import receipts_of
from remit.testing import ManualClock, Stage
from remit.testing.scripting import Script
from remit.testing.stage import stage
from tests.engine.places import Place, events, parked
from tests.gate.desk import ALL_ALLOWED, heard, write_policy
from tests.knowledge.flows import FLOWS, act, keep, leak, look, remembered, result
from tests.samples import samples

KEYS = st.sampled_from(["address", "note", "b c"])
VALUES = st.sampled_from(["elm street", "oak", "elm tree", ""])
ONE = st.one_of(
    st.tuples(st.just("remember"), KEYS, VALUES),
    st.tuples(st.just("forget"), KEYS),
    st.tuples(st.just("forget all"), st.sampled_from(["elm", "street elm", "oak", "address"])),
)
RUNS = st.lists(st.lists(ONE.map(list), max_size=4), max_size=4)
_few = settings(
    max_examples=samples(5), deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


def expected(runs: list[list[list[str]]]) -> dict[str, str]:
    """The same with a plain dict."""
    known: dict[str, str] = {}
    for name, key, *more in (each for run in runs for each in run):
        if name == "remember":
            known[key] = more[0]
        elif name == "forget":
            known.pop(key, None)
        else:
            gone = [one for one, value in known.items() if set(key.split()) <= {*one.split(), *value.split()}]
            for one in gone:
                del known[one]
    return known


@_few
@given(runs=RUNS)
async def test_memory_says_what_was_said_last(runs: list[list[list[str]]], place: Place) -> None:
    async with place.stage(*FLOWS) as made:
        await result(made, "act", ops=[["forget all", word] for word in ("address", "note", "b", "later")])
        for ops in runs:
            run = await made.start(act, ops=ops)
            await run.result()
            assert (await made.platform.replay(run.id)).verdict == "equal"
        assert await remembered(made) == {f"user:owner/{key}": value for key, value in expected(runs).items()}


async def test_each_scope_is_its_own(place: Place) -> None:
    write_policy(place.folder, ALL_ALLOWED)
    async with place.stage(*FLOWS) as made:
        for scope in ("user", "team", "agent:triage", "user:lea", "run"):
            await result(made, "keep", key="k", value=scope, scope=scope)
        known = await remembered(made)
        run = next(name for name in known if name.startswith("run:"))
        assert known == {
            "user:owner/k": "user", "team:default/k": "team", "agent:triage/k": "agent:triage",
            "user:lea/k": "user:lea", run: "run",
        }  # fmt: skip
        assert [item.value for item in await result(made, "look", scope="team")] == ["team"]
        assert await result(made, "look", scope="run") == []
        for scope, said in (("run:r-1", "another run"), ("team:x", "another team"), ("tam", "no memory")):
            with pytest.raises(RunFailed, match=said):
                await result(made, "look", scope=scope)


async def test_what_makes_no_sense_is_refused_in_words(place: Place) -> None:
    huge = "x" * bounds.LARGEST_VALUE
    async with place.stage(*FLOWS) as made:
        for given_, said in (
            ({"key": "", "value": 1}, "one line"),
            ({"key": "x" * 201, "value": 1}, "200 characters"),
            ({"key": "a\nb", "value": 1}, "one line"),
            ({"key": "k", "value": huge}, "64 KiB"),
            ({"key": "k", "value": 1, "ttl": 0}, "at once"),
            ({"key": "k", "value": 1, "ttl": -5}, "at once"),
        ):
            with pytest.raises(RunFailed, match=said):
                await result(made, "keep", **given_)
        for limit in (0, 101):
            with pytest.raises(RunFailed, match="between 1 and 100"):
                await result(made, "look", limit=limit)
        with pytest.raises(RunFailed, match="is no agent"):
            await result(made, "look", scope="agent")
        assert await remembered(made) == {}


async def test_a_full_memory_takes_no_more_and_says_what_to_do(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remit.gate.memory.passage.MOST_ITEMS", 3)
    async with place.stage(*FLOWS) as made:
        await result(made, "act", ops=[["remember", key, "v"] for key in "abc"])
        with pytest.raises(RunFailed, match="at most"):
            await result(made, "keep", key="d", value="v")
        await result(made, "keep", key="c", value="another")  # what is there may change
        await result(made, "act", ops=[["forget", "a"], ["remember", "d", "v"]])
        assert sorted(await remembered(made)) == ["user:owner/b", "user:owner/c", "user:owner/d"]
        monkeypatch.setattr("remit.gate.memory.passage.MOST_ITEMS", 99)
        monkeypatch.setattr("remit.gate.memory.passage.MOST_BYTES", 900)
        with pytest.raises(RunFailed, match="at most"):
            await result(made, "keep", key="e", value="v" * 900)


async def test_what_has_expired_is_not_there_and_leaves_the_disk(place: Place) -> None:
    clock = ManualClock()
    async with place.stage(*FLOWS, clock=clock) as made:
        await result(made, "keep", key="short", value=1, ttl=60.0)
        await result(made, "keep", key="long", value=2)
        clock.leap(61)
        assert [item.key for item in await result(made, "look")] == ["long"]
        assert list(await remembered(made)) == ["user:owner/long"]
        rows = await made.platform.ground.database.fetch("memory.of_team", "default", "", 10)
        assert len(rows) == 2
        await made.down()
        await made.up()
        rows = await made.platform.ground.database.fetch("memory.of_team", "default", "", 10)
        assert len(rows) == 1
        await result(made, "keep", key="short", value=3)
        assert (await remembered(made))["user:owner/short"] == 3


async def test_labels_are_kept_and_a_lost_one_is_trusted_by_nobody(place: Place) -> None:
    async with place.stage(*FLOWS) as made:
        await result(made, "keep", key="sure", value=1, sure=True)
        run = await made.start(keep, key="plain", value=2)
        await run.result()
        found = {item.key: Label(item.label.integrity, item.label.readers)
                 for item in await result(made, "look")}  # fmt: skip
        assert found["sure"] == Label(Integrity.ENDORSED, None, ())
        assert found["plain"].integrity is Integrity.UNTRUSTED
        view = await made.platform.memory("user", "plain")
        assert (view.readers, view.sources) == (("provider:*", "team:default"), (f"flow:keep@{run.id}",))
        both = await made.start(look)
        await both.result()
        label = (await events(made, both.id, StepDone))[0].detail["label"]
        assert (label["integrity"], label["readers"], label["source"]) == (
            "U",
            ["provider:*", "team:default"],
            "memory:user:owner",
        )


@given(
    integrity=st.sampled_from(list(Integrity)),
    readers=st.none() | st.frozensets(st.text(max_size=5), max_size=3),
    sources=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    broken=st.sampled_from(["", "integrity", "readers", "sources"]),
)
def test_a_label_comes_back_as_it_was_or_as_unknown(
    integrity: Integrity, readers: frozenset[str] | None, sources: tuple[str, ...], broken: str
) -> None:
    label = Label(integrity, readers, sources)
    plain = plain_label(label)
    assert label_of(plain) == label
    if broken:
        assert label_of({name: value for name, value in plain.items() if name != broken}) == Label()
        assert label_of(plain | {broken: [7]}) == Label()


async def test_rules_decide_who_remembers_what_where(place: Place) -> None:
    rules = ALL_ALLOWED + (
        '@id("read-only") forbid (principal, action == Action::"memory", resource) '
        'when { resource.scope == "team" && context.operation != "recall" };\n'
        '@id("looked-at") @ask("leads") forbid (principal, action == Action::"memory", resource) '
        'when { resource.scope == "user" && context.operation == "forget" };\n'
    )
    write_policy(place.folder, rules)
    async with place.stage(*FLOWS) as made:
        assert await result(made, "look", scope="team") == []
        with pytest.raises(RunFailed, match="may not use the memory team:default"):
            await result(made, "keep", key="k", value=1, scope="team")
        await result(made, "keep", key="k", value=1)
        run = await made.start(act, ops=[["forget", "k"]])
        await parked(run, "human")
        await made.crash_and_restart()
        assert len(await remembered(made)) == 1
        await run.reject("keep it", by="lea")
        with pytest.raises(RunFailed, match="did not agree"):
            await run.result()
        run = await made.start(act, ops=[["forget", "k"]])
        await parked(run, "human")
        await run.approve(by="lea")
        assert await run.result() == [["k"]]
        assert await remembered(made) == {}


async def test_s28_a_reviewer_may_change_what_is_remembered_and_becomes_a_source(place: Place) -> None:
    asks = '@id("looked-at") @ask("leads") forbid (principal, action == Action::"memory", resource);\n'
    write_policy(place.folder, ALL_ALLOWED + asks)
    async with place.stage(*FLOWS) as made:
        run = await made.start(keep, key="limit", value=900)
        await parked(run, "human")
        item = (await made.platform.inbox())[0]
        assert item.value["arguments"] == {"key": "limit", "value": 900}
        await run.approve({**item.value, "arguments": {"key": "limit", "value": 200}}, by="lea")
        assert (await run.result()).value == 200
        view = await made.platform.memory("user", "limit")
        assert (view.value, view.sources[-1]) == (200, "user:lea")
        edited = (await events(made, run.id, StepDone))[0].detail["edited"]
        assert (edited["by"], edited["asked"]["value"]) == ("lea", 900)


async def test_the_default_policy_keeps_memories_apart(place: Place) -> None:
    async with place.stage(*FLOWS) as made:
        await result(made, "keep", key="k", value=1)
        await result(made, "keep", key="k", value=1, scope="team")
        for scope in ("user:bob", "agent:triage"):
            with pytest.raises(RunFailed, match="no rule lets"):
                await result(made, "look", scope=scope)


async def test_two_agents_of_a_team_share_what_is_the_teams_and_nothing_else(
    place: Place, script: Script
) -> None:
    first = Agent("first", prompt="You note.", memory=("agent", "team"))
    second = Agent("second", prompt="You read.", memory=("agent", "team", "user"))
    told: list[str] = []
    script(first).calls("remember", key="motto", value="be kind", scope="team")
    script(first).calls("remember", key="secret plan", value="nap", scope="agent").says("noted")
    for scope in ("team", "agent", "user"):
        script(second).calls("recall", scope=scope)
    script(second).plays(lambda scene: told.extend(heard(scene)) or "read")
    async with stage(
        workspace=place.folder, database=place.database, agents=[first, second], script=script
    ) as made:
        run = await made.start("first", question="note")
        await run.result()
        await result(made, "second", question="read")
        assert told == ['[{"key":"motto","trust":"untrusted","value":"be kind"}]', "[]", "[]"]
        view = await made.platform.memory("team", "motto")
        assert view.sources == (f"model:first@{run.id}/first",)
        assert (await made.platform.replay(run.id)).verdict == "equal"


async def test_a_model_is_offered_what_it_may_use_and_refused_everything_else(
    place: Place, script: Script
) -> None:
    write_policy(place.folder, ALL_ALLOWED + (
        '@id("no-team") forbid (principal, action == Action::"memory", resource) when { resource.scope == "team" };\n'
        '@id("no-forget") forbid (principal, action == Action::"memory", resource) '
        'when { context.operation == "forget" };\n'
    ))  # fmt: skip
    agent = Agent("clerk", prompt="You note.", memory=("user", "team"))
    seen: list[Any] = []
    script(agent).plays(lambda scene: seen.extend(scene.request.tools) or "looked")
    for name, given_ in (
        ("remember", {"key": "k", "value": "v", "scope": "team"}),
        ("remember", {"key": "k", "value": "v", "scope": "user:bob"}),
        ("remember", {"key": "k", "value": 7, "scope": "user"}),
        ("forget", {"key": "k"}),
        ("recall", {"scope": "user", "limit": 99}),
    ):
        script(agent).calls(name, **given_)
    told: list[str] = []
    script(agent).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with stage(workspace=place.folder, database=place.database, agents=[agent], script=script) as made:
        assert await result(made, "clerk", question="look") == "looked"
        assert [(tool.name, tool.parameters["properties"]["scope"]["enum"]) for tool in seen] == [
            ("remember", ["user"]), ("recall", ["user"]),
        ]  # fmt: skip
        run = await made.start("clerk", question="try")
        assert await run.result() == "done"
        assert await remembered(made) == {}
        assert [said.split(".")[0] for said in told] == [
            'remember cannot be used for the scope "team"', 'remember cannot be used for the scope "user:bob"',
            "remember takes texts only", 'there is no tool "forget"', "recall was not called as it can be: 'limit'",
        ]  # fmt: skip
        assert len(await events(made, run.id, StepFailed)) == 5


async def test_no_secret_is_remembered(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_TOKEN", "canary-4711-canary")
    (place.folder / "secrets.toml").write_text('[secrets.crm]\nbackend = "env"\nname = "CRM_TOKEN"\n')
    async with place.stage(*FLOWS) as made:
        run = await made.start(leak)
        with pytest.raises(RunFailed, match='the secret "crm"'):
            await run.result()
        assert await remembered(made) == {}
        assert "canary" not in str(await events(made, run.id))


async def test_s21_an_agent_is_pinned_to_the_memory_it_was_offered(place: Place, script: Script) -> None:
    agent = Agent("clerk", prompt="You note.", memory=("user", "team"))
    asks = '@id("looked-at") @ask("leads") forbid (principal, action == Action::"memory", resource);\n'
    write_policy(place.folder, ALL_ALLOWED + asks)
    script(agent).calls("remember", key="k", value="v", scope="user")
    script(agent).calls("recall", scope="team").says("done")
    async with stage(workspace=place.folder, database=place.database, agents=[agent], script=script) as made:
        run = await made.start("clerk", question="note")
        await parked(run, "human")
        made.die()
        deny = '@id("no-team") forbid (principal, action == Action::"memory", resource == Memory::"team:default");\n'
        write_policy(place.folder, ALL_ALLOWED + deny)
        await made.up()
        await run.approve(by="lea")
        assert await run.result() == "done"  # the same offer, another answer
        assert (await events(made, run.id, StepFailed))[0].error == "denied"
        assert (await made.platform.replay(run.id)).verdict == "equal"


async def test_s20_two_processes_never_write_over_what_they_have_not_seen(place: Place) -> None:
    async with place.stage(*FLOWS) as one, place.stage(*FLOWS) as other:
        runs = [
            await made.start(
                act, ops=[["remember", "k", f"{n}{made is one}{m}"] for m in range(3)], scope="team"
            )
            for n in range(6)
            for made in (one, other)
        ]
        await asyncio.gather(*(run.result() for run in runs))
        links = await _links(one, [run.id for run in runs])
        last = (await remembered(one))["team:default/k"]
    at, chain = None, 0
    while at in links:
        at, chain = links[at], chain + 1
    assert (at, chain) == (last, 36)  # from nothing to the last value, each on what the one before it wrote


async def _links(stage_: Stage, runs: list[str]) -> dict[Any, Any]:
    """What each write made of what it found."""
    found: dict[Any, Any] = {}
    for run in runs:
        for receipt in await receipts_of(stage_.platform.ground.log, run):
            for image in receipt.images:
                before = image.before and image.before["value"]
                assert before not in found, "two writes took the same value for the last one"
                found[before] = image.after["value"]
    return found


async def test_a_delegate_has_no_memory_that_its_principal_lacks(place: Place, script: Script) -> None:
    helper = Agent("helper", prompt="You help.", memory=("agent", "team", "user"))
    lead = Agent("lead", prompt="You lead.", memory=("user", "run"), delegates=[helper])
    seen: list[Any] = []
    script(lead).calls("helper", task="look").says("done")
    script(helper).plays(lambda scene: seen.extend(scene.request.tools) or "looked")
    async with stage(
        workspace=place.folder, database=place.database, agents=[lead, helper], script=script
    ) as made:
        await result(made, "lead", question="go")
    assert {scope for each in seen for scope in each.parameters["properties"]["scope"]["enum"]} == {"user"}


async def test_the_gate_refuses_a_scope_that_an_actor_was_not_given(place: Place) -> None:
    agent = Agent("clerk", prompt="You note.", memory=("user",))

    @flow
    async def sly(run: Run) -> None:
        """Act as an agent, with a scope that it does not have."""
        actor = run.actor.lets("clerk", frozenset(), None, None, agent.memory)
        await run.acting(actor).remember("k", 1, scope="team")

    async with place.stage(sly) as made:
        with pytest.raises(RunFailed, match="was not given the memory of the team"):
            await result(made, "sly")
