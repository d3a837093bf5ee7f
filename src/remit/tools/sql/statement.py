"""One SQL statement as somebody declared it: its named parameters, what it does, to which table, and where.

It reads tokens, no grammar: enough to know what is text and what is SQL. What it cannot read it says so.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|/\*.*?\*/)
  | (?P<text>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$)
  | (?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\](?=\s*[.,)\s]|$)|[^\W\d]\w*)
  | (?P<cast>::)
  | (?P<parameter>:[A-Za-z_]\w*)
  | (?P<mark>[?$@]\w+|\?)
  | (?P<number>\d[\w.]*)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ENDS_WHERE = frozenset({"returning", "order", "limit"})


class Verb(StrEnum):
    """What a statement does."""

    READ = "read"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    OTHER = "other"


class StatementError(ValueError):
    """What is wrong with a statement, in words."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of SQL."""

    kind: str
    text: str

    @property
    def word(self) -> str:
        """It as a keyword."""
        return self.text.lower() if self.kind == "name" else ""

    @property
    def identifier(self) -> str:
        """It as a name: in small letters, unless it is quoted."""
        quote = self.text[:1]
        return self.text[1:-1].replace(quote * 2, quote) if quote in {'"', "`"} else self.text.lower()


@dataclass(frozen=True, slots=True)
class Sql:
    """SQL with numbered placeholders, and the name of the parameter behind each."""

    text: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that was read."""

    tokens: tuple[Token, ...]
    verb: Verb
    table: str = ""
    alias: str = ""
    where: tuple[Token, ...] | None = ()
    """The condition; nothing: all rows; None: it could not be found, and why stands in `unclear`."""
    unclear: str = ""
    returning: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Its parameters, each once."""
        return self.sql().names

    @property
    def functions(self) -> tuple[str, ...]:
        """What is called in it, and what only looks as if it were, each once and without its schema."""
        words = [token for token in self.tokens if token.kind != "space"]
        pairs = itertools.pairwise(words)
        called = (one.identifier for one, other in pairs if one.kind == "name" and other.text == "(")
        return tuple(dict.fromkeys(called))

    def sql(self, more: str = "") -> Sql:
        """It, ready to be executed."""
        return numbered(self.tokens, more)

    def sets(self, columns: Sequence[str]) -> bool:
        """Whether one of these columns is named before its condition, where an UPDATE says what it sets."""
        names = {column.lower() for column in columns}
        for token, depth in _with_depth(self.tokens):
            if depth == 0 and token.word == "where":
                break
            if token.kind == "name" and token.text.strip('"`[]').lower() in names:
                return True
        return False

    def with_returning(self, columns: str) -> Sql:
        """It, giving these columns of each row that it touched beside its own."""
        return self.sql(f"{', ' if self.returning else ' RETURNING '}{columns}")


def read_statement(text: str) -> Statement:
    """A statement; raises `StatementError` if it is none, or more than one."""
    tokens = tuple(_tokens(text))
    words = [token for token in tokens if token.kind != "space"]
    if not words:
        raise StatementError("it is empty")
    mark = next((token.text for token in words if token.kind == "mark"), "")
    if mark:
        raise StatementError(f'it has the placeholder "{mark}"; parameters are written :name')
    first = words[0].word
    if first in {"select", "with", "values", "table"}:
        return Statement(tokens, Verb.READ if not _writes(words) else Verb.OTHER)
    if first in {"insert", "update", "delete"}:
        return _change(tokens, words, Verb(first))
    return Statement(tokens, Verb.OTHER)


def numbered(tokens: tuple[Token, ...], more: str = "") -> Sql:
    """Tokens with `$1`, `$2`, … in place of parameters."""
    names: list[str] = []
    parts: list[str] = []
    for token in tokens:
        if token.kind != "parameter":
            parts.append(" " if token.kind == "space" else token.text)
            continue
        name = token.text[1:]
        if name not in names:
            names.append(name)
        parts.append(f"${names.index(name) + 1}")
    return Sql("".join(parts).strip() + more, tuple(names))


def _tokens(text: str) -> Iterator[Token]:
    found = [
        Token(str(match.lastgroup if match.lastgroup != "tag" else "text"), match[0])
        for match in _TOKEN.finditer(text)
    ]
    while found and (found[-1].kind == "space" or found[-1].text == ";"):
        found.pop()
    if any(
        (one.word, other.text) == ("u", "&") and quoted.text[:1] in {'"', "'"}
        for one, other, quoted in zip(found, found[1:], found[2:], strict=False)
    ):
        raise StatementError("it spells names or texts with U&, and is not read then")
    for token in found:
        if token.text in {";", "'", '"', "\x00"} and token.kind == "other":
            raise StatementError(
                "it is more than one statement" if token.text == ";" else f"a {token.text} is never closed"
            )
    yield from found


def _writes(words: list[Token]) -> bool:
    """Whether a WITH or SELECT may change something, as Postgres lets it."""
    return any(token.word in {"insert", "update", "delete", "merge", "into"} for token in words)


def _change(tokens: tuple[Token, ...], words: list[Token], verb: Verb) -> Statement:
    rest = words[1:]
    unclear = ""
    if verb is not Verb.DELETE and rest and rest[0].word == "or":
        unclear, rest = f"it says OR {rest[1].text.upper() if len(rest) > 1 else ''}", rest[2:]
    if rest and rest[0].word in {"into", "from", "only"}:
        rest = rest[1:]
    table, rest = _dotted(rest)
    if not table:
        raise StatementError(f"the table that it {verb}s cannot be found")
    alias, rest = _alias(rest)
    returning = any(token.word == "returning" for token, depth in _with_depth(words) if depth == 0)
    if verb is Verb.INSERT:
        if any(token.word in {"conflict", "duplicate"} for token in words):
            unclear = unclear or "it changes rows that are there already (ON CONFLICT)"
        return Statement(tokens, verb, table, alias, (), unclear, returning)
    other = "from" if verb is Verb.UPDATE else "using"
    if any(token.word == other for token, depth in _with_depth(rest) if depth == 0):
        unclear = unclear or f"its rows depend on other tables ({other.upper()})"
    if any(token.word in {"order", "limit"} for token, depth in _with_depth(rest) if depth == 0):
        unclear = unclear or "it changes some of the rows that it finds (LIMIT)"
    return Statement(tokens, verb, table, alias, _where(tokens), unclear, returning)


def _dotted(words: list[Token]) -> tuple[str, list[Token]]:
    parts: list[str] = []
    while words and words[0].kind == "name":
        parts.append(words[0].text)
        words = words[1:]
        if not words or words[0].text != ".":
            break
        words = words[1:]
    return ".".join(parts), words


def _alias(words: list[Token]) -> tuple[str, list[Token]]:
    if words and words[0].word == "as":
        words = words[1:]
    if words and words[0].kind == "name" and words[0].word not in _AFTER_TABLE:
        return words[0].text, words[1:]
    return "", words


_AFTER_TABLE = frozenset(
    {
        "set",
        "where",
        "values",
        "select",
        "default",
        "using",
        "returning",
        "overriding",
        "with",
        "indexed",
        "not",
    }
)


def _where(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    found: list[Token] = []
    inside = False
    for token, depth in _with_depth(tokens):
        if depth == 0 and token.word == "where" and not inside:
            inside = True
            continue
        if depth == 0 and token.word in _ENDS_WHERE:
            break
        if inside:
            found.append(token)
    return tuple(found)


def _with_depth(tokens: tuple[Token, ...] | list[Token]) -> Iterator[tuple[Token, int]]:
    depth = 0
    for token in tokens:
        if token.text == ")":
            depth -= 1
        yield token, depth
        if token.text == "(":
            depth += 1
