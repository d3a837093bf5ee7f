"""A trace of an agent that only sends telemetry is explained by its spans: by the innermost failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.gateway.front import front
from tests.otlp.sent import span
from tests.otlp.test_projection import AGENT, CHAT, TOOL, Given

if TYPE_CHECKING:
    from pathlib import Path

_TRACE = "ab" * 16
_ASKED = {"gen_ai.input.messages": '[{"role":"user","content":"Ana has to be reimbursed"}]'}


async def test_a_foreign_trace_goes_back_to_the_innermost_span_that_failed(tmp_path: Path) -> None:
    async with front(tmp_path) as made:
        given = Given(made)
        await given.send(
            span(1, name="desk", trace=_TRACE, lasts=9_000, failed=True, **AGENT, **_ASKED),
            span(2, 1, "chat", trace=_TRACE, at=10, **CHAT),
            span(5, 1, "step", trace=_TRACE, at=1_000, lasts=3_000, failed=True),
            span(3, 5, "tool", trace=_TRACE, at=1_100, failed=True, **TOOL),
            span(4, 1, "chat", trace=_TRACE, at=5_000, **CHAT),
        )
        hits = (await made.platform.searching.search("refund for Ana", agent="desk")).hits
        assert [(hit.run, hit.event) for hit in hits] == [(f"o{_TRACE}", f"trace:o{_TRACE}#{1:016x}")]
        assert "reimbursed" in hits[0].snippet
        for name in (_TRACE, f"o{_TRACE}"):
            found = await made.platform.searching.why(name)
            assert (found.status, found.suspect, found.cause) == ("failed", f"{3:016x}", "tool"), found
            assert found.event == f"trace:o{_TRACE}#{3:016x}"
            assert [line.about for line in found.lines][:2] == ["ended", "cause"]
            assert len(found.lines) <= 10
