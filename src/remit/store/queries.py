"""Named SQL: every statement Remit runs lives in `sql/*.sql`, with a name and one sentence on what it is for.

A query opens with `-- name: runs.claim` (optionally `-- name: runs.claim (postgres)` where the dialects differ),
the next comment lines describe it, and parameters are `$1`, `$2`, … in both dialects. A query with a comment
`-- each: flow agent` is one for each of these words: `runs.of_flow` and `runs.of_agent` of `runs.of`, with the word
where `@each` stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "sql"
_HEADING = re.compile(r"^-- name: (?P<name>[a-z_]+\.[a-z_]+)(?: \((?P<dialect>sqlite|postgres)\))?$")
_EACH = "each:"
_PARAMETER = re.compile(r"\$(\d+)(::[a-z0-9\[\]]+)?")
_CAST = re.compile(r"::[a-z0-9]+(\[\])?")


@dataclass(frozen=True, slots=True)
class Query:
    """One statement in one dialect."""

    name: str
    about: str
    sql: str
    returns: bool


@cache
def queries(dialect: str) -> dict[str, Query]:
    """All statements of a dialect by name."""
    found: dict[str, Query] = {}
    for file in sorted(_FOLDER.glob("*.sql")):
        found |= {q.name: q for q in _parse(file.read_text("utf-8"), dialect)}
    return found


def _parse(text: str, dialect: str) -> list[Query]:
    parsed: list[Query] = []
    heading: re.Match[str] | None = None
    about: list[str] = []
    body: list[str] = []
    for line in [*text.splitlines(), "-- name: end.end"]:
        match = _HEADING.match(line)
        if match is None:
            (about if line.startswith("--") else body).append(line.removeprefix("--").strip(" \n"))
            continue
        if heading is not None and heading["dialect"] in {None, dialect}:
            parsed += _queries(heading["name"], about, body, dialect)
        heading, about, body = match, [], []
    return parsed


def _queries(name: str, about: list[str], body: list[str], dialect: str) -> list[Query]:
    words = next((line.removeprefix(_EACH).split() for line in about if line.startswith(_EACH)), None)
    if words is None:
        return [_query(name, about, body, dialect)]
    told = [line for line in about if not line.startswith(_EACH)]
    return [
        _query(f"{name}_{word}", told, [line.replace("@each", word) for line in body], dialect)
        for word in words
    ]


def _query(name: str, about: list[str], body: list[str], dialect: str) -> Query:
    sql = "\n".join(line for line in body if line).rstrip(";")
    returns = bool(re.search(r"(?i)\breturning\b|^\s*(select|with)\b", sql))
    if dialect == "sqlite":
        sql = _CAST.sub("", _PARAMETER.sub(r"?\1", sql))
    return Query(name, " ".join(about), sql, returns)
