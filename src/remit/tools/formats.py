"""The formats that schemas of strangers may ask for, each checked in time that grows with the text alone.

A format that is not listed says something to people, and is not checked: that is what JSON Schema prescribes.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import uuid
from datetime import date, datetime, time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from remit.tools.patterns import PatternError, compiled

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 10_000
_DATE_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_TIME = re.compile(r"\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def fits(name: str, value: object) -> bool:
    """Whether a value has a format; one that is not known fits everything."""
    check = _NUMBERS.get(name)
    if check is not None:
        return not isinstance(value, int) or isinstance(value, bool) or check(value)
    known = _TEXTS.get(name)
    if known is None or not isinstance(value, str):
        return True
    return len(value) <= _LONGEST and known(value)


def _date_time(text: str) -> bool:
    if _DATE_TIME.fullmatch(text) is None:
        return False
    # a leap second is a time, and Python has none
    return _reads(lambda: datetime.fromisoformat(_microseconds(text.upper().replace(":60", ":59", 1))))


def _time(text: str) -> bool:
    return _TIME.fullmatch(text) is not None and _reads(
        lambda: time.fromisoformat(_microseconds(text.upper()))
    )


def _microseconds(text: str) -> str:
    return re.sub(r"(\.\d{6})\d+", r"\1", text)


def _date(text: str) -> bool:
    return _DATE.fullmatch(text) is not None and _reads(lambda: date.fromisoformat(text))


def _hostname(text: str) -> bool:
    labels = text.removesuffix(".").split(".")
    return len(text) <= 253 and all(_LABEL.fullmatch(label) for label in labels)  # noqa: PLR2004 - RFC 1035


def _email(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    printable = text.isprintable() and " " not in text
    return bool(at and local and domain) and printable and len(local) <= 64  # noqa: PLR2004 - RFC 5321


def _uri(text: str) -> bool:
    return (
        _reads(lambda: urlsplit(text))
        and bool(urlsplit(text).scheme)
        and " " not in text
        and text.isprintable()
    )


def _regex(text: str) -> bool:
    try:
        compiled(text)
    except PatternError:
        return False
    return True


def _base64(text: str) -> bool:
    return _reads(lambda: base64.b64decode(text, validate=True))


def _reads(read: Callable[[], object]) -> bool:
    try:
        read()
    except (ValueError, binascii.Error):
        return False
    return True


_TEXTS: dict[str, Callable[[str], bool]] = {
    "date-time": _date_time,
    "date": _date,
    "time": _time,
    "email": _email,
    "hostname": _hostname,
    "ipv4": lambda text: _reads(lambda: ipaddress.IPv4Address(text)),
    "ipv6": lambda text: "%" not in text and _reads(lambda: ipaddress.IPv6Address(text)),
    "uri": _uri,
    "uuid": lambda text: _UUID.fullmatch(text) is not None and _reads(lambda: uuid.UUID(text)),
    "regex": _regex,
    "byte": _base64,
}
_NUMBERS: dict[str, Callable[[int], bool]] = {
    "int32": lambda number: -(2**31) <= number < 2**31,
    "int64": lambda number: -(2**63) <= number < 2**63,
}
