"""The published description says what is served, and nothing else is served."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from remit.server.gateway.endpoints import handlers
from remit.server.streaming import Pulse
from tests.gateway.failing import house


async def test_what_is_described_is_what_is_served(tmp_path: Path) -> None:
    async with house(tmp_path, "") as made:
        async with made.http.get(f"{made.url}/v1/openapi.json") as reply:
            assert reply.status == 200, "it needs no key"
            described: dict[str, dict[str, Any]] = (await reply.json())["paths"]
        served = set(handlers(made.platform, Pulse(1)))
        known = {re.sub(r"\{.*", "", path) for path in described}
        assert served <= known, "all that is served is described"
        opens = {"authorization": f"Bearer {made.key}"}
        for path, operations in described.items():
            for method in operations.keys() - {"parameters"}:
                url = made.url + re.sub(r"\{.*?\}", "resp_nobody", path)
                async with made.http.request(method, url, headers=opens, json={}) as reply:
                    said: Any = await reply.json()
                assert reply.status < 500, (method, path, said)
                assert "unknown_path" not in str(said), (method, path)
                assert reply.status != 405, (method, path)
                assert reply.headers["x-request-id"] == reply.headers["request-id"]
