"""`[builtin.*]` of tools.toml: which of the built-in tools a workspace has, and within what limits."""

from __future__ import annotations

import difflib
from dataclasses import fields
from typing import TYPE_CHECKING, Any, cast

from remit.domain.errors import InvalidSetting
from remit.domain.tools import SandboxTier
from remit.tools.builtin.files import FilesOptions, file_tools
from remit.tools.builtin.http import HttpOptions, http_tools
from remit.tools.builtin.human import HumanOptions, human_tools
from remit.tools.builtin.python import PythonOptions, python_tools
from remit.tools.sandboxes.choosing import TIERS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from remit.tools.tool import Tool

Json = Any

FILE = "tools.toml"
KINDS = ("files", "http", "human", "python")
"""The sections there are."""


def builtin_tools(table: dict[str, Json], workspace: Path) -> list[Tool]:
    """The tools of the sections that are there."""
    found: list[Tool] = []
    for kind, options in table.items():
        place = f"[builtin.{kind}]"
        if kind not in KINDS:
            raise InvalidSetting(
                f"{FILE}: {place} is no built-in tool{_nearest(kind, KINDS)}.",
                f"There are {', '.join(KINDS)}.",
            )
        if not isinstance(options, dict):
            raise InvalidSetting(f"{FILE}: write {place}, and its keys below.")
        found += _made(kind, cast("dict[str, Json]", options), place, workspace)
    return found


def _made(kind: str, options: dict[str, Json], place: str, workspace: Path) -> list[Tool]:
    match kind:
        case "files":
            return file_tools(_files(options, place, workspace))
        case "http":
            return http_tools(_http(options, place))
        case "human":
            return human_tools(HumanOptions(**_checked(options, HumanOptions, place)))
        case _:
            return python_tools(_python(options, place))


def _files(options: dict[str, Json], place: str, workspace: Path) -> FilesOptions:
    given = _checked(options, FilesOptions, place)
    root = given.pop("root", "")
    if not root:
        raise InvalidSetting(
            f"{FILE}: {place} needs root, the folder that files are kept in.", 'Write root = "files".'
        )
    folder = (workspace / root).absolute()
    if not folder.is_dir():
        raise InvalidSetting(
            f"{FILE}: {place} has the root {folder}, which is no folder.", "Make it, or name another."
        )
    return FilesOptions(folder, **given)


def _http(options: dict[str, Json], place: str) -> HttpOptions:
    given = _checked(options, HttpOptions, place)
    for key in ("allow", "private"):
        if key in given:
            given[key] = tuple(given[key])
    if not given.get("allow") and not given.get("private"):
        raise InvalidSetting(
            f"{FILE}: {place} allows no host, so nothing could be fetched.",
            'Write allow = ["api.example.com"].',
        )
    return HttpOptions(**given)


def _python(options: dict[str, Json], place: str) -> PythonOptions:
    given = _checked(options, PythonOptions, place)
    tier = given.pop("tier", SandboxTier.NAMESPACE)
    if tier not in TIERS:
        raise InvalidSetting(
            f'{FILE}: {place} has the tier "{tier}"{_nearest(tier, TIERS)}.',
            f"It is one of {', '.join(TIERS)}; docs/reference/sandbox.md says what each of them holds.",
        )
    return PythonOptions(SandboxTier(tier), **given)


_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "root": ((str,), "text in quotes"),
    "read_only": ((bool,), "true or false"),
    "largest": ((int,), "a whole number of bytes"),
    "seconds": ((int, float), "a number of seconds"),
    "allow": ((list,), 'a list of texts, such as ["api.example.com"]'),
    "private": ((list,), 'a list of texts, such as ["127.0.0.1:8080"]'),
    "credentials": ((dict,), 'a table, such as { "api.example.com" = "crm_token" }'),
    "tier": ((str,), "text in quotes"),
    "memory_mb": ((int,), "a whole number of megabytes"),
    "scratch_mb": ((int,), "a whole number of megabytes"),
    "group": ((str,), "text in quotes"),
    "within": ((str,), 'text, such as "4h"'),
    "otherwise": ((str,), "text in quotes"),
}


def _checked(options: dict[str, Json], shape: type[Any], place: str) -> dict[str, Json]:
    known = [field.name for field in fields(shape)]
    for key, value in options.items():
        if key not in known:
            raise InvalidSetting(
                f'{FILE}: {place} has "{key}", which means nothing{_nearest(key, known)}.',
                f"It takes {', '.join(known)}.",
            )
        kinds, words = _TYPES[key]
        if not _fits(value, kinds):
            raise InvalidSetting(f"{FILE}: {place} has {key} = {value!r}; it takes {words}.")
    return dict(options)


def _fits(value: Json, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return bool in kinds
    if not isinstance(value, kinds):
        return False
    if isinstance(value, list):
        return all(isinstance(item, str) for item in cast("list[Json]", value))
    if isinstance(value, dict):
        return all(isinstance(item, str) for item in cast("dict[str, Json]", value).values())
    return not isinstance(value, int | float) or value > 0


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f' (nearest: "{near[0]}")' if near else ""
