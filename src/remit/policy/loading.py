"""Policy files become rules: every `*.cedar` below a folder, read, cut into statements and parsed, or refused with
file and line. What the rules name and whether they fit the schema is checked elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, NoReturn

import cedarpy
from cedarpy import pst

from remit.policy.rules import Rule, invalid, rule_of

_TOKEN = re.compile(
    r'(?P<space>\s+|//[^\n]*)|(?P<string>"(?:\\.|[^"\\])*")|(?P<end>;)|(?P<other>[^\s;"/]+|/|")'
)
_LARGEST = 1_000_000
_REMEMBERED = 64
"""Files whose rules are kept: what they say depends on nothing but their text."""
_MOUNTED = ".."
"""Kubernetes keeps the files of a mounted ConfigMap in folders that begin so; links beside them lead there."""


class Statement(NamedTuple):
    """The text of one statement and the line it starts at."""

    line: int
    text: str


def read_rules(folder: Path) -> tuple[Rule, ...]:
    """Every rule below `folder`, in the order of files and lines; refuses a folder without any."""
    return rules_of(read_files(folder), folder.name)


def read_files(folder: Path) -> dict[str, str]:
    """The text of every policy file below `folder`, by its name."""
    names = {_shown(file, folder): file for file in policy_files(folder)}
    return {name: _text_of(file, name) for name, file in names.items()}


def digest_of(files: Mapping[str, str]) -> str:
    """The name of exactly these texts."""
    return hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()


def rules_of(files: Mapping[str, str], folder: str = "policies") -> tuple[Rule, ...]:
    """Every rule in these texts; refuses texts without any."""
    rules = [rule for name, text in files.items() for rule in _rules_in(name, text)]
    if not rules:
        raise invalid(f"there is no rule in {folder}/*.cedar, so nothing would be allowed.")
    seen: dict[str, Rule] = {}
    for rule in rules:
        other = seen.setdefault(rule.name, rule)
        if other is not rule:
            raise invalid(f'{rule.place} and {other.place} are both called "{rule.name}".')
    return tuple(rules)


def policy_files(folder: Path) -> list[Path]:
    """The files that hold rules; a folder inside counts too, because a forbid in it was meant.

    What cannot be read is refused and never passed over: it may be a forbid.
    """
    if not folder.is_dir():
        raise invalid(f"there are no policies: {folder.name}/ is not in this workspace.")
    found: list[Path] = []
    for place, folders, files in os.walk(folder, onerror=_unreadable):
        here = Path(place)
        folders[:] = [name for name in folders if not name.startswith(_MOUNTED)]
        for name in sorted(folders):
            if name.endswith(".cedar"):
                raise invalid(
                    f"{_shown(here / name, folder)} is a folder, and its name is that of a policy file."
                )
            if (here / name).is_symlink():
                raise invalid(
                    f"{_shown(here / name, folder)} is a link to a folder; its rules would not be seen."
                )
        found += [_regular(here / name, folder) for name in files if name.endswith(".cedar")]
    return sorted(found)


def statements(text: str) -> Iterator[Statement]:
    """Cut a file at the semicolons that end statements, not at those in texts and comments."""
    start, end = -1, 0
    for match in _TOKEN.finditer(text):
        end = match.end()
        if match["space"]:
            continue
        if start < 0:
            start = match.start()
        if match["end"]:
            yield Statement(text.count("\n", 0, start) + 1, text[start:end])
            start = -1
    if start >= 0:
        yield Statement(text.count("\n", 0, start) + 1, text[start:end])


def _regular(path: Path, folder: Path) -> Path:
    """A file that can be read; a link may lead to one."""
    if path.is_file():
        return path
    if path.is_symlink() and not path.exists():
        raise invalid(f"{_shown(path, folder)} is a link to {path.readlink()}, and there is no such file.")
    raise invalid(f"{_shown(path, folder)} is no file.")


def _unreadable(wrong: OSError) -> NoReturn:
    place, why = Path(wrong.filename or "?").name, (wrong.strerror or str(wrong)).lower()
    raise invalid(f"the policies in {place}/ cannot be listed: {why}.")


def _shown(path: Path, folder: Path) -> str:
    return f"{folder.name}/{path.relative_to(folder).as_posix()}"


@lru_cache(_REMEMBERED)
def _rules_in(name: str, text: str) -> tuple[Rule, ...]:
    templates: list[pst.Template] = []
    rules: list[Rule] = []
    on_line: Counter[int] = Counter()
    for statement in statements(text):
        place = f"{name}:{statement.line}"
        template = _parsed(statement.text, place)
        templates.append(template)
        on_line[statement.line] += 1
        number = on_line[statement.line]
        rules.append(rule_of(template, place, statement.text, f"{place}#{number}" if number > 1 else place))
    _check_whole(text, templates, name)
    return tuple(rules)


def _text_of(file: Path, name: str) -> str:
    try:
        raw = file.read_bytes()
        if len(raw) > _LARGEST:
            raise invalid(f"{name} has {len(raw):,} bytes; a policy file has at most {_LARGEST:,}.")
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise invalid(f"{name} is not UTF-8 text.") from None
    except OSError as wrong:
        raise invalid(f"{name} cannot be read: {(wrong.strerror or str(wrong)).lower()}.") from None


def _parsed(text: str, place: str) -> pst.Template:
    try:
        tree = cedarpy.policies_to_pst(text)
    except ValueError as wrong:
        raise invalid(f"{place} cannot be read: {_first_line(wrong)}.") from None
    if tree.templates:
        raise invalid(f"{place} has an open place (?principal or ?resource), which nobody would fill.")
    found = list(tree.static_policies.values())
    if len(found) != 1:
        raise invalid(f"{place} cannot be read: it is not one statement.")
    return found[0]


def _check_whole(text: str, templates: list[pst.Template], name: str) -> None:
    """Cedar itself reads the file as a whole: had we cut it elsewhere, a rule would be lost in silence."""
    try:
        whole = cedarpy.policies_to_pst(text)
    except ValueError as wrong:
        raise invalid(f"{name} cannot be read: {_first_line(wrong)}.") from None
    if sorted(map(_content, whole.static_policies.values())) != sorted(map(_content, templates)):
        raise invalid(f"{name} cannot be cut into its statements; simplify its texts and comments.")


def _content(template: pst.Template) -> str:
    """A statement without the name that its position gave it."""
    return repr((
        template.effect, template.principal, template.action, template.resource, template.clauses,
        sorted(template.annotations.items()),
    ))  # fmt: skip


def _first_line(wrong: ValueError) -> str:
    return (str(wrong).splitlines() or ["it is no Cedar"])[0].rstrip(".")
