"""Telemetry of other agents from the terminal: who sends it, its traces among the runs, and a span as it came, from
which nothing steers the terminal."""

from __future__ import annotations

import asyncio
import json

from remit.control.observing.wiring import projector_of
from remit.control.telemetry import collector_of
from remit.domain.fronting import KeyScope
from tests.cli.conftest import Terminal
from tests.gateway.front import front
from tests.otlp.sent import as_protobuf, span
from tests.otlp.test_projection import SERVICE, story
from tests.otlp.test_records import record

TRACE = "cd" * 16


async def send(remit: Terminal) -> None:
    async with front(remit.place, scope=KeyScope("shop")) as made:
        caller = await made.platform.fronts.caller(made.key)
        odd = span(9, 1, "odd\x1b[2J", trace=TRACE, note="\u202eturned")
        body = as_protobuf(*story(TRACE), odd, resource=SERVICE)
        await collector_of(made.platform).take(caller, "traces", "protobuf", body)
        told = json.dumps(
            {"resourceLogs": [{"scopeLogs": [{"logRecords": [record("paid\x1b[2J", trace=TRACE)]}]}]}
        )
        await collector_of(made.platform).take(caller, "logs", "json", told.encode())
        await projector_of(made.platform.ground).catch_up()


def test_telemetry_is_listed_and_shown(remit: Terminal) -> None:
    asyncio.run(send(remit))
    (found,) = remit("runs", "--sources", "--json", code=0).json
    assert (found["source"], found["spans"], found["complete"]) == ("shop", 5, 1_000_000)
    assert "gen_ai" in remit("runs", "--sources", code=0).out
    (among,) = remit("runs", "--flow", "desk", "--status", "succeeded", "--json", code=0).json
    assert (among["id"], among["source"], among["steps"]) == (f"o{TRACE}", "shop", 3)
    assert "sent by shop" in remit("runs", code=0).out
    (listed,) = remit("runs", "--where", "source=shop", "--json", code=0).json["traces"]
    assert (listed["id"], listed["model_calls"]) == (f"o{TRACE}", 2)
    assert listed["cost"] > 0
    shown = remit("show", TRACE, code=0).out
    assert "refund" in shown
    raw = remit("show", TRACE, "--raw", f"{9:016x}", code=0).out
    assert "note = \\u202eturned" in raw
    logs = remit("show", TRACE, "--logs", code=0).out
    assert "paid" in logs
    assert not {"\x1b", "\u202e"} & set(shown + raw + logs)
