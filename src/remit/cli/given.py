"""What a person hands a command: JSON on the line, in a file or on standard input, read strictly."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import click

from remit.domain.errors import InvalidInput


def json_value(text: str, option: str) -> Any:
    """A JSON value written out, as `@file`, or as `-` for standard input."""
    from remit.wire import canonical

    try:
        return canonical.parse(_text(text))
    except InvalidInput as wrong:
        raise InvalidInput(f"{option}: {wrong.message}", wrong.hint) from None


def json_object(text: str, option: str) -> dict[str, Any]:
    """A JSON object: parameters by name."""
    found = json_value(text, option)
    if isinstance(found, dict):
        return cast("dict[str, Any]", found)
    raise InvalidInput(
        f"{option} takes a JSON object with the parameters by name, and this is {_kind(found)}.",
        f"""Such as {option} '{{"ticket_id": 7}}'.""",
    )


def _text(text: str) -> str:
    if text != "-" and not text.startswith("@"):
        return text
    name = "standard input" if text == "-" else text[1:]
    try:
        return (sys.stdin.buffer.read() if text == "-" else Path(name).read_bytes()).decode("utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        reason = wrong.strerror if isinstance(wrong, OSError) else "it is not UTF-8"
        raise InvalidInput(f"{name} cannot be read: {reason}.") from None


def _kind(value: object) -> str:
    match value:
        case list():
            return "a list"
        case str():
            return "text"
        case None:
            return "null"
        case bool():
            return "true or false"
        case _:
            return "a number"


def since(text: str, now: int) -> int:
    """The time that `7d`, `12h`, `30m` or a date names, in microseconds; 0 for none."""
    unit = _UNITS.get(text[-1:])
    if unit is not None and text[:-1].isdigit():
        return now - int(text[:-1]) * unit * 1_000_000
    return moment(text)


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


def moment(text: str) -> int:
    """The time that `--since` names, in microseconds; 0 for none."""
    if not text:
        return 0
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"--since takes a date or a time, such as 2026-11-01, not {text!r}.") from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1_000_000)
