"""Log records of others stand beside the trace that they name: page by page, for their team, until they are erased."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from remit.control.protecting import protection
from remit.domain.errors import UnknownRun
from remit.domain.fronting import KeyScope
from tests.otlp.sent import START, pairs
from tests.otlp.test_projection import Given, given, story

__all__ = ["given"]
TRACE, OTHER = "5a" * 16, "5b" * 16


def record(words: str, span: int = 1, trace: str = TRACE, at: int = 0, **said: Any) -> dict[str, Any]:
    """A log record in OTLP's JSON."""
    return {
        "traceId": trace, "spanId": f"{span:016x}", "timeUnixNano": str((START + at) * 1000), "severityNumber": 13,
        "body": {"stringValue": words}, "attributes": pairs(said),
    }  # fmt: skip


async def send(given: Given, *records: dict[str, Any], key: str = "", team: str = "") -> None:
    """As one request."""
    caller = await given.front.platform.fronts.caller(key or given.front.key)
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [*records]}]}]}
    told = replace(caller, team=team) if team else caller
    await given.collector.take(told, "logs", "json", json.dumps(body).encode())
    await given.projector.catch_up()


async def test_records_stand_beside_their_trace_page_by_page(given: Given) -> None:
    desk = given.front.platform.collecting
    gone = await given.front.another(KeyScope("gone"))
    await given.send(*story(TRACE))
    await send(
        given, record("second", at=2), record("first", 3, at=1, tool="refund"), record("x", trace=OTHER)
    )
    await send(given, record("of others", trace=""), record("third", at=3))
    await send(given, record("of a rival"), team="rivals")
    await send(given, record("to be erased", at=4), key=gone)
    listed: list[Any] = []
    after = ""
    while page := await desk.records(TRACE, after=after, limit=2):
        listed += page.records
        after = page.next
        if not after:
            break
    assert [each.body for each in listed] == ["first", "second", "third", "to be erased"]
    assert (listed[0].severity, listed[0].attributes, listed[0].source) == ("warn", {"tool": "refund"}, "bot")
    (of_span,) = (await desk.records(f"o{TRACE}", f"{3:016x}")).records
    assert of_span.body == "first"
    assert await protection.delete(given.ground, "source:gone")
    await given.projector.catch_up()
    assert [each.body for each in (await desk.records(TRACE)).records] == ["first", "second", "third"]
    live = await given.tables()
    assert len(live["foreign_records"]) == 4
    for batch in (1, 500):
        await given.projecting(batch).rebuild()
        assert await given.tables() == live
    with pytest.raises(UnknownRun, match="sent by nobody"):
        await desk.records("r-01m7wqf37qghvr0s")
