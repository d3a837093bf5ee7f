"""The suites of a workspace, read: `suites/*.yaml` and the `Suite` values of `suites/*.py`. One that cannot be read
does not keep the others from being used; it is told about by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from remit.control.workspace.code import load_modules
from remit.domain.errors import RemitError
from remit.domain.quality_errors import InvalidSuite, UnknownSuite
from remit.gate.toml_file import nearest
from remit.quality.scorers.function import FunctionScorer
from remit.quality.suite import Suite
from remit.quality.suites.checking import Known, SuiteProblem, problems, require
from remit.quality.suites.reading import check_whole, read_suite, scorers_of
from remit.quality.suites.scorer_reading import Scorers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from remit.quality.score import Scorer
    from remit.quality.suites.node import Node

FOLDER = "suites"
_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Shelf:
    """What was read."""

    root: Path
    known: Known
    suites: Mapping[str, Suite] = field(default_factory=dict[str, Suite])
    broken: Mapping[str, RemitError] = field(default_factory=dict[str, RemitError])
    """By the name that it would have, and why it could not be read."""

    def suite(self, name: str, *, whole: bool = True) -> Suite:
        """The suite of this name; with `whole`, only if it fits the workspace."""
        if name in self.broken:
            raise self.broken[name]
        found = self.suites.get(name)
        if found is None:
            names = {*self.suites, *self.broken}
            there = ", ".join(sorted(names)) or f"none; write one in {FOLDER}/NAME.yaml"
            raise UnknownSuite(f'there is no suite "{name}"{nearest(name, names)}.', f"There are: {there}.")
        if whole:
            require(found, self.known)
        return found

    def problems(self, name: str) -> list[SuiteProblem]:
        """Everything that is wrong with a suite."""
        if name in self.broken:
            wrong = self.broken[name]
            place, _, message = wrong.message.partition(": ")
            return [SuiteProblem(place, message, wrong.hint)]
        return problems(self.suites[name], self.known)

    def file_of(self, name: str) -> Path:
        """Where a suite is written, or would be."""
        found = self.suites.get(name)
        return self.root / (found.file if found is not None and found.file else f"{FOLDER}/{name}.yaml")


def read_shelf(
    root: Path, known: Known, makers: Mapping[str, Callable[[Node], Scorer]] | None = None
) -> Shelf:
    """Read every suite of a workspace."""
    suites: dict[str, Suite] = {}
    broken: dict[str, RemitError] = {}
    functions: dict[str, Scorer] = {}
    folder = root / FOLDER
    if not folder.is_dir():
        return Shelf(root, known)
    for module in load_modules(root, [FOLDER]) if any(folder.glob("*.py")) else []:
        values = [value for name, value in vars(module).items() if not name.startswith("_")]
        functions |= {
            name: each for name, each in scorers_of(values).items() if isinstance(each, FunctionScorer)
        }
        for value in values:
            if isinstance(value, Suite):
                _put(suites, broken, value.name, _placed(value, root))
    scorers = Scorers(functions, makers or {})
    for file in sorted(each for each in folder.iterdir() if each.suffix in _ENDINGS):
        try:
            found = _of_file(file, root, scorers)
        except RemitError as wrong:
            broken[file.stem] = wrong
        else:
            _put(suites, broken, found.name, found)
    return Shelf(root, known, suites, broken)


def read_text(file: Path, root: Path) -> str:
    """The text of a suite."""
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as wrong:
        raise InvalidSuite(f"{file.relative_to(root)}:1: this is no UTF-8: {wrong.reason}.") from None
    except OSError as wrong:
        raise InvalidSuite(f"{file.relative_to(root)}:1: it cannot be read: {wrong.strerror}.") from None


def _of_file(file: Path, root: Path, scorers: Scorers) -> Suite:
    folder = file.parent.resolve()

    def opener(name: str) -> str:
        place = (folder / name).resolve()
        if not place.is_relative_to(root.resolve()):
            raise ValueError("it lies outside of the workspace")
        return place.read_text("utf-8")

    return read_suite(read_text(file, root), str(file.relative_to(root)), file.stem, scorers, opener)


def _put(suites: dict[str, Suite], broken: dict[str, RemitError], name: str, suite: Suite) -> None:
    other = suites.get(name)
    if other is suite or (other is not None and other == suite):
        return
    if other is not None:
        broken[name] = InvalidSuite(
            f'{suite.file}: another suite is called "{name}": {other.file}.',
            "Give one of them another name: suite: NAME",
        )
        return
    try:
        check_whole(suite)
    except RemitError as wrong:
        broken[name] = wrong
    else:
        suites[name] = suite


def _placed(suite: Suite, root: Path) -> Suite:
    """A suite of Python with places as a person of this workspace would write them."""
    prefix = f"{root.resolve()}/"
    scenarios = tuple(
        replace(each, source=replace(each.source, file=each.source.file.removeprefix(prefix)))
        for each in suite.scenarios
    )
    return replace(suite, file=suite.file.removeprefix(prefix), scenarios=scenarios)
