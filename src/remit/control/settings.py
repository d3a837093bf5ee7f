"""Settings: what a workspace may choose, read once from `remit.toml` and the environment, and checked to the
last key. The environment wins over the file: `worker.concurrency` is also `REMIT_WORKER_CONCURRENCY`. A key
nobody knows is refused, because a misspelt limit that is silently ignored is no limit. Nothing here opens
anything.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from remit.control.reporting.terms import Terms
from remit.control.sections import (
    A2aSettings,
    AguiSettings,
    ApprovalSettings,
    AuditSettings,
    BreakerSettings,
    CaptureSettings,
    CollectSettings,
    ContractSettings,
    HaltSettings,
    KeySettings,
    LimitSettings,
    LogSettings,
    McpSettings,
    OnlineSettings,
    OtelSettings,
    OutboxSettings,
    PolicySettings,
    ReleaseSettings,
    ReportingSettings,
    RetentionSettings,
    SearchSettings,
    ServerSettings,
    Settings,
    StepSettings,
    WorkerSettings,
    WorkspaceSettings,
)
from remit.control.workspace.place import FILE
from remit.domain.errors import InvalidSetting
from remit.domain.objectives import objectives_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "NO_SETTINGS",
    "A2aSettings",
    "AguiSettings",
    "ApprovalSettings",
    "AuditSettings",
    "BreakerSettings",
    "CaptureSettings",
    "CollectSettings",
    "ContractSettings",
    "HaltSettings",
    "KeySettings",
    "LimitSettings",
    "LogSettings",
    "McpSettings",
    "OnlineSettings",
    "OtelSettings",
    "OutboxSettings",
    "PolicySettings",
    "ReleaseSettings",
    "ReportingSettings",
    "RetentionSettings",
    "SearchSettings",
    "ServerSettings",
    "SettingDoc",
    "Settings",
    "StepSettings",
    "WorkerSettings",
    "WorkspaceSettings",
    "all_settings",
    "load",
    "reporting_terms",
]
_PREFIX = "REMIT_"
_OBJECTIVES = "slo"
NO_SETTINGS: Final = (
    "REMIT_ANCHOR_TOKEN", "REMIT_KEY", "REMIT_ROOT_KEY", "REMIT_WORKSPACE", "REMIT_POSTGRES_BIN"
)  # fmt: skip
"""Variables that mean something and choose nothing here."""
_FROM_OUTSIDE = ("REMIT_SERVICE_", "REMIT_PORT")
"""What Kubernetes gives every pod beside a service that is called remit."""
_MOST_DIGITS = 100
_TRUTHS = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class SettingDoc:
    """One setting as the reference shows it."""

    name: str
    env: str
    default: object
    meaning: str
    most: int
    """The largest number it can be; says nothing where it is not a number."""


def all_settings() -> list[SettingDoc]:
    """Every setting, in the order of the file."""
    return [
        SettingDoc(
            name, _env_name(name), _shown(spec.default), spec.metadata["meaning"], spec.metadata["most"]
        )
        for name, spec in _leaves(Settings)
    ]


def load(workspace: Path, env: Mapping[str, str] | None = None) -> Settings:
    """The settings of a workspace, or one sentence on the first that cannot be."""
    env = os.environ if env is None else env
    file = _read(workspace / FILE)
    objectives_in(file.pop(_OBJECTIVES, {}))
    _refuse_unknown(file, Settings, "")
    values = _from_file(file) | _from_environment(env)
    settings: Settings = _build(Settings, "", values)
    if settings.workspace.name:
        return settings
    return _named(settings, workspace.resolve().name)


def reporting_terms(chosen: Settings, workspace: Path) -> Terms:
    """What figures go by; objectives are sections of the same file, named by whoever wrote them."""
    objectives = objectives_in(_read(workspace / FILE).get(_OBJECTIVES, {}))
    return Terms(chosen.workspace.name, chosen.reporting.decision_cents, objectives)


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
    for name, spec in _known().values():
        *sections, key = name.split(".")
        place: Any = table
        for section in sections:
            place = place.get(section, {})
        if key in place:
            found[name] = _checked(place[key], spec, f"{FILE}: {name}")
    return found


# --- the environment ----------------------------------------------------------------------------------------


def _from_environment(env: Mapping[str, str]) -> dict[str, object]:
    known = _known()
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
    if isinstance(like, bool):
        return _TRUTHS.get(text.strip().lower(), text)
    if isinstance(like, int) and text.strip().removeprefix("-").isdecimal() and len(text) < _MOST_DIGITS:
        return int(text)
    return text


# --- both ---------------------------------------------------------------------------------------------------


def _checked(value: object, spec: Any, place: str) -> object:
    like, least, most = spec.default, spec.metadata["least"], spec.metadata["most"]
    if isinstance(like, bool):
        return _truth(value, place)
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
    if (words := spec.metadata["words"]) and value not in words:
        raise InvalidSetting(f"{place} is {_said(value)}; it is one of {', '.join(words)}.")
    return value


def _truth(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidSetting(f"{place} is {_said(value)}; it takes true or false.")
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


@cache
def _known() -> dict[str, tuple[str, Any]]:
    """Every setting by its variable: its name and what it can be."""
    return {_env_name(name): (name, spec) for name, spec in _leaves(Settings)}


@cache
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
