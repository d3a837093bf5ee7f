"""Which names are known here, and which of them somebody may have meant: agents, tools, models, people, teams and code.

It reads the database and the files of the workspace, and executes none of its code: what is broken there, or hangs, may
be the very thing that is to be stopped. So what it does not know may exist all the same.
"""

from __future__ import annotations

import ast
import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from remit.domain.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from remit.control.ground.ground import Ground

_LATEST_RUNS = 5_000
_LATEST_EVENTS = 20_000
_MOST_FILES = 2_000
_LARGEST = 1_000_000
_ELSEWHERE = {"node_modules", "site-packages", "__pycache__"}


async def doubt(ground: Ground, kind: str, name: str, also: Collection[str] = ()) -> str:
    """Why this may be no name of anything here, and which is nearest; empty if it is known. `also` are known too."""
    try:
        known = {*await known_names(ground, kind), *also}
    except RemitError as wrong:
        return f"whether there is such a {kind} is not known: {wrong.message}"
    if name in known or (kind == "release" and any(each.startswith(name) for each in known)):
        return ""
    if kind == "release":
        return "no run here was bound to code whose digest begins so"
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f"no {kind} of this name is known here" + (f'; nearest: "{near[0]}"' if near else "")


async def known_names(ground: Ground, kind: str) -> set[str]:
    """Every name of this kind that the log or the workspace knows."""
    database, team = ground.database, ground.principal.team
    match kind:
        case "agent":
            flows = await database.fetch("names.flows", team, _LATEST_RUNS)
            asked = await database.fetch("names.asked", team, _LATEST_EVENTS)
            ran = {row[0].rpartition("/")[2].partition("#")[0] for row in asked}
            return {*(row[0] for row in flows), *ran, *_declared(ground.workspace)}
        case "tool":
            return {row[0] for row in await database.fetch("tools.all", team)}
        case "model":
            return _models(ground)
        case "principal":
            return {row[0] for row in await database.fetch("names.principals", team)}
        case "team":
            return {row[0] for row in await database.fetch("names.teams")}
        case "release":
            return {row[0] for row in await database.fetch("names.pins", team, _LATEST_RUNS)}
        case _:
            return set()


def _models(ground: Ground) -> set[str]:
    from remit.models import configuration  # only who names a model needs all that

    found = configuration.load(ground.workspace, environment=ground.environment)
    return {card.name for card in found.catalog}


def _declared(workspace: Path) -> set[str]:
    """Agents whose names stand in the text of the workspace's code."""
    names: set[str] = set()
    for file in _python_of(workspace):
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        names |= {name for node in ast.walk(tree) if isinstance(node, ast.Call) for name in _agent(node)}
    return names


def _agent(call: ast.Call) -> Iterator[str]:
    function = call.func
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if called == "Agent":
        given = [*call.args[:1], *(each.value for each in call.keywords if each.arg == "name")]
        yield from (
            each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)
        )


def _python_of(workspace: Path) -> Iterator[Path]:
    left = _MOST_FILES
    for folder, inner, files in os.walk(workspace):
        inner[:] = [name for name in inner if not name.startswith(".") and name not in _ELSEWHERE]
        for name in files:
            path = Path(folder) / name
            if path.suffix == ".py" and path.is_file() and path.stat().st_size <= _LARGEST:
                left -= 1
                if left < 0:
                    return
                yield path
