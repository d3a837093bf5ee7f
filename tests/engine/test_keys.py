"""Nobody acts without a key: a workspace has an owner from its first start, and asks for the key ever after."""

from __future__ import annotations

import pytest

from remit import Run, flow
from remit.domain.errors import Unauthenticated
from remit.domain.events import RunCreated
from tests.engine.places import Place, events

KEY = "REMIT_KEY"


@flow
async def hello(run: Run) -> str:
    return "hello"


async def test_without_the_key_of_the_workspace_nothing_opens(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY, raising=False)
    file = place.folder / ".remit" / "keys" / "local.key"
    async with place.stage(hello) as stage:
        run = await stage.start(hello)
        assert await run.result() == "hello"
        (created,) = await events(stage, run.id, RunCreated)
        assert created.by == stage.platform.ground.principal.id == "owner"
    key = file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    file.unlink()
    with pytest.raises(Unauthenticated, match="this workspace has a key, and none was given"):
        async with place.stage(hello):
            pass
    assert not file.exists(), "a key that was lost is never replaced by a new one"
    file.write_text("rk-made-up\n")
    with pytest.raises(Unauthenticated, match="the one given is not it"):
        async with place.stage(hello):
            pass
    file.unlink()
    monkeypatch.setenv(KEY, key.strip())
    async with place.stage(hello) as stage:
        assert (await stage.run(run.id).show()).result == "hello"
