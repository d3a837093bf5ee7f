"""Suites under pytest, with `pytest_plugins = ["remit.testing.suites"]`: `pytest suites` makes every scenario of the
workspace a test, which fails with what was wrong and names its run; the fixture `remit_suite` makes an experiment and
gives what it came to.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from remit.control.evaluating.views import Wish
from remit.control.platform import Platform
from remit.control.workspace.place import find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.evaluating.views import ExperimentView

_FOLDER = "suites"
_ENDINGS = {".yaml", ".yml"}


class ScenarioFailed(Exception):
    """A scenario did not come out as its gold says."""


class MakesExperiments(Protocol):
    """What `remit_suite` is."""

    def __call__(self, suite: str, **wish: Any) -> ExperimentView:
        """Put a suite to the code as it stands; what may be said of it is what a `Wish` holds."""
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """How often each scenario is tried."""
    group = parser.getgroup("remit")
    group.addoption(
        "--remit-trials", type=int, default=None, help="Goes at each scenario; all have to succeed."
    )
    group.addoption("--remit-seed", type=int, default=0, help="What chance is drawn from in trials.")
    group.addoption("--remit-suites", action="store_true", help="Collect suites/*.yaml wherever tests are.")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Suites count as tests where somebody names them."""
    if file_path.suffix not in _ENDINGS or file_path.parent.name != _FOLDER:
        return None
    named = {Path(str(each).partition("::")[0]).resolve() for each in parent.config.args}
    if parent.config.getoption("--remit-suites") or named & {file_path.resolve(), file_path.parent.resolve()}:
        return SuiteFile.from_parent(parent, path=file_path)  # pyright: ignore[reportUnknownMemberType]
    return None


@pytest.fixture
def remit_suite(request: pytest.FixtureRequest) -> MakesExperiments:
    """Makes an experiment of a suite of the workspace that the test lies in, and gives what it came to."""
    place = find(request.path.parent)

    def make(suite: str, **wish: Any) -> ExperimentView:
        return asyncio.run(_made(place, suite, Wish(**wish)))

    return make


class SuiteFile(pytest.File):
    """A suite; its scenarios are tried together."""

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each scenario."""
        self._views: dict[str, ExperimentView] = {}
        place = find(self.path.parent)
        self._suite, names = asyncio.run(
            _read(place, str(self.path.resolve().relative_to(place)), self.path.stem)
        )
        self._names = names
        for name in names:
            yield ScenarioItem.from_parent(self, name=name)  # pyright: ignore[reportUnknownMemberType]

    def tried(self, name: str) -> ExperimentView:
        """The experiment that a scenario was tried in: the same for all, if all of them are wanted."""
        chosen = [each.name for each in self.session.items if each.parent is self]
        only = "" if len(chosen) == len(self._names) else name
        if only not in self._views:
            trials, seed = self.config.getoption("--remit-trials"), self.config.getoption("--remit-seed")
            wish = Wish(trials=trials, seed=int(seed or 0), only=only)
            self._views[only] = asyncio.run(_made(find(self.path.parent), self._suite, wish))
        return self._views[only]


class ScenarioItem(pytest.Item):
    """A scenario as a test."""

    def runtest(self) -> None:
        """Every go at it has to succeed."""
        assert isinstance(self.parent, SuiteFile)  # noqa: S101 - it has no other
        view = self.parent.tried(self.name)
        if not view.outcome:
            raise ScenarioFailed(f"the experiment {view.id} did not end: {view.error or view.status}")
        for each in view.outcome["arms"][0]["failed"]:
            if each["scenario"] == self.name:
                raise ScenarioFailed(f"{each['times']} of {each['of']}: {each['why']} ({each['run']})")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What was wrong, without the way through our code."""
        if isinstance(excinfo.value, ScenarioFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is written."""
        return self.path, None, self.name


async def _read(place: Path, written: str, stem: str) -> tuple[str, list[str]]:
    """The suite that a file holds, and its scenarios."""
    async with Platform.open(place, worker=False) as platform:
        held = platform.suites.shelf
        name = next((name for name, each in held.suites.items() if each.file == written), stem)
        return name, [each.name for each in held.suite(name).scenarios]


async def _made(place: Path, suite: str, wish: Wish) -> ExperimentView:
    async with Platform.open(place, worker=False) as platform:
        return await platform.evaluating.run(suite, wish)
