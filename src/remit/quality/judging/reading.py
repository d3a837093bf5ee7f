"""The judges of a workspace: `judges/*.yaml`, one or several in a file, and `Judge` values of its Python. Every key is
known and every value of its type, or the file is refused with a sentence. It asks no model.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, cast

import yaml

from remit.domain.judge_errors import InvalidJudge, UnknownJudge
from remit.quality.judging.judge import PREFIX, Judge, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FOLDER = "judges"
_KINDS: dict[str, tuple[type, ...]] = {
    "name": (str,), "rubric": (str,), "kind": (str,), "route": (str,), "votes": (int,), "shows": (list,),
    "usd": (int, float), "temperature": (int, float), "harm": (bool,), "max_age_days": (int,),
    "least_kappa": (int, float),
}  # fmt: skip
_HINT = "docs/reference/judges.md has every key."


def read_judges(workspace: Path, written: Iterable[Judge] = ()) -> dict[str, Judge]:
    """The judges of a workspace by name; `written` are those of its Python."""
    found: dict[str, Judge] = {}
    folder = workspace / FOLDER
    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]) if folder.is_dir() else []
    for each in [*written, *(judge for file in files for judge in _of_file(file))]:
        if each.name in found:
            raise InvalidJudge(
                f'{each.place or "a judge"}: two judges are called "{each.name}".', "Rename one."
            )
        found[each.name] = each
    return found


def agents_of_judges(workspace: Path, written: Iterable[Judge] = ()) -> frozenset[str]:
    """The agents as which judges are asked, for rules to speak of. Whether judges can be read is said elsewhere."""
    try:
        return frozenset(f"{PREFIX}{name}" for name in read_judges(workspace, written))
    except InvalidJudge:
        return frozenset()


def judge_named(judges: Mapping[str, Judge], name: str) -> Judge:
    """The judge of this name, or an error with the nearest."""
    if name in judges:
        return judges[name]
    near = difflib.get_close_matches(name, judges, n=1)
    known = ", ".join(sorted(judges)) or f"none; write one in {FOLDER}/NAME.yaml"
    raise UnknownJudge(
        f'this workspace has no judge "{name}".',
        f'Did you mean "{near[0]}"?' if near else f"It has: {known}.",
    )


def _of_file(file: Path) -> list[Judge]:
    where = f"{FOLDER}/{file.name}"
    try:
        said = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as wrong:
        raise InvalidJudge(
            f"{where} is not YAML: {' '.join(str(wrong).split())}.", "Mend that place."
        ) from None
    except OSError as wrong:
        raise InvalidJudge(f"{where} cannot be read: {wrong.strerror}.", _HINT) from None
    tables = cast("list[Any]", said) if isinstance(said, list) else [said]
    if not tables:
        raise InvalidJudge(f"{where} holds no judge.", _HINT)
    return [_judge(each, where, file.stem if len(tables) == 1 else "") for each in tables]


def _judge(said: Any, where: str, name: str) -> Judge:
    if not isinstance(said, dict):
        raise InvalidJudge(f"{where} holds no table of a judge.", _HINT)
    table: dict[str, Any] = {"name": name} | {
        str(key): value for key, value in cast("dict[Any, Any]", said).items()
    }
    for key, value in table.items():
        kinds = _KINDS.get(key)
        if kinds is None:
            near = difflib.get_close_matches(key, _KINDS, n=1)
            raise InvalidJudge(f'{where} has "{key}"{f" (nearest: {near[0]})" if near else ""}.', _HINT)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise InvalidJudge(f"{where}: {key} = {value!r} is no {kinds[0].__name__}.", _HINT)
    kind = table.pop("kind", "rubric")
    if kind not in {each.value for each in Kind}:
        raise InvalidJudge(
            f'{where}: kind is "{kind}".', f"It is one of {', '.join(each.value for each in Kind)}."
        )
    table["shows"] = tuple(str(each) for each in table.get("shows", ("input", "answer")))
    table["rubric"] = table.get("rubric", "")
    return Judge(**table, kind=Kind(kind), place=where)
