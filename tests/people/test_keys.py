"""Users and keys: a workspace needs none at first; from the first user on nobody decides without a key that lives."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.control.office import Office
from remit.domain.errors import InvalidName, WrongState
from remit.domain.people import new_key
from remit.domain.people_errors import (
    KeyExpired,
    KeyNeeded,
    KeyRevoked,
    KeyUnknown,
    LastAdmin,
    NotAllowed,
    PersonDisabled,
    UnknownPerson,
)
from remit.domain.people_events import GlassBroken, KeyMade, PersonAdded
from remit.domain.policy_events import LimitsAdopted, PolicyAdopted, PolicyKept
from remit.engine.outside import team_stream
from remit.testing import ManualClock, stage
from remit.testing.scripting import Script
from tests.people.crew import crew

_RULES = (PolicyKept, PolicyAdopted, LimitsAdopted)
"""What every first start says about rules and limits."""

DAY = 86_400


async def test_the_first_user_is_an_admin_and_ends_the_time_without_keys(
    database: str, tmp_path: Path
) -> None:
    async with stage(workspace=tmp_path, database=database, worker=False) as made:
        owner = made.platform
        for roles, service in ((["reviewer"], False), (["admin"], True)):
            with pytest.raises(NotAllowed, match="first user has to be an admin"):
                await owner.add_person("ada", roles, service=service)
        _, key = await owner.add_person("ada", ["admin"])
        assert key is not None
        assert (tmp_path / "policies" / "people.cedar").exists()
        with pytest.raises(KeyNeeded, match="needs a key"):
            await owner.add_person("bob", ["reviewer"])
        ada = await owner.acting_as(key.key)
        await ada.add_person("bob", ["reviewer"])
        assert [(each.id, each.roles, each.created_by) for each in await owner.people()] == [
            ("ada", ["admin"], "owner"), ("bob", ["reviewer"], "ada"),
        ]  # fmt: skip
        log, _ = await owner.ground.log.read(team_stream("default"))
        kinds = [type(each.event) for each in log if not isinstance(each.event, _RULES)]
        assert kinds == [PersonAdded, KeyMade, PersonAdded, KeyMade]
        assert key.key.split("_", 2)[2] not in repr(log), "a secret in the log"


async def test_a_secret_stands_in_no_file_of_the_workspace(tmp_path: Path) -> None:
    async with stage(workspace=tmp_path, worker=False) as made:
        _, key = await made.platform.add_person("ada", ["admin"])
        assert key is not None
    secret = key.key.split("_", 2)[2].encode()
    assert files_with(secret, tmp_path) == []
    assert files_with(b"SQLite format 3", tmp_path), "the search looks in the wrong place"


async def test_a_key_that_is_wrong_expired_revoked_or_of_somebody_disabled_says_so(
    database: str, script: Script, tmp_path: Path
) -> None:
    clock = ManualClock()
    async with crew(tmp_path, script, policy="", database=database, clock=clock) as people:
        ada, platform = await people.as_("ada"), people.stage.platform
        stranger = new_key().text
        wrong = people.keys["lea"][:-1] + ("A" if people.keys["lea"][-1] != "A" else "B")
        for text in (stranger, wrong, "rk_short"):
            with pytest.raises(KeyUnknown):
                await platform.acting_as(text)
        short = await ada.new_key("lea", expires="2d")
        await clock.advance(2 * DAY + 1)
        with pytest.raises(KeyExpired, match="lea has expired"):
            await platform.acting_as(short.key)
        await platform.acting_as(people.keys["lea"])
        await ada.revoke_key(short.id)
        await ada.switch_person("lea", active=False)
        with pytest.raises(KeyRevoked, match="revoked by ada"):
            await platform.acting_as(short.key)
        with pytest.raises(PersonDisabled, match="lea was disabled"):
            await platform.acting_as(people.keys["lea"])
        await ada.switch_person("lea", active=True)
        await platform.acting_as(people.keys["lea"])


async def test_a_renewed_key_goes_on_for_as_long_as_was_said_and_no_longer(
    script: Script, tmp_path: Path
) -> None:
    clock = ManualClock()
    async with crew(tmp_path, script, policy="", clock=clock) as people:
        lea, platform = await people.as_("lea"), people.stage.platform
        old = (await lea.keys("lea"))[0].id
        new = await lea.renew_key(old, overlap="1h")
        await platform.acting_as(people.keys["lea"])
        await clock.advance(3601)
        with pytest.raises(KeyExpired):
            await platform.acting_as(people.keys["lea"])
        assert (await platform.acting_as(new.key)).ground.principal.id == "lea"


async def test_a_key_never_gives_more_than_its_owner_has_or_the_key_that_made_it(
    script: Script, tmp_path: Path
) -> None:
    async with crew(tmp_path, script, policy="") as people:
        max_, platform = await people.as_("max"), people.stage.platform
        with pytest.raises(NotAllowed, match="max is not admin"):
            await max_.new_key(roles=["admin"])
        limited = await platform.acting_as((await max_.new_key(roles=["reviewer"])).key)
        assert limited.ground.principal.roles == frozenset({"reviewer"})
        with pytest.raises(NotAllowed, match="makes no wider one"):
            await limited.new_key(roles=["leads"])
        child = await platform.acting_as((await limited.new_key()).key)
        assert child.ground.principal.roles == frozenset({"reviewer"})
        with pytest.raises(NotAllowed, match="max may not make a key of lea"):
            await max_.new_key("lea")


@pytest.mark.parametrize("way", ["disable", "role", "key"])
async def test_the_last_admin_stays(way: str, database: str, script: Script, tmp_path: Path) -> None:
    async with crew(tmp_path, script, policy="", database=database) as people:
        ada = await people.as_("ada")

        async def try_it() -> None:
            match way:
                case "disable":
                    await ada.switch_person("ada", active=False)
                case "role":
                    await ada.change_roles("ada", take=["admin"])
                case _:
                    await ada.revoke_key((await ada.keys("ada"))[0].id)

        with pytest.raises(LastAdmin):
            await try_it()
        await ada.change_roles("dora", give=["admin"])
        await try_it()
        dora = await people.as_("dora")
        await dora.add_person("eve")


async def test_the_last_admin_keeps_a_key_that_lasts(database: str, script: Script, tmp_path: Path) -> None:
    clock = ManualClock()
    async with crew(tmp_path, script, policy="", database=database, clock=clock) as people:
        ada = await people.as_("ada")
        first = (await ada.keys("ada"))[0].id
        with pytest.raises(LastAdmin, match="half an hour"):
            await ada.renew_key(first, overlap="0s", expires="2s")
        short = await ada.new_key("ada", expires="2s")
        with pytest.raises(LastAdmin):
            await ada.revoke_key(first)
        assert {each.id for each in await ada.keys("ada") if each.state == "living"} == {first, short.id}
        await ada.revoke_key((await ada.keys("lea"))[0].id)  # hers opens nothing that an admin needs
        await ada.change_roles("dora", give=["admin"])
        (old,) = [each.id for each in await ada.keys("dora")]
        await ada.renew_key(old, overlap="0s", expires="10m")
        with pytest.raises(LastAdmin):
            await ada.switch_person("ada", active=False)
        renewed = await ada.renew_key(first, overlap="0s", expires="1h")
        ada = await people.stage.platform.acting_as(renewed.key)
        await ada.revoke_key(short.id)
        states = {each.name: each.state for each in await ada.doctor()}
        assert states["admins"] == "warning"
        await clock.advance(3601)
        states = {each.name: each for each in await people.stage.platform.doctor()}
        assert states["admins"].state == "broken"
        assert "break-glass" in states["admins"].remedy


async def test_nobody_but_an_admin_administers_and_nobody_promotes_themselves(
    script: Script, tmp_path: Path
) -> None:
    async with crew(tmp_path, script, policy="") as people:
        for name in ("lea", "aud", "robot"):
            office = await people.as_(name)
            with pytest.raises(NotAllowed, match=f"{name} may not add somebody"):
                await office.add_person("eve")
            with pytest.raises(NotAllowed):
                await office.change_roles(name, give=["admin"])
        ada = await people.as_("ada")
        with pytest.raises(NotAllowed, match="nobody gives themselves"):
            await ada.change_roles("ada", give=["directors"])
        with pytest.raises(UnknownPerson, match="nobody-here"):
            await ada.change_roles("nobody-here", give=["directors"])
        with pytest.raises(InvalidName):
            await ada.add_person("owner")
        with pytest.raises(WrongState, match="exists already"):
            await ada.add_person("lea")


async def test_breaking_the_glass_needs_the_machine_and_a_reason_lasts_an_hour_and_is_in_the_log(
    script: Script, tmp_path: Path
) -> None:
    clock = ManualClock()
    async with crew(tmp_path, script, policy="", clock=clock) as people:
        owner, ada = people.stage.platform, await people.as_("ada")
        with pytest.raises(NotAllowed, match="whoever holds the machine"):
            await ada.break_glass("rescue", "why not")
        with pytest.raises(WrongState, match="reason"):
            await owner.break_glass("rescue", " ")
        key = await owner.break_glass("rescue", "ada lost her key")
        rescue = await owner.acting_as(key.key)
        await rescue.add_person("eve", ["admin"])
        log, _ = await owner.ground.log.read(team_stream("default"))
        (broken,) = [entry.event for entry in log if isinstance(entry.event, GlassBroken)]
        assert (broken.person, broken.reason) == ("rescue", "ada lost her key")
        assert broken.by.startswith("owner")
        await clock.advance(3601)
        with pytest.raises(KeyExpired):
            await owner.acting_as(key.key)


async def test_rules_about_people_that_are_missing_or_broken_are_a_no(script: Script, tmp_path: Path) -> None:
    async with crew(tmp_path, script, policy="") as people:
        ada = await people.as_("ada")
        file = tmp_path / "policies" / "people.cedar"
        text = file.read_text()
        file.unlink()
        with pytest.raises(NotAllowed, match="no rule lets"):
            await ada.add_person("eve")
        file.write_text("permit (principal in Role::")
        with pytest.raises(Exception, match=r"people\.cedar"):
            await ada.add_person("eve")
        file.write_text(text)
        await ada.add_person("eve")


async def test_the_office_opens_for_whoever_shows_a_key(script: Script, tmp_path: Path) -> None:
    async with crew(tmp_path, script, policy="") as people:
        async with Office.staffed(tmp_path, "", "default", key=people.keys["max"]) as office:
            assert office.ground.principal.id == "max"
            assert not office.ground.principal.local
        with pytest.raises(KeyUnknown):
            async with Office.staffed(tmp_path, "", "default", key=new_key().text):
                pass


def files_with(text: bytes, folder: Path) -> list[Path]:
    """The files that hold a text."""
    return [file for file in folder.rglob("*") if file.is_file() and text in file.read_bytes()]
