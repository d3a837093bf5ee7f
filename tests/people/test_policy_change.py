"""Rules that one person alone may not change: an edited file is not in force until somebody else agreed to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from remit.control import settings
from remit.control.platform import Platform
from remit.control.policy_life.proposing import PolicyChange
from remit.control.settings import PolicySettings, Settings
from remit.control.upkeep.checking import check
from remit.domain.people_errors import ApprovalConsumed, OwnRequest
from remit.domain.policy_errors import LockedOut
from tests.gate.desk import write_policy

BASE = '@id("tools") permit (principal, action == Action::"call", resource);\n'
MORE = '@id("more") @ask("leads") forbid (principal, action, resource is Tool) when { resource.effect == "write" };\n'
GUARDED = '@id("guarded") @protected forbid (principal, action == Action::"egress", resource);\n'


class Workspace:
    """A workspace with two admins, as each of them opens it."""

    def __init__(self, folder: Path, database: str, protect: str) -> None:
        self.folder, self.database, self.protect = folder, database, protect
        self.keys: dict[str, str] = {}

    @property
    def chosen(self) -> Settings:
        return replace(settings.load(self.folder), policy=PolicySettings(protect=self.protect))

    @asynccontextmanager
    async def as_(self, name: str = "") -> AsyncGenerator[Platform]:
        """As somebody opens it, in a process of its own."""
        async with Platform.open(
            self.folder, database=self.database, worker=False, chosen=self.chosen, key=self.keys.get(name, "")
        ) as platform:
            yield platform

    async def hire(self) -> None:
        """Two admins and nobody else."""
        async with self.as_() as platform:
            _, key = await platform.add_person("ada", ["admin"])
            assert key is not None
            self.keys["ada"] = key.key
        async with self.as_("ada") as platform:
            _, key = await platform.add_person("bob", ["admin"])
            assert key is not None
            self.keys["bob"] = key.key

    async def version(self) -> str:
        """What a new process goes by."""
        async with self.as_("ada") as platform:
            return platform.parts.house.gate.parts.authority.version


@pytest.fixture
async def place(tmp_path: Path, database: str) -> Workspace:
    """With rules, and two people who may change them."""
    (tmp_path / "remit.toml").write_text("")
    write_policy(tmp_path, BASE)
    made = Workspace(tmp_path, database, "always")
    await made.hire()
    return made


async def propose(place: Workspace, name: str, text: str, *, unprotect: bool = False) -> PolicyChange:
    write_policy(place.folder, text)
    async with place.as_(name) as platform:
        return await platform.propose_policy(unprotect=unprotect)


async def test_an_edited_file_counts_when_somebody_else_agreed(place: Workspace) -> None:
    before = await place.version()
    made = await propose(place, "ada", BASE + MORE)
    assert made.status == "proposed"
    assert any(line.startswith('+@id("more")') for line in made.changes)
    assert await place.version() == before, "a restart does not put it into force"
    async with place.as_("ada") as platform:
        with pytest.raises(OwnRequest):
            await platform.approve(made.proposal)
    async with place.as_("bob") as watching:
        running = watching.parts.house.gate.parts
        assert running.authority.version == before
        await watching.approve(made.proposal)
        await running.standing.look()
        assert running.authority.version == made.digest, "a process that runs goes by it, too"
    assert await place.version() == made.digest


async def test_of_two_proposals_the_second_finds_other_rules_in_force(place: Workspace) -> None:
    one = await propose(place, "ada", BASE + MORE)
    other = await propose(place, "ada", BASE + GUARDED)
    async with place.as_("bob") as platform:
        await platform.approve(one.proposal)
        with pytest.raises(ApprovalConsumed):
            await platform.approve(other.proposal)
    assert await place.version() == one.digest


async def test_protection_is_taken_away_by_two_and_not_by_a_setting(place: Workspace) -> None:
    before = await place.version()
    place.protect = "never"
    assert (await propose(place, "ada", BASE + MORE)).status == "proposed"
    assert await place.version() == before
    made = await propose(place, "ada", BASE + MORE, unprotect=True)
    assert made.status == "proposed"
    async with place.as_("bob") as platform:
        await platform.approve(made.proposal)
    write_policy(place.folder, BASE)
    assert await place.version() != made.digest, "now the folder counts again"


async def test_a_protected_rule_is_not_removed_by_one_person_wherever_it_is(
    tmp_path: Path, database: str
) -> None:
    (tmp_path / "remit.toml").write_text("")
    write_policy(tmp_path, BASE + GUARDED)
    place = Workspace(tmp_path, database, "never")
    await place.hire()
    before = await place.version()
    write_policy(tmp_path, BASE)
    assert await place.version() == before
    write_policy(tmp_path, BASE + GUARDED + MORE)
    assert await place.version() != before, "others may be added"


async def test_rules_that_lock_everybody_out_are_refused_with_the_way_back(place: Workspace) -> None:
    (place.folder / "policies" / "people.cedar").write_text(
        '@id("none") permit (principal, action == Action::"list", resource);\n'
    )
    async with place.as_("ada") as platform:
        with pytest.raises(LockedOut, match="nobody could change the rules any more") as refused:
            await platform.propose_policy()
        assert "break-glass" in refused.value.hint
    report = await check(place.folder, Settings(code=(), database=place.database))
    (said,) = [each for each in report.problems if "nobody could change the rules" in each.message]
    assert (said.severity, "break-glass" in said.remedy) == ("error", True)


async def test_unprotected_rules_that_lock_everybody_out_do_not_start(tmp_path: Path, database: str) -> None:
    (tmp_path / "remit.toml").write_text("")
    write_policy(tmp_path, BASE)
    place = Workspace(tmp_path, database, "never")
    await place.hire()
    (tmp_path / "policies" / "people.cedar").unlink()
    with pytest.raises(LockedOut):
        await place.version()
