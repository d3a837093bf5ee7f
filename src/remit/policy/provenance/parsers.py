"""What a value is, by its own form: an address, an account number, an amount, a date, a path, a name.

Two values are the same if they are of the same kind and equal in that kind's one form, as a whole (S23). The form is
for comparing alone: what is sent is always what the trusted source wrote. Nothing here looks into longer texts.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple

from remit.policy.provenance.languages import MONTHS

Json = Any

_LONGEST = 2048
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}", re.ASCII
)
_IBAN = re.compile(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]){10,32}", re.ASCII)
_URL = re.compile(r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)(?P<rest>[^\s<>\"']+)", re.ASCII)
_BARE_HOST = re.compile(r"(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}(?::\d{1,5})?(?:/[^\s<>\"']*)?", re.ASCII)
_ENDINGS = """
com org net edu gov mil int info biz dev app io ai co uk de fr es it nl ch at eu us ca au jp cn in br ru se no
fi dk pl cz ie pt be me tv xyz site online tech cloud page link example test invalid local
"""
_TOP = frozenset(_ENDINGS.split())
"""What a bare word has to end with to count as a host; `report.txt` is a file."""
_PATH = re.compile(r"(?:(?:[\w.~-]|\\ )+/|/)*[\w~-][\w.~ ()-]{0,200}\.[A-Za-z0-9]{1,8}|/(?:[\w.~-]+/?)+")
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_MONEY = re.compile(
    r"(?:[$€£¥]|[A-Z]{3})?\s?(?:(?P<comma>[+-]?\d{1,3}(?:[.  \u202f’']\d{3})+,\d{1,2}|[+-]?\d{1,15},\d{1,2})"
    r"|(?P<point>[+-]?\d{1,3}(?:,\d{3})+(?:\.\d{1,9})?|[+-]?\d{1,15}(?:\.\d{1,9})?))\s?(?:[$€£¥%]|[A-Z]{3})?"
)
_NO_DIGIT = re.compile(r"[^\d,+-]")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ISO_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:?\d{2})?", re.ASCII
)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?\s?([AaPp][Mm])?", re.ASCII)
_HOURS = re.compile(r"([01]?\d|2[0-3])(?:[.:]([0-5]\d))? Uhr|([01]?\d|2[0-3]) ?h ?([0-5]\d)?", re.ASCII)
_SPOKEN = re.compile(
    r"(?:(?P<m1>[^\W\d_]{3,10})\.? (?P<d1>\d{1,2})(?:st|nd|rd|th)?"
    r"|(?P<d2>\d{1,2})(?:st|nd|rd|th|er|\.)?(?: of| de)? (?P<m2>[^\W\d_]{3,10})\.?)"
    r"(?:(?:,| de)? (?P<y>\d{4}))?"
)
_DOTTED = re.compile(r"(?P<d>\d{1,2})\. ?(?P<m>\d{1,2})\. ?(?P<y>\d{4})", re.ASCII)
_SLASHED = re.compile(r"(?P<one>\d{1,2})/(?P<other>\d{1,2})/(?P<y>\d{4})", re.ASCII)
_CHARACTERS = re.compile(r"(?:(?P<y>\d{4})年)?(?P<m>\d{1,2})月(?P<d>\d{1,2})[日号]", re.ASCII)
_MOST_MONTHS = 12
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:#-]{0,126}[A-Za-z0-9]", re.ASCII)
_SHORT = 6
"""Anything shorter says too little to be known again outside of the place it was written for (S23)."""
_SPACE = re.compile(r"\s+")


class Known(NamedTuple):
    """A value by its kind and its one form."""

    kind: str
    """One of `KINDS`, or `nothing`."""
    form: str

    @property
    def strong(self) -> bool:
        """Whether the form alone says what it is; a name may be anything."""
        return self.kind in STRONG

    @property
    def typed(self) -> bool:
        """Whether it is a datum that names nothing and nobody."""
        return self.kind in TYPED

    @property
    def short(self) -> bool:
        """Whether it says too little to be trusted anywhere but in its own place."""
        return self.typed or len(self.form) < _SHORT


STRONG = frozenset({"email", "iban", "url", "path"})
TYPED = frozenset({"number", "date", "datetime", "time", "boolean", "nothing"})
KINDS = (
    "email",
    "iban",
    "url",
    "path",
    "id",
    "name",
    "number",
    "date",
    "datetime",
    "time",
    "boolean",
    "text",
)


def known(value: Json) -> Known:
    """What a single value is. Objects and lists are not single values: they are `text` that equals nothing else."""
    match value:
        case None:
            return Known("nothing", "")
        case bool():
            return Known("boolean", str(value).lower())
        case int() | float():
            return Known("number", _decimal(str(value)))
        case str():
            return _known_text(value) if len(value) <= _LONGEST else Known("text", value)
        case _:
            return Known("text", repr(value))


def parse(kind: str, value: Json) -> str | None:
    """The one form of a value as this kind; None if it is not of it."""
    found = known(value)
    if found.kind == kind:
        return found.form
    if not isinstance(value, str):
        return None
    return _AS.get(kind, _nothing)(value.strip())


def same_day(one: Known, other: Known) -> bool:
    """Whether two dates are the same, where one of them may leave out the year."""
    return (
        one.kind == other.kind == "date"
        and one.form[-6:] == other.form[-6:]
        and (one.form == other.form or one.form.startswith("-") or other.form.startswith("-"))
    )


def number_of(value: Json) -> Decimal | None:
    """A number out of JSON or out of its own text; None if it is none."""
    found = known(value)
    return Decimal(found.form) if found.kind == "number" else None


@lru_cache(maxsize=8192)
def _known_text(text: str) -> Known:
    whole = text.strip()
    for kind in ("email", "iban", "url", "number", "date", "datetime", "time", "path"):
        form = _AS[kind](whole)
        if form is not None:
            return Known(kind, form)
    if whole and "\n" not in whole:
        if any(character.isdigit() for character in whole) and _ID.fullmatch(whole):
            return Known("id", whole.casefold())
        if len(whole) <= 200:  # noqa: PLR2004 - a name is shorter
            return Known("name", _name(whole))
    return Known("text", text)


def _name(text: str) -> str:
    return _SPACE.sub(" ", text.strip()).casefold()


def _email(text: str) -> str | None:
    return text.casefold() if _EMAIL.fullmatch(text) else None


def _iban(text: str) -> str | None:
    if _IBAN.fullmatch(text) is None:
        return None
    form = text.replace(" ", "")
    return form if sum(character.isdigit() for character in form) >= 8 else None  # noqa: PLR2004 - else it is a word


def _url(text: str) -> str | None:
    match = _URL.fullmatch(text)
    rest = match["rest"] if match else text if _is_bare_host(text) else ""
    if not rest:
        return None
    scheme = (match["scheme"].casefold() if match else "http").replace("https", "http")
    host, slash, path = rest.partition("/")
    if "?" in host or "#" in host:
        return None  # a query without a path is read differently by different readers
    host = host.casefold().removesuffix(":443").removesuffix(":80")
    path = "" if path == "" else slash + path
    return f"{scheme}://{host}{path}"


def _is_bare_host(text: str) -> bool:
    if _BARE_HOST.fullmatch(text) is None:
        return False
    host = re.split(r"[:/]", text, maxsplit=1)[0]
    return host.rpartition(".")[2].casefold() in _TOP


def _path(text: str) -> str | None:
    return text if _PATH.fullmatch(text) else None


def _decimal(text: str) -> str:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return text
    return format(found.normalize() if found else Decimal(0), "f") if found.is_finite() else text


def _number(text: str) -> str | None:
    return _decimal(text) if _NUMBER.fullmatch(text) else None


def _money(text: str) -> str | None:
    match = _MONEY.fullmatch(text)
    if match is None:
        return None
    if match["comma"]:  # `1.234,56`: on the continent the comma is the point
        return _decimal(_NO_DIGIT.sub("", match["comma"]).replace(",", "."))
    return _decimal(match["point"].replace(",", ""))


def _date(text: str) -> str | None:
    if _ISO_DATE.fullmatch(text):
        return _iso(lambda: date.fromisoformat(text).isoformat())
    match = _DOTTED.fullmatch(text) or _CHARACTERS.fullmatch(text)
    if match is not None:
        return _day(match["y"], int(match["m"]), int(match["d"]))
    match = _SLASHED.fullmatch(text)
    if match is not None:
        return _slashed(int(match["one"]), int(match["other"]), match["y"])
    match = _SPOKEN.fullmatch(text)
    if match is None:
        return None
    month = MONTHS.get((match["m1"] or match["m2"]).casefold())
    return None if month is None else _day(match["y"], month, int(match["d1"] or match["d2"]))


def _slashed(one: int, other: int, year: str) -> str | None:
    """`20/11/2026` can be read in one way only; `5/6/2026` is read differently by different people, and is no date."""
    if one != other and max(one, other) <= _MOST_MONTHS:
        return None
    return _day(year, min(one, other), max(one, other))


def _day(year: str | None, month: int, day: int) -> str | None:
    if year:
        return _iso(lambda: date(int(year), month, day).isoformat())
    return f"-{month:02}-{day:02}" if 1 <= day <= 31 and 1 <= month <= _MOST_MONTHS else None  # noqa: PLR2004 - days of a month


def _datetime(text: str) -> str | None:
    if _ISO_TIME.fullmatch(text) is None:
        return None
    return _iso(lambda: datetime.fromisoformat(text.upper()).isoformat())


def _time(text: str) -> str | None:
    match = _CLOCK.fullmatch(text)
    if match is None:
        spoken = _HOURS.fullmatch(text)
        if spoken is None:
            return None
        return f"{int(spoken[1] or spoken[3]):02}:{spoken[2] or spoken[4] or '00'}"
    hour, half = int(match[1]), (match[3] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return f"{hour:02}:{match[2]}"


def _iso(read: Any) -> str | None:
    try:
        return str(read())
    except ValueError:
        return None


def _as_is(text: str) -> str | None:
    return text


def _id(text: str) -> str | None:
    return text.casefold() if _ID.fullmatch(text) else None


def _nothing(text: str) -> str | None:
    del text
    return None


_AS: dict[str, Any] = {
    "email": _email, "iban": _iban, "url": _url, "path": _path, "number": _number, "money": _money, "date": _date,
    "datetime": _datetime, "time": _time, "name": _name, "text": _as_is,
    "id": _id,
}  # fmt: skip
