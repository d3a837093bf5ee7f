"""Settings: what a workspace may choose, read once from `remit.toml` and the environment, and checked to the
last key. The environment wins over the file: `worker.concurrency` is also `REMIT_WORKER_CONCURRENCY`. A key
nobody knows is refused, because a misspelt limit that is silently ignored is no limit. Nothing here opens
anything.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from remit.control.workspace import FILE
from remit.domain.errors import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

T = TypeVar("T")
_DAY = 86_400
_PREFIX = "REMIT_"
NO_SETTINGS: Final = ("REMIT_KEY", "REMIT_ROOT_KEY", "REMIT_WORKSPACE", "REMIT_POSTGRES_BIN")
"""Variables that mean something and choose nothing here."""
_FROM_OUTSIDE = ("REMIT_SERVICE_", "REMIT_PORT")
"""What Kubernetes gives every pod beside a service that is called remit."""
_MOST_DIGITS = 100


def _setting(default: T, meaning: str, *, least: int = 0, most: int = 2**31 - 1) -> T:
    made: Any = field(default=default, metadata={"meaning": meaning, "least": least, "most": most})
    return made


@dataclass(frozen=True, slots=True)
class WorkspaceSettings:
    """Who this is."""

    name: str = _setting("", "the name shown to people; empty = the folder's name")
    team: str = _setting("default", "the team that runs belong to")
    environment: str = _setting("dev", "dev, stage or prod: what rules and the simulated model go by")


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How work is done."""

    processes: int = _setting(1, "worker processes that `remit up` keeps alive", least=1)
    concurrency: int = _setting(200, "runs that one worker executes at once", least=1)
    lease_seconds: int = _setting(30, "how long a silent worker keeps its runs", least=2, most=_DAY)
    drain_seconds: int = _setting(25, "how long a stopping worker lets steps finish", most=_DAY)


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """What is refused."""

    result_bytes: int = _setting(4_194_304, "the largest result of a step, as JSON", least=1024)
    journal_events: int = _setting(
        20_000, "events of one generation of a run (see run.continue_as)", least=100
    )


@dataclass(frozen=True, slots=True)
class StepSettings:
    """What holds for steps that do not say otherwise."""

    timeout_seconds: int = _setting(30, "how long a write may take", least=1)
    grace_seconds: int = _setting(
        5, "how long after its timeout a lost write is left alone before it is reconciled"
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a workspace chose."""

    database: str = _setting("", "postgresql://… or sqlite:///…; empty = .remit/remit.db in the workspace")
    code: tuple[str, ...] = _setting(
        ("flows", "agents", "tools"), "folders or modules of the workspace that hold flows, agents and tools"
    )
    workspace: WorkspaceSettings = field(default_factory=WorkspaceSettings)
    worker: WorkerSettings = field(default_factory=WorkerSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    step: StepSettings = field(default_factory=StepSettings)


@dataclass(frozen=True, slots=True)
class SettingDoc:
    """One setting as the reference shows it."""

    name: str
    env: str
    default: object
    meaning: str


def all_settings() -> list[SettingDoc]:
    """Every setting, in the order of the file."""
    return [
        SettingDoc(name, _env_name(name), _shown(spec.default), spec.metadata["meaning"])
        for name, spec in _leaves(Settings)
    ]


def load(workspace: Path, env: Mapping[str, str] | None = None) -> Settings:
    """The settings of a workspace, or one sentence on the first that cannot be."""
    env = os.environ if env is None else env
    file = _read(workspace / FILE)
    _refuse_unknown(file, Settings, "")
    values = _from_file(file) | _from_environment(env)
    settings: Settings = _build(Settings, "", values)
    if settings.workspace.name:
        return settings
    return _named(settings, workspace.resolve().name)


# --- the file -----------------------------------------------------------------------------------------------


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as wrong:  # no TOML, no UTF-8, or a number of thousands of digits
        raise InvalidSetting(f"{path} is not TOML: {str(wrong).rstrip('.')}.", "Mend that place.") from None
    except OSError as wrong:
        raise InvalidSetting(f"{path} cannot be read: {wrong.strerror}.") from None


def _refuse_unknown(table: Mapping[str, Any], shape: type[Any], prefix: str) -> None:
    known = {spec.name: spec for spec in fields(shape)}
    for key, value in table.items():
        if key not in known:
            raise _unknown(f"{FILE} has", f"{prefix}{key}")
        inner = _section(known[key])
        if inner is None:
            continue
        if not isinstance(value, dict):
            raise InvalidSetting(
                f'{FILE}: "{prefix}{key}" is a section; write [{prefix}{key}] and its keys below.'
            )
        _refuse_unknown(value, inner, f"{prefix}{key}.")  # pyright: ignore[reportUnknownArgumentType]


def _from_file(table: Mapping[str, Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, spec in _leaves(Settings):
        *sections, key = name.split(".")
        place: Any = table
        for section in sections:
            place = place.get(section, {})
        if key in place:
            found[name] = _checked(place[key], spec, f"{FILE}: {name}")
    return found


# --- the environment ----------------------------------------------------------------------------------------


def _from_environment(env: Mapping[str, str]) -> dict[str, object]:
    known = {_env_name(name): (name, spec) for name, spec in _leaves(Settings)}
    found: dict[str, object] = {}
    for variable, text in env.items():
        if variable in known:
            name, spec = known[variable]
            value = _typed(text, spec.default)
            found[name] = _checked(value, spec, f"the variable {variable}")
        elif variable.startswith(_PREFIX) and not (
            variable in NO_SETTINGS or variable.startswith(_FROM_OUTSIDE)
        ):
            raise _unknown("the environment has", variable, [*known, *NO_SETTINGS])
    return found


def _typed(text: str, like: object) -> object:
    if isinstance(like, tuple):
        return [part.strip() for part in text.split(",") if part.strip()]
    if isinstance(like, int) and text.strip().removeprefix("-").isdecimal() and len(text) < _MOST_DIGITS:
        return int(text)
    return text


# --- both ---------------------------------------------------------------------------------------------------


def _checked(value: object, spec: Any, place: str) -> object:
    like, least, most = spec.default, spec.metadata["least"], spec.metadata["most"]
    if isinstance(like, int):
        if not isinstance(value, int) or isinstance(value, bool):
            raise InvalidSetting(f"{place} is {_said(value)}; it takes a whole number, such as {like}.")
        if value < least:
            raise InvalidSetting(f"{place} is {value}; the least it can be is {least}.")
        if value > most:
            raise InvalidSetting(f"{place} is far too large; the most it can be is {most:,}.")
        return value
    if isinstance(like, tuple):
        texts = _texts(value)
        if texts is None:
            raise InvalidSetting(f'{place} is {_said(value)}; it takes a list of texts, such as ["flows"].')
        return texts
    if not isinstance(value, str):
        raise InvalidSetting(f"{place} is {_said(value)}; it takes text in quotes.")
    return value


def _texts(value: object) -> tuple[str, ...] | None:
    items = cast("list[object]", value) if isinstance(value, list) else [None]
    texts = tuple(item for item in items if isinstance(item, str))
    return texts if len(texts) == len(items) else None


def _unknown(where: str, name: str, candidates: list[str] | None = None) -> InvalidSetting:
    known = candidates if candidates is not None else [n for n, _ in _leaves(Settings)]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    nearest = f' (nearest: "{near[0]}")' if near else ""
    return InvalidSetting(
        f'{where} "{name}", which is no setting{nearest}.',
        "Remit does not start on settings it cannot read; they are all in docs/reference/settings.md.",
    )


def _build(shape: type[Any], prefix: str, values: Mapping[str, object]) -> Any:
    chosen: dict[str, object] = {}
    for spec in fields(shape):
        inner = _section(spec)
        if inner is not None:
            chosen[spec.name] = _build(inner, f"{prefix}{spec.name}.", values)
        elif f"{prefix}{spec.name}" in values:
            chosen[spec.name] = values[f"{prefix}{spec.name}"]
    return shape(**chosen)


def _named(settings: Settings, name: str) -> Settings:
    return replace(settings, workspace=replace(settings.workspace, name=name))


def _leaves(shape: type[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for spec in fields(shape):
        inner = _section(spec)
        if inner is None:
            yield f"{prefix}{spec.name}", spec
        else:
            yield from _leaves(inner, f"{prefix}{spec.name}.")


def _section(spec: Any) -> type[Any] | None:
    made = spec.default_factory
    return made if isinstance(made, type) and is_dataclass(made) else None


def _env_name(name: str) -> str:
    return f"{_PREFIX}{name.replace('.', '_').upper()}"


def _shown(default: object) -> object:
    return list(cast("tuple[str, ...]", default)) if isinstance(default, tuple) else default


def _said(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'the text "{value}"'
        case dict():
            return "a table"
        case list():
            return "a list"
        case _:
            return str(value)
