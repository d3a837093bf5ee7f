"""A service that repeats its caller's secret in everything it says: the secret is in no result, no error and no log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from remit import Run, flow
from remit.domain.errors import StepFailed
from remit.engine.outside import run_stream
from remit.testing import stage
from tests.tools.openapi.crm import DOCUMENT, crm

CANARY = "canary-0d8f1b2e3c4a5968"


@flow
async def provoke(run: Run) -> list[Any]:
    said: list[Any] = [await run.call("create_ticket", title="x")]
    try:
        await run.call("update_ticket", id="1", status="x")
    except StepFailed as wrong:
        said.append(wrong.message)
    return said


async def test_a_secret_that_a_service_repeats_is_kept_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_TOKEN", CANARY)
    async with crm() as world:
        (tmp_path / "crm.json").write_text(json.dumps(DOCUMENT))
        (tmp_path / "tools.toml").write_text(
            f'[openapi.crm]\ndocument = "crm.json"\nbase_url = "{world.base}"\nsecret = "crm_token"\n'
        )
        (tmp_path / "secrets.toml").write_text(
            '[backends.env]\nkind = "env"\n[secrets.crm_token]\nbackend = "env"\nname = "CRM_TOKEN"\n'
        )
        world.seed(1, title="a")
        world.next_answers = [
            web.json_response({"id": 1, "echo": f"Bearer {CANARY}"}, status=201),
            web.json_response({"error": f"{CANARY} may not"}, status=403),
        ]
        async with stage(provoke, workspace=tmp_path) as place:
            run = await place.start(provoke)
            said = await run.result()
            assert any(CANARY in headers.get("Authorization", "") for *_, headers in world.asked)
            entries, _ = await place.platform.ground.log.read(run_stream(run.id))
    assert CANARY not in json.dumps(said)
    assert "403" in said[1]
    assert CANARY not in str(entries)
