"""The grammar of patterns (ECMA-262 as JSON Schema uses it), read into a tree. What has no bounded match is refused."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_LONGEST = 5_000
_DEEPEST = 100
_MOST_REPEATS = 1_000

_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
_SPACES = tuple((c, c) for c in "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff")
_CLASSES: dict[str, tuple[tuple[str, str], ...]] = {
    "d": (("0", "9"),),
    "w": (("0", "9"), ("A", "Z"), ("a", "z"), ("_", "_")),
    "s": (*_SPACES, ("\u2000", "\u200a")),
}


class PatternError(Exception):
    """The pattern cannot be read, or cannot be matched in bounded time; the text says why."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """The empty pattern."""


@dataclass(frozen=True, slots=True)
class Any_:  # noqa: N801 - Any is something else
    """Every character but the end of a line."""

    def holds(self, character: str) -> bool:
        """Whether it takes this character."""
        return character not in "\n\r\u2028\u2029"


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of these ranges, or in these Unicode categories."""

    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False
    categories: tuple[str, ...] = ()
    without: tuple[Chars, ...] = ()
    """Classes inside of this one that are negated themselves, as in `[\\D_]`."""

    def holds(self, character: str) -> bool:
        """Whether it takes this character."""
        return self._within(character) != self.negated

    def _within(self, character: str) -> bool:
        if any(first <= character <= last for first, last in self.ranges):
            return True
        if self.categories and unicodedata.category(character).startswith(self.categories):
            return True
        return any(each.holds(character) for each in self.without)


@dataclass(frozen=True, slots=True)
class Assertion:
    """`^`, `$`, `b` (edge of a word) or `B` (none)."""

    kind: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """One of them."""

    choices: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Again and again."""

    part: Node
    least: int
    most: int | None


Node = Nothing | Any_ | Chars | Assertion | Sequence | Branch | Repeat


def parse(text: str) -> Node:
    """The tree of a pattern."""
    if len(text) > _LONGEST:
        raise PatternError(f"it has {len(text):,} characters")
    reader = _Reader(text)
    tree = reader.branch(0)
    if reader.more:
        raise PatternError(f'a ")" at {reader.place} closes nothing')
    return tree


class _Reader:
    """Reads one pattern from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.place = 0

    @property
    def more(self) -> bool:
        return self.place < len(self._text)

    def branch(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise PatternError("its groups are nested too deep")
        choices = [self._sequence(depth)]
        while self._take("|"):
            choices.append(self._sequence(depth))
        return choices[0] if len(choices) == 1 else Branch(tuple(choices))

    def _sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self.more and self._peek() not in "|)":
            parts.append(self._repeated(self._atom(depth)))
        return Nothing() if not parts else parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _atom(self, depth: int) -> Node:
        character = self._next()
        match character:
            case "^" | "$":
                return Assertion(character)
            case ".":
                return Any_()
            case "(":
                return self._group(depth)
            case "[":
                return self._class()
            case "\\":
                return self._escape()
            case "*" | "+" | "?":
                raise PatternError(f'"{character}" at {self.place} repeats nothing')
            case _:
                return Chars(((character, character),))

    def _group(self, depth: int) -> Node:
        if self._take("?"):
            if self._take("<") and not self._ahead("=") and not self._ahead("!"):
                self._until(">")
            elif not self._take(":"):
                raise PatternError("it looks ahead or behind, which cannot be checked in bounded time")
        inner = self.branch(depth + 1)
        if not self._take(")"):
            raise PatternError('a "(" is never closed')
        return inner

    def _repeated(self, part: Node) -> Node:
        if self._take("*"):
            bounds: tuple[int, int | None] | None = (0, None)
        elif self._take("+"):
            bounds = (1, None)
        elif self._take("?"):
            bounds = (0, 1)
        else:
            bounds = self._counted()
        if bounds is None:
            return part
        self._take("?")  # lazy or not: whether there is a match is the same
        least, most = bounds
        if max(least, most or 0) > _MOST_REPEATS:
            raise PatternError(f"it repeats something {max(least, most or 0):,} times")
        if most is not None and most < least:
            raise PatternError("it repeats something at least more often than at most")
        return Repeat(part, least, most)

    def _counted(self) -> tuple[int, int | None] | None:
        if not self._ahead("{"):
            return None
        end = self._text.find("}", self.place)
        inside = self._text[self.place + 1 : end] if end > 0 else ""
        least, comma, most = inside.partition(",")
        if not _is_count(least) or (most and not _is_count(most)):
            return None  # a brace that counts nothing is a brace
        self.place = end + 1
        return int(least), int(most) if most else None if comma else int(least)

    def _class(self) -> Node:
        negated = self._take("^")
        ranges: list[tuple[str, str]] = []
        categories: list[str] = []
        without: list[Chars] = []
        while not self._take("]"):
            item = self._class_item()
            if isinstance(item, Chars):
                if item.negated:
                    without.append(item)
                ranges += () if item.negated else item.ranges
                categories += () if item.negated else item.categories
            elif self._ahead("-") and not self._ahead("-]"):
                self._next()
                last = self._class_item()
                if not isinstance(last, str) or last < item:
                    raise PatternError(f'a range from "{item}" has no end above it')
                ranges.append((item, last))
            else:
                ranges.append((item, item))
        return Chars(tuple(ranges), negated, tuple(categories), tuple(without))

    def _class_item(self) -> str | Chars:
        character = self._next()
        if character != "\\":
            return character
        if self._take("b"):
            return "\b"
        found = self._escape()
        if isinstance(found, Chars):
            single = len(found.ranges) == 1 and found.ranges[0][0] == found.ranges[0][1] and not found.negated
            return found.ranges[0][0] if single and not found.categories else found
        raise PatternError("a class holds something that is no character")

    def _escape(self) -> Node:
        character = self._next()
        if character in "bB":
            return Assertion(character)
        if character.lower() in _CLASSES:
            return Chars(_CLASSES[character.lower()], negated=character.isupper())
        if character in "pP" and self._take("{"):
            return _property(self._until("}"), negated=character == "P")
        if character in _CONTROL and not (character == "0" and self.more and self._peek().isdigit()):
            return Chars(((_CONTROL[character], _CONTROL[character]),))
        if character in "123456789" or character == "k":
            raise PatternError("it refers back to a group, which cannot be checked in bounded time")
        return self._coded(character)

    def _coded(self, character: str) -> Node:
        if character in "xu":
            braced = character == "u" and self._take("{")
            digits = self._until("}") if braced else self._some(2 if character == "x" else 4)
            try:
                character = chr(int(digits, 16))
            except (ValueError, OverflowError):
                raise PatternError(f'"\\{character}{digits}" names no character') from None
        elif character == "c":
            character = chr(ord(self._next()) % 32)
        elif character.isalnum():
            raise PatternError(f'"\\{character}" means nothing')
        return Chars(((character, character),))

    def _peek(self) -> str:
        return self._text[self.place]

    def _next(self) -> str:
        if not self.more:
            raise PatternError("it ends too early")
        self.place += 1
        return self._text[self.place - 1]

    def _ahead(self, text: str) -> bool:
        return self._text.startswith(text, self.place)

    def _take(self, text: str) -> bool:
        found = self._ahead(text)
        self.place += len(text) if found else 0
        return found

    def _some(self, count: int) -> str:
        return "".join(self._next() for _ in range(count))

    def _until(self, end: str) -> str:
        found: list[str] = []
        while not self._take(end):
            found.append(self._next())
        return "".join(found)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < len(str(_LONGEST)) + 2


def _property(name: str, *, negated: bool) -> Chars:
    kind, _, value = name.partition("=")
    category = _LONG_NAMES.get(value or kind, value or kind)
    if (value and kind not in {"gc", "General_Category"}) or category not in _CATEGORIES:
        raise PatternError(f'it names the property "{name}", which is not known here')
    return Chars(negated=negated, categories=(category,))


_PARTS = {"C": "cfnos", "L": "lmotu", "M": "cen", "N": "dlo", "P": "cdefios", "S": "ckmo", "Z": "lps"}
_CATEGORIES = frozenset([*_PARTS, *(first + second for first, parts in _PARTS.items() for second in parts)])
_LONG_NAMES = {
    "Letter": "L",
    "Lowercase_Letter": "Ll",
    "Uppercase_Letter": "Lu",
    "Mark": "M",
    "Number": "N",
    "Decimal_Number": "Nd",
    "Punctuation": "P",
    "Symbol": "S",
    "Separator": "Z",
    "Other": "C",
}
