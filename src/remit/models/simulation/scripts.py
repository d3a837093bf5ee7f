"""Script files of a workspace: YAML, where the first line whose conditions hold is said, or Python with a function
`play(scene)`. Every key is known and every value of its type, or the file is refused with a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from importlib import util
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec
import yaml

from remit.domain.action_errors import InvalidCatalog
from remit.models.catalog import nearest
from remit.models.simulation.chaos import fault_of
from remit.models.simulation.lines import NOTHING, Fault, Line, Script, Wanted
from remit.models.simulation.matching import When
from remit.models.simulation.placeholders import filled
from remit.wire.messages import ModelResponse, Usage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.models.simulation.scene import Scene

Json = Any
T = TypeVar("T")
HINT = "docs/reference/simulated-model.md has every key."
FINISHES = ("stop", "length", "tools", "filter", "error", "unknown")


def load_scripts(place: Path) -> list[Script]:
    """The scripts of a file, or of every file of a folder in the order of their names."""
    files = sorted(place.iterdir()) if place.is_dir() else [place]
    scripts: list[Script] = []
    for file in files:
        if file.suffix in {".yaml", ".yml"}:
            scripts.append(read_script(file.read_text("utf-8"), file.name))
        elif file.suffix == ".py" and not file.name.startswith("_"):
            scripts.append(_python(file))
    return scripts


def read_script(text: str, name: str = "a script") -> Script:
    """A script out of YAML."""
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError as wrong:
        raise InvalidCatalog(
            f"{name} is not YAML: {' '.join(str(wrong).split())}.", "Mend that place."
        ) from None
    table = _table(said, name)
    given = {key: table.pop(key) for key in ("agent", "route", "model") if key in table}
    if set(table) - {"lines"}:
        key = min(set(table) - {"lines"})
        raise InvalidCatalog(f'{name} has "{key}"{nearest(key, ["lines", "agent", "route", "model"])}.', HINT)
    lines = table.get("lines")
    if not isinstance(lines, list) or not lines:
        raise InvalidCatalog(f"{name} has no lines.", HINT)
    return FileScript(
        tuple(
            _line(each, given, f"{name}, line {number}")
            for number, each in enumerate(cast("list[Json]", lines), 1)
        )
    )


@dataclass(frozen=True)
class FileScript:
    """A script that was read."""

    lines: tuple[_FileLine, ...]

    def __call__(self, scene: Scene) -> Line | None:
        """The first line whose conditions hold."""
        for line in self.lines:
            groups = line.when.holds(scene)
            if groups is not None:
                return line.said(scene, groups)
        return None


@dataclass(frozen=True)
class _FileLine:
    """One line of a file: when, and what."""

    when: When
    place: str
    says: str = ""
    answer: Json = NOTHING
    calls: tuple[tuple[str, Json], ...] = ()
    reasoning: str = ""
    usage: Usage | None = None
    finish: Any = None
    fault: Fault | None = None
    seconds: float = 0.0

    def said(self, scene: Scene, groups: dict[str, str]) -> Line:
        """What it says in this scene."""

        def fill(value: Json) -> Json:
            return filled(value, scene, groups, self.place)

        return Line(
            text=str(fill(self.says)),
            calls=tuple(_wanted(tool, fill(arguments), scene) for tool, arguments in self.calls),
            answer=self.answer if self.answer is NOTHING else fill(self.answer),
            reasoning=str(fill(self.reasoning)),
            finish=self.finish,
            usage=self.usage,
            fault=self.fault,
            seconds=self.seconds,
        )


# --- reading ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _LineTable:
    when: dict[str, Any] = field(default_factory=dict[str, Any])
    says: str = ""
    answer: Any = NOTHING
    calls: Any = None
    reasoning: str = ""
    usage: dict[str, int] | None = None
    finish: str | None = None
    fault: Any = None
    seconds: float = 0.0


def _line(said: Json, given: dict[str, Any], place: str) -> _FileLine:
    read = _read(_table(said, place), _LineTable, place)
    when = _read({**given, **read.when}, When, f"{place}, when")
    _check_patterns(when, place)
    if read.finish is not None and read.finish not in FINISHES:
        raise InvalidCatalog(f'{place} has finish "{read.finish}"{nearest(read.finish, FINISHES)}.', HINT)
    return _FileLine(
        when=when,
        place=place,
        says=read.says,
        answer=read.answer,
        calls=_calls(read.calls, place),
        reasoning=read.reasoning,
        usage=None if read.usage is None else _usage(read.usage, place),
        finish=read.finish,
        fault=None if read.fault is None else fault_of(read.fault, f"{place}, fault"),
        seconds=read.seconds,
    )


def _read(table: dict[str, Any], shape: type[T], place: str) -> T:
    known = [spec.name for spec in fields(cast("Any", shape))]
    for key in table:
        if key not in known:
            raise InvalidCatalog(f'{place} has "{key}", which is no key there{nearest(key, known)}.', HINT)
    try:
        return msgspec.convert(table, shape)
    except msgspec.ValidationError as wrong:
        raise InvalidCatalog(f"{place}: {str(wrong).replace('`', '')}.", HINT) from None


def _table(said: Json, place: str) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise InvalidCatalog(f"{place} is no table of keys and values.", HINT)
    return {str(key): value for key, value in cast("dict[Json, Json]", said).items()}


def _calls(said: Json, place: str) -> tuple[tuple[str, Json], ...]:
    """A name; a table from name to arguments; or a list of those."""
    if said is None:
        return ()
    if isinstance(said, str):
        return ((said, {}),)
    if isinstance(said, dict):
        return tuple((name, {} if given is None else given) for name, given in _table(said, place).items())
    if isinstance(said, list):
        return tuple(call for each in cast("list[Json]", said) for call in _calls(each, place))
    raise InvalidCatalog(f"{place}: calls takes names of tools with their arguments.", HINT)


def _usage(said: dict[str, int], place: str) -> Usage:
    known = list(Usage.__struct_fields__)
    for key in said:
        if key not in known:
            raise InvalidCatalog(f'{place}, usage has "{key}"{nearest(key, known)}.', HINT)
    return Usage(**said)


def _check_patterns(when: When, place: str) -> None:
    for pattern in (when.user, when.system, when.result):
        try:
            if isinstance(pattern, str):
                re.compile(pattern)
        except re.error as wrong:
            raise InvalidCatalog(f"{place}: {pattern!r} is no regular expression: {wrong}.", HINT) from None


def _wanted(tool: str, arguments: Json, scene: Scene) -> Wanted:
    """Text where the tool takes a number becomes one: what a pattern found is always text."""
    spec = next((each for each in scene.tools if each.name == tool), None)
    if spec is None or not isinstance(arguments, dict):
        return Wanted(tool, arguments)
    properties = spec.parameters.get("properties", {})
    table = cast("dict[str, Json]", arguments)
    return replace(
        Wanted(tool, ""),
        arguments={name: _as_number(value, properties.get(name, {})) for name, value in table.items()},
    )


def _as_number(value: Json, schema: Json) -> Json:
    kind = schema.get("type") if isinstance(schema, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    if not isinstance(value, str) or kind not in {"integer", "number"}:
        return value
    try:
        return int(value) if kind == "integer" else float(value)
    except ValueError:
        return value


def _python(file: Path) -> Script:
    """The `play` of a Python file, which is the workspace's own code."""
    spec = util.spec_from_file_location(f"simulations_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise InvalidCatalog(f"{file.name} cannot be read as Python.", "Give it a function play(scene).")
    module = util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as wrong:
        raise InvalidCatalog(
            f"{file.name} cannot be run: {type(wrong).__name__}: {wrong}.", "Mend that file."
        ) from wrong
    play = getattr(module, "play", None)
    if not callable(play):
        raise InvalidCatalog(f"{file.name} has no function play(scene).", HINT)
    return _PythonScript(file.name, cast("Callable[[Scene], object]", play))


@dataclass(frozen=True)
class _PythonScript:
    """`play` of a Python file; a line may be given as the table that it would be in YAML."""

    place: str
    play: Callable[[Scene], object]

    def __call__(self, scene: Scene) -> Line | ModelResponse | str | None:
        said = self.play(scene)
        if said is None or isinstance(said, (str, Line, ModelResponse)):
            return said
        if not isinstance(said, dict):
            raise InvalidCatalog(
                f"play(scene) of {self.place} gave a {type(said).__name__}, which says nothing.",
                "Return a line, a text or None.",
            )
        return _line(said, {}, f"a line of {self.place}").said(scene, {})
