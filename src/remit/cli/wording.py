"""Times, values and states in the words a person uses: pure, the same everywhere in the terminal."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any

from remit.domain.visible import seen

MICROSECONDS = 1_000_000
_UNITS = ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))
_LONGEST_VALUE = 60
_EXACT_BELOW = 9.95
_MINUTE = 60


def duration(microseconds: int) -> str:
    """`4 ms`, `1.2 s`, `3 min 20 s`, `2 d 4 h`."""
    seconds = max(0, microseconds) / MICROSECONDS
    if seconds < 1:
        return f"{max(1, round(seconds * 1000))} ms" if microseconds > 0 else "0 ms"
    if seconds < _EXACT_BELOW:
        return f"{seconds:.1f} s"
    if seconds < _MINUTE:
        return f"{math.floor(seconds)} s"
    for size, unit, smaller, small_unit in _UNITS:
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            return f"{whole} {unit} {rest // smaller} {small_unit}" if rest // smaller else f"{whole} {unit}"
    return f"{math.floor(seconds)} s"


def ago(then: int, now: int) -> str:
    """How long ago something was."""
    return "now" if now - then < MICROSECONDS else f"{_rough(now - then)} ago"


def when(then: int, now: int) -> str:
    """When something is due, as a clock time and a distance."""
    return "now" if then <= now else f"{clock_time(then, now)} (in {_rough(then - now)})"


def clock_time(then: int, now: int) -> str:
    """`14:02:11`, with the date unless it is today's."""
    moment = datetime.fromtimestamp(then / MICROSECONDS).astimezone()
    today = datetime.fromtimestamp(now / MICROSECONDS).astimezone()
    return moment.strftime("%H:%M:%S" if moment.date() == today.date() else "%Y-%m-%d %H:%M")


def value(anything: Any, longest: int = _LONGEST_VALUE) -> str:
    """A JSON value on one line, cut where it gets long; what nobody sees, or turns the text around, as its escape."""
    text = seen(json.dumps(anything, ensure_ascii=False, default=str))
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def call(name: str, given: dict[str, Any], longest: int = _LONGEST_VALUE, each: int = 24) -> str:
    """`refund(order=4812, cents=24000)`; at most `each` letters of an argument."""
    inside = ", ".join(f"{key}={value(part, each)}" for key, part in given.items())
    return f"{name}({inside})" if len(inside) <= longest else f"{name}({inside[: longest - 1]}…)"


def many(count: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def money(micro: int) -> str:
    """Micro-dollars as `$0.0004`, `$12.50`."""
    dollars = micro / 1_000_000
    return (
        f"${dollars:,.2f}" if dollars >= 1 else f"${dollars:.6f}".rstrip("0").rstrip(".") if micro else "$0"
    )


def _rough(microseconds: int) -> str:
    seconds = round(microseconds / MICROSECONDS)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{(seconds + size // 2) // size} {unit}"
    return f"{seconds} s"
