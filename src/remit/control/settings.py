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
NO_SETTINGS: Final = (
    "REMIT_ANCHOR_TOKEN", "REMIT_KEY", "REMIT_ROOT_KEY", "REMIT_WORKSPACE", "REMIT_POSTGRES_BIN"
)  # fmt: skip
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
class KeySettings:
    """Where the root key is kept, under which all other keys lie."""

    provider: str = _setting(
        "", "file, environment, vault or aws; empty = environment if REMIT_ROOT_KEY is set, else file"
    )
    file: str = _setting("", "the key file; empty = .remit/keys/root.key in the workspace")
    key: str = _setting("", "the name of the transit key in Vault, or the id or ARN of the key in AWS KMS")
    address: str = _setting("", "the address of Vault")
    endpoint: str = _setting("", "another endpoint of AWS KMS than the one of the region")
    mount: str = _setting("", "the mount of the transit engine; empty = transit")
    namespace: str = _setting("", "the namespace in Vault")
    region: str = _setting("", "the AWS region; empty = what the environment says")


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """What is kept of data by its class once a run has ended."""

    classes: tuple[str, ...] = _setting(
        ("personal=redact", "secret=redact"),
        'a rule for a data class: "CLASS=keep|redact|hash|drop", or only for an environment: "prod:CLASS=drop"',
    )
    detect: bool = _setting(
        default=False, meaning="also look for personal data and secrets in runs that declared no data class"
    )
    undo_days: int = _setting(
        7, "how long after its end a run that can be undone keeps what undo needs", most=36_500
    )


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """How long content is kept after the end of a run."""

    days: int = _setting(0, "days until the content of an ended run is destroyed; 0 = never", most=36_500)
    classes: tuple[str, ...] = _setting((), 'other days for runs that hold a data class: "CLASS=DAYS"')
    sweep_seconds: int = _setting(
        300, "how often a worker applies the rules of capture and retention", least=1
    )


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """How the log proves what it says."""

    anchors: tuple[str, ...] = _setting(
        ("file:.remit/anchor/checkpoints.jsonl",),
        "where signed checkpoints are also kept, outside the database: file:PATH, https://…, syslog+udp://…, "
        "syslog+tcp://…, s3://BUCKET/PREFIX",
    )
    seconds: int = _setting(
        1, "how often a checkpoint is made while there is anything new", least=1, most=3600
    )


@dataclass(frozen=True, slots=True)
class ContractSettings:
    """What every contract is held to, and who needs one."""

    required: str = _setting("prod", "never, prod or always: where an agent that can act needs a contract")
    reads: tuple[str, ...] = _setting(
        (), "data classes and systems that contracts may let be read; none = any"
    )
    sinks: tuple[str, ...] = _setting(
        (), 'where data may go: "*@example.com", "*.example.com"; none = anywhere'
    )
    on_violation: str = _setting("", "deny = nobody is asked about what no contract has; ask = always")


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """How rules are changed and tried."""

    protect: str = _setting("prod", "never, prod or always: where a change of rules needs a second person")
    shadow: str = _setting("", "a folder of rules that are only tried beside those in force; empty = none")


@dataclass(frozen=True, slots=True)
class HaltSettings:
    """How halts are known."""

    age_seconds: int = _setting(
        5, "how old what is known of halts may be when it cannot be read; after that nothing acts", least=1
    )


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When an agent is stopped without anybody being asked; 0 of a limit: never for that."""

    action: str = _setting("quarantine", "what a breaker does to the agent: quarantine, halt or off")
    window_seconds: int = _setting(60, "how far back breakers look", least=1, most=_DAY)
    cool_down_seconds: int = _setting(0, "how long it stays stopped; 0 = until a person lifts it")
    deny_percent: int = _setting(80, "of its actions, how many may be refused", most=100)
    deny_least: int = _setting(20, "so many refusals there have to be before that counts", least=1)
    repeats: int = _setting(50, "how often it may make the same call with the same arguments")
    cost_cents: int = _setting(0, "how much it may spend, in hundredths")
    fan_out: int = _setting(0, "how often it may hand on to other agents")


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """How long what cannot be undone is held back, so that it can be called back."""

    window: str = _setting("", "such as 10m; 0 = not at all; empty = 10m in prod, 0 elsewhere")
    tools: tuple[str, ...] = _setting((), 'another time for calls of a tool, whatever its effect: "TOOL=5m"')


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
    keys: KeySettings = field(default_factory=KeySettings)
    capture: CaptureSettings = field(default_factory=CaptureSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    halts: HaltSettings = field(default_factory=HaltSettings)
    breakers: BreakerSettings = field(default_factory=BreakerSettings)
    outbox: OutboxSettings = field(default_factory=OutboxSettings)
    contracts: ContractSettings = field(default_factory=ContractSettings)
    policy: PolicySettings = field(default_factory=PolicySettings)


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
