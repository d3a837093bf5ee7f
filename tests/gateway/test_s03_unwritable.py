"""A log that takes nothing: strangers learn that and no more, and no provider is asked for them meanwhile."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from aiohttp import ClientSession

from remit.testing.faulty_database import StoreFaults, faulty_databases
from tests.gateway.doors import Doors
from tests.gateway.front import front
from tests.gateway.relays import CHAT, MESSAGES, described, route
from tests.models.upstream import upstream, whole
from tests.models.wires import WIRES

PATHS = {
    "/v1/chat/completions": CHAT,
    "/v1/messages": MESSAGES,
    "/v1/responses": {"model": "fast", "input": "x"},
}


async def test_s03_a_log_that_cannot_be_written_refuses_before_contact_and_is_not_described(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The first to find out may have been sent already, as admissions are not waited for; nobody after it is."""
    faults = StoreFaults()
    async with upstream(whole(WIRES["openai"].whole("fine"))) as behind, ClientSession() as http:
        (tmp_path / "models.toml").write_text(described("up", behind.url) + route("up"))
        with faulty_databases(faults):
            async with front(tmp_path, http=True) as made:
                doors = Doors(made, behind, http)
                assert (await doors.ask("/v1/chat/completions", CHAT))[0] == 200
                with faults.full():
                    assert (await doors.ask("/v1/chat/completions", CHAT))[0] == 503
                    behind.seen.clear()
                    asks = [doors.ask(path, body) for path, body in PATHS.items() for _ in range(3)]
                    for status, _, told in await asyncio.gather(*asks):
                        assert status in {503, 529}
                        assert "operator" in told["error"]["message"]
                        assert "told to fail" not in json.dumps(told)
                    assert behind.seen == []
                for path, body in PATHS.items():
                    assert (await doors.ask(path, body))[0] == 200
                assert len(behind.seen) == len(PATHS)
    assert "told to fail" in caplog.text
