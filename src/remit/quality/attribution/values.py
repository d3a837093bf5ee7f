"""Values that can be followed through a run: ids, numbers and addresses, wherever they stand, in one spelling each.
Words are not among them: they are said anew every time.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

Json = Any
_TOKEN = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # an address
    r"|(?<![\w])[A-Za-z]{1,12}[-_/#]?\d[\w-]*(?:[-_/]\w+)*"  # an id with a digit
    r"|(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w])"  # a number
)
_SHORTEST = 2


def values_in(value: Json) -> set[str]:
    """Those of a value, in one spelling each."""
    if isinstance(value, bool) or value is None:
        return set()
    if isinstance(value, (int, float)):
        return {token} if (token := _number(str(value))) else set()
    if isinstance(value, str):
        return {token for found in _TOKEN.findall(value) if (token := _spelled(found))}
    if isinstance(value, dict):
        return {each for inner in cast("dict[str, Json]", value).values() for each in values_in(inner)}
    if isinstance(value, (list, tuple)):
        return {each for inner in cast("list[Json]", value) for each in values_in(inner)}
    return values_in(json.dumps(value, default=str))


def scalars(table: dict[str, Json]) -> dict[str, str]:
    """The plain fields of an object, in one spelling."""
    found: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, bool) or value is None or isinstance(value, (dict, list)):
            continue
        found[key] = _number(str(value)) or str(value).strip().casefold()
    return found


def is_name(value: str) -> bool:
    """Whether a value names one thing among many: by it two objects are known to be about the same."""
    return any(each.isdigit() for each in value) and any(each.isalpha() or each == "@" for each in value)


def _spelled(text: str) -> str:
    return (
        _number(text) or text.casefold().rstrip(".") if not text.replace(",", "").isdigit() else _number(text)
    )


def _number(text: str) -> str:
    """A number without what differs in writing; nothing for a single digit, which stands anywhere."""
    try:
        found = float(text.replace(",", ""))
    except ValueError:
        return ""
    plain = str(int(found)) if found.is_integer() and abs(found) < 2**53 else str(found)
    return plain if len(plain.lstrip("-")) >= _SHORTEST else ""
