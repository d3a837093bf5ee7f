"""What a trace and its spans add to the sums of their days: usage of models, runs, calls of tools, and histograms of
how long things take.

Each is a function of the rows alone, so that what a row added can be taken back when the row changes or goes. Sums that
come to nothing are removed: a table that was added up step by step is the same as one made at once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from remit.insight.buckets import bucket_of
from remit.store.database import Op

if TYPE_CHECKING:
    from remit.insight.tracing.rows import SpanRow, TraceRow

Key = tuple[str | int, ...]
_DAY = 86_400_000_000
COUNTED = frozenset({"model", "tool"})
"""The kinds of spans that add to sums."""


class Sums:
    """What is to be added to the tables of sums."""

    __slots__ = ("_histograms", "_runs", "_tools", "_usage")

    def __init__(self) -> None:
        self._usage: dict[Key, list[int]] = {}
        self._runs: dict[Key, list[int]] = {}
        self._tools: dict[Key, list[int]] = {}
        self._histograms: dict[Key, list[int]] = {}

    def trace(self, row: TraceRow, sign: int = 1) -> None:
        """Add a trace as it stands, or take it away."""
        day = day_of(row.started)
        key = (
            day, row.team, row.agent, row.flow, row.purpose, row.release, row.source, row.sort, row.status, row.failure,
        )  # fmt: skip
        values = (
            1, row.human, row.cost, row.model_calls, row.tool_calls, row.tool_failures, row.retries, row.denials,
            row.asks, row.loops, row.handoffs, row.writes, row.undone, row.asks > 0, row.loops > 0, row.missing == 0,
        )  # fmt: skip
        _add(self._runs, key, values, sign)
        if row.ended is not None:
            whole = row.ended - row.started
            for metric, value in (
                ("run_time", whole), ("run_time_without_people", max(0, whole - row.human)), ("cost", row.cost),
                ("steps", row.model_calls + row.tool_calls),
            ):  # fmt: skip
                at = (day, row.team, row.agent, row.flow, row.sort, metric, bucket_of(value))
                _add(self._histograms, at, (1, value), sign)

    def span(self, row: SpanRow, trace: TraceRow, sign: int = 1) -> None:
        """Add a span that is over, or take it away; one that goes on adds nothing."""
        if row.ended is None or row.kind not in COUNTED:
            return
        day = day_of(row.ended)
        times = [(f"{row.kind}_time", max(0, row.ended - row.started - row.human))]
        if row.kind == "model":
            key = (
                day, row.team, row.agent, trace.flow, trace.purpose, row.served or row.requested, row.provider,
                row.prompt, row.release, row.simulated,
            )  # fmt: skip
            values = (
                1, row.status != "ok", row.retries, row.input, row.cached, row.cache_written, row.output,
                row.reasoning, row.cost,
            )  # fmt: skip
            _add(self._usage, key, values, sign)
            if row.first_token is not None:
                times.append(("first_token", row.first_token))
            if row.queued is not None:
                times.append(("queue", row.queued))
        else:
            called = (day, row.team, row.agent, trace.flow, row.name)
            _add(self._tools, called, (1, row.status == "error", row.status == "denied"), sign)
        for metric, value in times:
            at = (day, row.team, row.agent, trace.flow, trace.sort, metric, bucket_of(value))
            _add(self._histograms, at, (1, value), sign)

    def ops(self) -> list[Op]:
        """What is to be written."""
        made: list[Op] = []
        for table, sums in (
            ("usage_days", self._usage), ("run_days", self._runs), ("tool_days", self._tools),
            ("histograms", self._histograms),
        ):  # fmt: skip
            for key, values in sums.items():
                if any(values):
                    made.append(Op(f"insight.add_{table}", (*key, *values)))
                    if values[0] < 0:
                        made.append(Op(f"insight.clear_{table}", key))
        return made


@lru_cache(maxsize=64)
def _day(number: int) -> str:
    return datetime.fromtimestamp(number * 86_400, UTC).strftime("%Y-%m-%d")


def day_of(at: int) -> str:
    """The day of a time, in UTC."""
    return _day(at // _DAY)


def _add(sums: dict[Key, list[int]], key: Key, values: tuple[int, ...], sign: int) -> None:
    found = sums.get(key)
    if found is None:
        sums[key] = [sign * value for value in values]
    else:
        for n, value in enumerate(values):
            found[n] += sign * value
