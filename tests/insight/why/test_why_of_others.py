"""A trace of an agent that only sends telemetry is explained by its spans: by the innermost failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.cli.reasons import failure_lines
from remit.control.protecting import protection
from tests.gateway.front import front
from tests.otlp.sent import START, span
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


async def test_failures_of_others_are_told_apart_by_what_their_spans_say(tmp_path: Path) -> None:
    """By what the SDK notes of an exception, or the status; what a source sent that was erased is no text any more."""
    async with front(tmp_path) as made:
        given = Given(made)
        for n, words in enumerate(("order 17 is gone", "order 4812 is gone", "no line to the bank")):
            raised = [("exception", {"exception.type": "ValueError", "exception.message": words})]
            failed = span(3, 1, "tool", trace=f"{n + 1:032x}", failed=True, events=raised, **TOOL)
            failed["status"] = {"code": 2, "message": words if n else ""}
            root = span(1, name="desk", trace=f"{n + 1:032x}", lasts=9_000, failed=True, **AGENT)
            await given.send(root, failed)
        found = await made.platform.searching.failures("52w")
        (group,) = found.groups
        assert (group.runs, group.read, group.agent, group.step) == (3, 3, "desk", "refund")
        assert [(each.text, each.runs) for each in group.texts] == [
            ("order <n> is gone", 2),
            ("no line to the bank", 1),
        ]
        shown = "\n".join(map(str, failure_lines(found, START)))
        assert "desk/refund" in shown
        assert f" {3:016x}" not in shown
        assert await protection.delete(given.ground, "source:bot")
        await given.projector.catch_up()
        assert not (await made.platform.searching.failures("52w")).groups
