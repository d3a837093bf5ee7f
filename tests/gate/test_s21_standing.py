"""What stands beside the rules when the gate decides: the rules a run was born under, those in force, what was revoked,
and what is only tried (S21).
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from remit import Agent
from remit.control import settings
from remit.control.authority.policy_in_force import archive_of, put_in_force
from remit.domain.decisions import AccessRequest, Outcome
from remit.domain.events import RunCreated, StepFailed
from remit.domain.policy_events import PolicyAdopted, PolicyKept, ShadowDiffered
from remit.engine.outside import team_stream
from remit.policy.loading import digest_of
from remit.store.database import Commit, Op
from remit.testing import ManualClock
from remit.testing.scripting import Script
from remit.testing.stage import stage
from tests.engine.places import events, parked
from tests.gate.desk import Bank, agent, desk, heard, write_policy

if TYPE_CHECKING:
    from remit.testing import Stage

PERMITS = '@id("everything") permit (principal, action, resource);\n'
REFUNDS = 'forbid (principal, action == Action::"call", resource == Tool::"refund")'
DENIES = f'@id("no-refunds") @remedy("ask lea") {REFUNDS};\n'
ASKS = f'@id("look") @ask("leads") {REFUNDS};\n'


async def team_events(on: Stage, kind: type[Any]) -> list[Any]:
    """What the team's stream says of this kind."""
    entries, _ = await on.platform.ground.log.read(team_stream("default"))
    return [entry.event for entry in entries if isinstance(entry.event, kind)]


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("migrated_dsn"))


async def test_s21_a_run_stays_under_the_rules_it_was_born_under(
    bank: Bank, script: Script, tmp_path: Path, database: str
) -> None:
    """A parked run wakes under milder rules: what its own forbade stays forbidden, in it and in no other."""

    clerk, told = agent(bank.refund()), list[str]()
    script(clerk).calls("refund", order="o-1")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "no")
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + ASKS, database=database) as on:
        run = await on.start("clerk", question="refund o-1")
        await parked(run, "human")
        on.die()
        write_policy(tmp_path, PERMITS)
        await on.up()
        assert bank.refunds == [], "the rule that asked is gone, and its question stands"
        await run.approve(by="lea")
        assert await run.result() == "no"
        assert len(bank.refunds) == 1
        born = (await events(on, run.id, RunCreated))[0].policy
        kept = {event.digest: event.files for event in await team_events(on, PolicyKept)}
        assert ASKS in kept[born]["policies/default.cedar"]
        assert [event.before for event in await team_events(on, PolicyAdopted)] == ["", born]


async def test_s21_what_the_rules_of_birth_deny_stays_denied(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk, told = agent(bank.refund()), list[str]()
    waits = ASKS.replace(";", " when { context.cents < 500 };")
    denies = f'@id("large") {REFUNDS} when {{ context.cents > 900 }};\n'
    script(clerk).calls("refund", order="o-1", cents=100).calls("refund", order="o-2", cents=1000)
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + waits + denies) as on:
        run = await on.start("clerk", question="refund")
        await parked(run, "human")
        on.die()
        write_policy(tmp_path, PERMITS)
        await on.up()
        await run.approve(by="lea")
        assert await run.result() == "done"
        assert [order for order, _, _ in bank.refunds] == ["o-1"]
        assert "as of" in told[-1]


async def test_s21_a_version_that_nobody_kept_denies_everything(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=100)
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + ASKS) as on:
        run = await on.start("clerk", question="refund")
        await parked(run, "human")
        born = (await events(on, run.id, RunCreated))[0].policy
        on.die()
        write_policy(tmp_path, PERMITS)
        await on.up(worker=False)
        ground = on.platform.ground
        archive = on.platform.parts.house.gate.parts.standing
        archive._archive._known.clear()  # pyright: ignore[reportPrivateUsage, reportOptionalMemberAccess]
        await forget(ground, born)
        await on.platform.start_worker()
        await run.approve(by="lea")
        with pytest.raises(Exception, match="nobody kept them"):
            await run.result()
        assert bank.refunds == []


async def test_s21_rules_that_come_into_force_between_entering_and_judging_are_no_surprise(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    """Every process sees other rules at a moment of its own, and a run waits in many places before it is judged."""
    async with desk(tmp_path, script, agents=[agent(bank.refund())], policy=PERMITS) as on:
        parts = on.platform.parts.house.gate.parts
        mild = parts.authority.files
        strict = {**mild, "policies/default.cedar": PERMITS + DENIES}
        standing, archive = parts.standing, archive_of(on.platform.ground)
        younger = await archive.keep(strict, 0)
        refund = parts.registry.find("refund")
        assert refund is not None
        request = AccessRequest(
            "owner", "default", "clerk", "call", "refund", {"digest": refund.manifest.digest},
            environment=parts.environment,
        )  # fmt: skip

        def outcome(run: str) -> Outcome:
            return standing.judge(request, 0, run=run).outcome

        await standing.enter(born("elder", standing.version))
        await standing.enter(born("younger", younger))  # another process goes by them already
        assert [outcome("elder"), outcome("younger")] == [Outcome.ALLOW, Outcome.DENY]
        parts.authority.adopt(strict)
        assert [outcome("elder"), outcome("younger")] == [Outcome.DENY, Outcome.DENY]
        assert standing.judge(request, 0, run="younger").reasons[0].rule == "no-refunds"
        await standing.enter(born("strict", standing.version))
        parts.authority.adopt(mild)
        assert outcome("elder") is Outcome.ALLOW, "what it was born under is in force again"
        assert outcome("strict") is Outcome.DENY, "milder rules came while it waited"
        assert "as of" in standing.judge(request, 0, run="strict").reasons[0].rule


async def test_s21_a_run_brings_the_rules_that_came_into_force_since_the_last_look(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    """Another process adopts rules and starts a run at once: no second passes before whoever carries it sees them."""
    async with desk(
        tmp_path, script, agents=[agent(bank.refund())], policy=PERMITS, clock=ManualClock()
    ) as on:
        ground, standing = on.platform.ground, on.platform.parts.house.gate.parts.standing
        archive, before = archive_of(ground), standing.version
        files = {**(await archive.files(before) or {}), "policies/default.cedar": PERMITS + ASKS}
        await put_in_force(ground, archive, files, await archive.in_force(), protected=False)
        assert standing.version == before
        await standing.enter(born("young", digest_of(files)))
        assert standing.version == digest_of(files)


def born(run: str, policy: str) -> Any:
    """As much of an execution as says which rules it was born under."""
    created = SimpleNamespace(policy=policy, warrant=None)
    return SimpleNamespace(
        row=SimpleNamespace(id=run), journal=SimpleNamespace(created=created), on_ground=nullcontext
    )


async def forget(ground: Any, digest: str) -> None:
    """Lose a version, as only a damaged database can."""
    from remit.store.databases.sqlite_driver import connect

    connection = connect(Path(ground.database.url.removeprefix("sqlite:///")))
    connection.execute("DELETE FROM policy_versions WHERE digest = ?", (digest,))
    connection.close()


async def test_a_revoked_right_is_denied_whatever_a_rule_says(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk, told = agent(bank.refund()), list[str]()
    script(clerk).calls("refund", order="o-1")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "no")
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS) as on:
        ground = on.platform.ground
        await ground.database.submit(
            Commit(ops=[Op("policy.revoke", ("default", "right", "agent:clerk/refund", 1, "ada"))])
        )
        await on.platform.parts.house.gate.parts.standing.look()
        run = await on.start("clerk", question="refund")
        assert await run.result() == "no"
        assert bank.refunds == []
        assert "was revoked" in told[0]
        (failed,) = await events(on, run.id, StepFailed)
        (reason,) = failed.detail["why"]["reasons"]
        assert (reason["rule"], bool(reason["remedies"])) == ("access-review", True)


async def test_a_right_that_nobody_confirmed_by_its_date_is_denied_where_the_settings_say_so(
    bank: Bank, script: Script, tmp_path: Path, database: str
) -> None:
    """Who may do what is shown; one agent is confirmed, one forgotten; the date passes; the forgotten one may not."""
    refund, clock = bank.refund(), ManualClock()
    clerk, temp = agent(refund), Agent("temp", prompt="You help out.", tools=[refund])
    for each, orders in ((clerk, ["o-1"]), (temp, ["o-2", "o-3", "o-4"])):
        for order in orders:
            script(each).calls("refund", order=order).says("done")
    (tmp_path / "remit.toml").write_text('[policy]\noverdue = "deny"\n')
    async with desk(
        tmp_path, script, agents=[clerk, temp], policy=PERMITS, database=database, clock=clock
    ) as on:
        platform = on.platform
        opened = await platform.open_review("2d")
        mine = ["agent:clerk/refund", "agent:temp/refund", "user:owner/refund"]
        assert [right for right in opened.open if right.endswith("/refund")] == mine
        await platform.review_rights([mine[0], mine[2]], "confirmed")
        assert await (await on.start("temp", question="refund")).result() == "done"
        assert len(bank.refunds) == 1, "until the date nothing changes"
        await clock.advance(2 * 86_400 + 1)
        await (await on.start("clerk", question="refund")).result()
        late = await on.start("temp", question="refund")
        await late.result()
        assert len(bank.refunds) == 2
        (failed,) = await events(on, late.id, StepFailed)
        (reason,) = failed.detail["why"]["reasons"]
        assert (reason["rule"], "was not confirmed by the date" in reason["text"]) == ("access-review", True)
        assert "remit policy review confirm agent:temp/refund" in reason["remedies"][0]
        answers = {view.right: view.answer for view in await platform.rights() if view.right in mine}
        assert answers == {mine[0]: "may", mine[1]: "overdue", mine[2]: "may"}
        await platform.review_rights([mine[1]], "confirmed")
        await (await on.start("temp", question="refund")).result()
        assert len(bank.refunds) == 3, "confirmed late is confirmed"


async def test_rules_on_trial_change_nothing_and_tell_where_they_differ(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    trial = tmp_path / "trial"
    trial.mkdir()
    (trial / "main.cedar").write_text(PERMITS + DENIES)
    (tmp_path / "remit.toml").write_text('[policy]\nshadow = "trial"\n')
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1").calls("refund", order="o-2").says("done")
    write_policy(tmp_path, PERMITS)
    async with stage(workspace=tmp_path, agents=[clerk], script=script, chosen=settings.load(tmp_path)) as on:
        run = await on.start("clerk", question="refund")
        assert await run.result() == "done"
        assert len(bank.refunds) == 2
        shadow = on.platform.parts.house.gate.parts.standing.shadow
        assert shadow is not None
        await shadow.settle()
        assert shadow.judged >= 2
        told = await team_events(on, ShadowDiffered)
        assert {(each.resource, each.answer, each.other, each.rule) for each in told} == {
            ("refund", "allow", "deny", "no-refunds")
        }
        assert sum(each.times for each in told) == 2
        (view,) = await on.platform.shadow_differences()
        assert (view.times, view.other) == (2, "deny")
