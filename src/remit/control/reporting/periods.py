"""Which days somebody means: `30d`, `2w`, a date, a month. Days are those of UTC. Nothing is looked up here."""

from __future__ import annotations

import re
from datetime import date, timedelta

from remit.domain.errors import InvalidInput

_BACK = re.compile(r"([1-9][0-9]{0,4})(d|w)")
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_DAYS = {"d": 1, "w": 7}
_MOST_DAYS = 3660
_EARLIEST, _LATEST = date(2000, 1, 1), date(9000, 1, 1)


def days_since(since: str, until: str, today: date) -> tuple[date, date]:
    """The first day, and the day after the last one."""
    last = _day(until, today, "until") if until else today
    first = _day(since, today, "since")
    if first > last:
        raise InvalidInput(
            f"{first} is after {last}, so there is no day between them.", "Such as --since 30d."
        )
    if (last - first).days >= _MOST_DAYS:
        raise InvalidInput(f"from {first} to {last} are more than ten years.", "Such as --since 30d.")
    return first, last + timedelta(1)


def days_of_month(month: str) -> tuple[date, date]:
    """The first day of a month such as 2026-11, and of the next."""
    match = _MONTH.fullmatch(month)
    first = date(int(match[1]), int(match[2]), 1) if match is not None and match[1] != "0000" else None
    if first is None or not _EARLIEST <= first < _LATEST:
        raise InvalidInput(f'"{month}" is no month.', "It looks like 2026-11.")
    return first, (first + timedelta(32)).replace(day=1)


def _day(text: str, today: date, what: str) -> date:
    back = _BACK.fullmatch(text)
    if back is not None:
        return today - timedelta(min(int(back[1]) * _DAYS[back[2]], 2 * _MOST_DAYS) - 1)
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = _LATEST
    if not _EARLIEST <= found < _LATEST:
        raise InvalidInput(
            f'{what} is "{text}", which is no day.', "It is 30d, 4w, or a date such as 2026-11-01."
        )
    return found
