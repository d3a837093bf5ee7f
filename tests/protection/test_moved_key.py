"""The root key is moved from keeper to keeper: the same content is read all along, nobody replaces it from the old
place, and in the end what lies in an old place opens nothing.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from remit import Run, flow
from remit.control import settings
from remit.control.platform import Platform
from remit.control.settings import KeySettings
from remit.domain.errors import InvalidInput, Refused, WrongKey, WrongState
from remit.domain.protection_events import RootKeyMoved
from remit.engine.outside import WORKSPACE_STREAM
from remit.testing.stage import stage
from tests.store.key_servers import KmsServer, TransitServer


@flow
async def hello(run: Run, name: str) -> str:
    del run
    return f"hello {name}"


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("migrated_dsn"))


async def left_behind(platform: Platform) -> str:
    """What the doctor says of the file that nobody reads any more."""
    said = [each.message for each in await platform.doctor() if each.name == "root key"]
    return next((each for each in said if ".remit/keys/root.key" in each), "")


async def only_a_key_of_this_database_is_named(folder: Path, chosen: settings.Settings) -> None:
    old = folder / ".remit" / "keys" / "root.key"
    text = old.read_text()
    for nobodys in ("", "0" * 64):
        old.write_text(nobodys)
        async with Platform.open(folder, worker=False, chosen=chosen, flows=[hello]) as here:
            assert await left_behind(here) == ""
    old.write_text(text)


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What opens the two services."""
    monkeypatch.setenv("VAULT_TOKEN", TransitServer.token)
    for name, value in {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


@pytest.mark.usefixtures("credentials")
async def test_it_goes_from_a_file_to_services_and_back_and_the_old_places_open_nothing(
    tmp_path: Path, database: str
) -> None:
    async with AsyncExitStack() as stack:
        vault = await stack.enter_async_context(TransitServer().serve())
        kms = await stack.enter_async_context(KmsServer().serve())
        stops = [
            KeySettings(provider="file"),
            KeySettings(provider="vault", key="remit", address=vault),
            KeySettings(provider="vault", key="other", address=vault),
            KeySettings(provider="aws", key="alias/remit", region="eu-central-1", endpoint=kms),
            KeySettings(provider="file", file="elsewhere.key"),
        ]
        (tmp_path / "remit.toml").write_text("")
        base = replace(settings.load(tmp_path), database=database)
        async with stage(hello, workspace=tmp_path, database=database) as on:
            run = await on.start(hello, name="ada")
            assert await run.result() == "hello ada"
        for now, then in pairwise(stops):
            said = {
                name: getattr(then, name)
                for name in ("key", "address", "region", "endpoint", "file")
                if getattr(then, name)
            }
            async with Platform.open(
                tmp_path, worker=False, chosen=replace(base, keys=now), flows=[hello]
            ) as here:
                with pytest.raises(InvalidInput, match="says nothing of where a root key is"):
                    await here.move_root_key(then.provider, {"adress": "x"})
                moved = await here.move_root_key(then.provider, said)
                assert (moved.moved, moved.settings[1]) == (True, f'provider = "{then.provider}"')
                with pytest.raises(Refused, match="the settings of this process name"):
                    await here.rotate_root_key()
            async with Platform.open(
                tmp_path, worker=False, chosen=replace(base, keys=then), flows=[hello]
            ) as here:
                assert (await here.show(run.id)).result == "hello ada"
                assert "still opens everything" in await left_behind(here)
        old = tmp_path / ".remit" / "keys" / "root.key"
        last = replace(base, keys=stops[-1])
        async with Platform.open(tmp_path, worker=False, chosen=last, flows=[hello]) as here:
            log, _ = await here.ground.log.read(WORKSPACE_STREAM)
            told = [entry.event for entry in log if isinstance(entry.event, RootKeyMoved)]
            assert [each.after for each in told][-1].endswith("elsewhere.key")
            assert len(told) == len(stops) - 1
            await here.rotate_root_key()
            assert "still opens everything" in await left_behind(here)
            assert await here.retire_root_keys() == 1
            assert "opens nothing here, but older backups do" in await left_behind(here)
        async with Platform.open(tmp_path, worker=False, chosen=last, flows=[hello]) as here:
            assert (await here.show(run.id)).result == "hello ada"
            with pytest.raises(WrongState, match="holds another root key already"):
                await here.move_root_key("file", {})
        assert old.exists()
        await only_a_key_of_this_database_is_named(tmp_path, last)
        with pytest.raises(WrongKey):
            async with Platform.open(tmp_path, chosen=replace(base, keys=stops[0]), flows=[hello]) as here:
                await here.show(run.id)
