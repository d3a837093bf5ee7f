"""What a docstring says: about the tool, and about each argument (Google, Sphinx and NumPy style). Text only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

_SECTION = re.compile(
    r"(args|arguments|parameters|params|returns?|raises|yields|examples?|notes?)\s*:?\s*", re.IGNORECASE
)
_ARGUMENTS = frozenset({"args", "arguments", "parameters", "params"})
_GOOGLE = re.compile(r"\*{0,2}(?P<name>\w+)\s*(?:\([^)]*\))?\s*:\s*(?P<text>.*)")
_NUMPY = re.compile(r"(?P<name>\w+)(?:\s*:.*)?")
_SPHINX = re.compile(r":param\s+(?:[\w\[\], |.]+\s+)?(?P<name>\w+)\s*:\s*(?P<text>.*)")
_FIELD = re.compile(r":\w+[^:]*:")
_RULE = re.compile(r"-{3,}")


@dataclass(frozen=True, slots=True)
class Description:
    """A docstring, taken apart."""

    text: str
    arguments: dict[str, str] = field(default_factory=dict[str, str])


def describe(doc: str) -> Description:
    """Take a docstring (already unindented) apart."""
    words: list[str] = []
    arguments: dict[str, str] = {}
    section, name = "", ""
    lines = doc.splitlines()
    for number, line in enumerate(lines):
        text = line.strip()
        ruled = number + 1 < len(lines) and _RULE.fullmatch(lines[number + 1].strip()) is not None
        heading = (
            _SECTION.fullmatch(text) if line == line.lstrip() and (ruled or text.endswith(":")) else None
        )
        sphinx = _SPHINX.match(text)
        if heading is not None:
            section, name = heading[1].lower(), ""
        elif sphinx is not None:
            section, name = "sphinx", sphinx["name"]
            arguments[name] = sphinx["text"]
        elif _FIELD.match(text):
            section, name = "field", ""
        elif section in _ARGUMENTS:
            name = _take_argument(line, name, arguments, numpy=_is_numpy(lines, section))
        elif section == "sphinx" and name and line.startswith(" "):
            arguments[name] = f"{arguments[name]} {text}".strip()
        elif not section:
            words.append(line)
    return Description("\n".join(words).strip(), {k: v.strip() for k, v in arguments.items() if v.strip()})


def _take_argument(line: str, name: str, arguments: dict[str, str], *, numpy: bool) -> str:
    """Read one line of a section on arguments; gives the argument that the next line may go on about."""
    text = line.strip()
    if not text or _RULE.fullmatch(text):
        return name
    if numpy:
        if line == line.lstrip():
            match = _NUMPY.fullmatch(text)
            return match["name"] if match else name
        arguments[name] = f"{arguments.get(name, '')} {text}".strip()
        return name
    match = _GOOGLE.fullmatch(text)
    deeper = bool(name) and len(line) - len(line.lstrip()) > _FIRST_INDENT
    if match is not None and not deeper:
        arguments[match["name"]] = match["text"]
        return match["name"]
    if name:
        arguments[name] = f"{arguments[name]} {text}".strip()
    return name


def _is_numpy(lines: list[str], section: str) -> bool:
    """Whether the heading of this section is underlined."""
    return any(
        line.strip().lower() == section and _RULE.fullmatch(after.strip()) for line, after in pairwise(lines)
    )


_FIRST_INDENT = 4
