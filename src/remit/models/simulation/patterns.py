"""A text that matches a pattern, the simplest one that can be found. It knows regular expressions and nothing else."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

_parser: Any = import_module("re._parser")
"""The only reader of Python's own pattern language that is certain to agree with `re`."""

_TRIES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256)
"""How often what may repeat is repeated, until the text is long enough."""
_ORDINARY = "a1A_-. 0bBzZ9,:;/@+#"
_CLASSES = {"CATEGORY_DIGIT": "1", "CATEGORY_WORD": "a", "CATEGORY_SPACE": " "}
_OTHERS = {"CATEGORY_NOT_DIGIT": "a", "CATEGORY_NOT_WORD": "-", "CATEGORY_NOT_SPACE": "a"}


def matching(pattern: str, least: int = 0, most: int | None = None) -> str | None:
    """A text that the pattern finds, of a length between these; None if none was found."""
    try:
        compiled, parsed = re.compile(pattern), _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError):
        return None
    for repeats in _TRIES:
        text = _sequence(parsed, min(repeats, max(least, 1)), {})
        if len(text) >= least and (most is None or len(text) <= most) and compiled.search(text):
            return text
    return None


def _sequence(items: Any, repeats: int, groups: dict[int, str]) -> str:
    return "".join(_one(str(op), given, repeats, groups) for op, given in items)


def _one(op: str, given: Any, repeats: int, groups: dict[int, str]) -> str:
    match op:
        case "LITERAL":
            return chr(given)
        case "NOT_LITERAL":
            return next(each for each in _ORDINARY if ord(each) != given)
        case "ANY":
            return "a"
        case "IN":
            return _member(given)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = given
            return "".join(_sequence(inner, 1, groups) for _ in range(min(max(least, repeats), int(most))))
        case _:
            return _group(op, given, repeats, groups)


def _group(op: str, given: Any, repeats: int, groups: dict[int, str]) -> str:
    match op:
        case "SUBPATTERN":
            groups[given[0] or 0] = _sequence(given[3], repeats, groups)
            return groups[given[0] or 0]
        case "ATOMIC_GROUP":
            return _sequence(given, repeats, groups)
        case "BRANCH":
            return _sequence(given[1][0], repeats, groups)
        case "GROUPREF":
            return groups.get(given, "")
        case _:
            return ""  # anchors and looks around take no room; whether they hold, the search says


def _member(choices: list[tuple[Any, Any]]) -> str:
    if str(choices[0][0]) == "NEGATE":
        return next((each for each in _ORDINARY if not any(_holds(one, each) for one in choices[1:])), "~")
    op, given = choices[0]
    match str(op):
        case "RANGE":
            return chr(given[0])
        case "CATEGORY":
            return {**_CLASSES, **_OTHERS}.get(str(given), "a")
        case _:
            return chr(given)


def _holds(choice: tuple[Any, Any], character: str) -> bool:
    op, given = choice
    match str(op):
        case "RANGE":
            return given[0] <= ord(character) <= given[1]
        case "CATEGORY":
            name = str(given)
            positive = name.replace("_NOT_", "_")
            test = {"CATEGORY_DIGIT": str.isdigit, "CATEGORY_SPACE": str.isspace}.get(positive, _is_word)
            return test(character) != (positive != name)
        case _:
            return given == ord(character)


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
