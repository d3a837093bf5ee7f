"""One warm interpreter that has collected the tests once, and forks a child for everything it is asked: what a test
reaches, and whether a changed program is noticed. A child starts from what was imported and from nothing that a test
left behind. It decides neither what is tried nor what counts.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import selectors
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import coverage
import pytest

from scripts.mutants_made import Mutant, put

PATIENCE = 2.0
"""Tests look at one change for so many seconds of processor time. A fault that only a slower one would see counts as
seen by nobody: the figure that comes out is the lower one."""
HANGS, TIMES = 15.0, 8.0
"""A test hangs when it takes eight times what it took before, and fifteen seconds more."""


_LEARNING = 120.0
Say: TypeAlias = Callable[[dict[str, Any]], None]


@dataclass(slots=True)
class Reach:
    """What one test reaches, and for how long."""

    test: str
    """The digest of its file."""
    seconds: float = 0.0
    passed: bool = False
    lines: dict[str, int] = field(default_factory=dict[str, int])
    """Per source, as bits."""
    sources: dict[str, str] = field(default_factory=dict[str, str])
    """The digest of each source when that was so."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the tests said of one changed program."""

    result: str
    """`killed | survived | timeout | no tests | broken`."""
    by: str = ""
    """The test that noticed; for a broken one what went wrong."""


class Warm:
    """A plugin of pytest that holds the collected tests and calls `work` instead of running them all."""

    def __init__(self, work: Callable[[Warm], None], *, at_once: int) -> None:
        self._work = work
        self._at_once = at_once
        self._items: dict[str, pytest.Item] = {}
        self._failed = False
        self.reached: dict[str, Reach] = {}
        self._size: dict[str, int] = {}
        self._killers: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def pytest_sessionstart(self) -> None:
        """The same examples each time; a test that asks for a number of its own keeps it."""
        from hypothesis import HealthCheck, Phase, settings  # pytest wants to import it first

        settings.register_profile(
            "mutants",
            derandomize=True,
            database=None,
            deadline=None,
            max_examples=40,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=tuple(HealthCheck),
        )
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        # What runs on both databases runs on the one that needs no server: what differs between them is the store's.
        self._items = {item.nodeid: item for item in session.items if "postgres" not in item.nodeid}
        gc.collect()
        gc.freeze()
        self._work(self)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._failed = self._failed or report.failed

    def learn(self, known: Mapping[str, Reach], within: Sequence[str]) -> Iterator[str]:
        """What each test reaches. What is known stays known while the test and what it reached are the same.

        Says each test that had to be run.
        """
        digests: dict[str, str] = {}

        def digest(path: str) -> str:
            if path not in digests:
                digests[path] = _digest(Path(path))
            return digests[path]

        def is_same(reach: Reach, item: str) -> bool:
            return reach.test == digest(item.partition("::")[0]) and all(
                was == digest(path) for path, was in reach.sources.items()
            )

        self.reached = {i: each for i, each in known.items() if i in self._items and is_same(each, i)}
        missing = [item for item in self._items if item not in self.reached]
        asked = ((item, partial(self._reach, item, within)) for item in missing)
        for item, said in self._forked(asked, lambda _: _LEARNING):
            found = Reach(digest(item.partition("::")[0]))
            if said and "lines" in said[-1]:
                found = Reach(found.test, **said[-1])
                found.sources = {path: digest(path) for path in found.lines}
            self.reached[item] = found
            yield item

    def try_all(
        self, mutants: Sequence[Mutant], but: frozenset[str] = frozenset()
    ) -> Iterator[tuple[Mutant, Outcome]]:
        """What the tests say of each, as it is known."""
        by_name = {each.name: each for each in mutants}

        asked = ((each.name, partial(self._try, each, self._tests_of(each, but))) for each in mutants)
        for name, said in self._forked(asked, self._patience):
            mutant, last = by_name[name], said[-1] if said else {"by": "the process ended before it began"}
            result = "timeout" if "test" in last else last.get("result", "broken")
            outcome = Outcome(result, last.get("test", last.get("by", "")))
            if outcome.result == "killed":
                self._killers[mutant.name.rpartition("__mutmut_")[0]][outcome.by] += 1
            yield mutant, outcome

    def unreliable(self, tests: Sequence[str]) -> list[str]:
        """Which of these fail although nothing was changed."""
        asked = ((test, partial(self._try, None, [test])) for test in tests)
        ended = self._forked(asked, self._patience)
        return [test for test, said in ended if not said or said[-1].get("result") != "survived"]

    def _tests_of(self, mutant: Mutant, but: frozenset[str]) -> list[str]:
        """Those that reach the changed statement; in a function's head, those that reach the function.

        First those that noticed another change of this function; then in turn who reaches little but this module, who
        sees most of the function, and who is quickest.
        """

        def reached(item: str) -> int:
            return self.reached[item].lines.get(mutant.path, 0)

        def focus(item: str) -> tuple[float, int]:
            within = reached(item)
            return -within.bit_count() / self._all_of(item), -(within & mutant.function).bit_count()

        found: list[str] = []
        for lines in (mutant.lines, mutant.function):
            reaching = [item for item in self.reached if reached(item) & lines]
            found = [item for item in reaching if self.reached[item].passed and item not in but]
            if found or lines == mutant.function:
                break
        found.sort(key=lambda item: self.reached[item].seconds)
        thorough = sorted(found, key=lambda item: -(reached(item) & mutant.function).bit_count())
        in_turn = chain.from_iterable(zip(sorted(found, key=focus), thorough, found, strict=True))
        killers = self._killers[mutant.name.rpartition("__mutmut_")[0]]
        return list(dict.fromkeys([*(item for item, _ in killers.most_common() if item in found), *in_turn]))

    def _all_of(self, item: str) -> int:
        """How many lines a test reaches, in whatever module."""
        if item not in self._size:
            self._size[item] = sum(lines.bit_count() for lines in self.reached[item].lines.values())
        return self._size[item]

    def _patience(self, said: Any) -> float:
        return HANGS + TIMES * self.reached[said["test"]].seconds if said and "test" in said else HANGS

    def _reach(self, item: str, within: Sequence[str], say: Say) -> None:
        inside = [str(Path(each).absolute() / "*") for each in within]
        looking = coverage.Coverage(data_file=None, config_file=False, include=inside, messages=False)
        looking.set_option("run:disable_warnings", ["no-data-collected"])
        before = time.perf_counter()
        looking.start()
        passed = self._run([item], lambda _: None) is None
        looking.stop()
        seconds = time.perf_counter() - before
        data = looking.get_data()
        lines = {
            os.path.relpath(path): sum(1 << line for line in set(data.lines(path) or ()))
            for path in data.measured_files()
        }
        say(
            {
                "seconds": seconds,
                "passed": passed,
                "lines": {path: bits for path, bits in lines.items() if bits},
            }
        )

    def _try(self, mutant: Mutant | None, tests: Sequence[str], say: Say) -> None:
        if not tests:
            say({"result": "no tests"})
            return
        if mutant is not None:
            try:
                put(mutant)
            except Exception:  # noqa: BLE001 - told, whatever it is
                say({"result": "broken", "by": traceback.format_exc()})
                return
        by = self._run(tests, lambda test: say({"test": test}))
        say({"result": "survived"} if by is None else {"result": "killed", "by": by})

    def _run(self, tests: Sequence[str], say: Callable[[str], None]) -> str | None:
        """The first that fails, while there is patience."""
        begun = time.process_time()
        for test, after in zip(tests, [*tests[1:], None], strict=True):
            say(test)
            item, following = self._items[test], self._items[after] if after else None
            try:
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            except BaseException:  # noqa: BLE001 - a run that stops before its end is one that fails
                return test
            if self._failed:
                return test
            if time.process_time() - begun > PATIENCE:
                break
        return None

    def _forked(
        self,
        waiting: Iterator[tuple[str, Callable[[Say], None]]],
        patience: Callable[[Any], float],
    ) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Each in a child of its own, some at once; what it said, as it ends."""
        with selectors.DefaultSelector() as selector:
            children: list[Child] = []
            while True:
                while len(children) < self._at_once and (following := next(waiting, None)):
                    child = Child.start(*following, patience)
                    selector.register(child.pipe, selectors.EVENT_READ, child)
                    children.append(child)
                if not children:
                    return
                for key, _ in selector.select(
                    max(0.0, min(each.until for each in children) - time.monotonic())
                ):
                    key.data.hear()
                for child in [each for each in children if each.ended or each.until <= time.monotonic()]:
                    selector.unregister(child.pipe)
                    children.remove(child)
                    child.end()
                    yield child.name, child.said


@dataclass(slots=True)
class Child:
    """A forked process and what it says."""

    name: str
    pid: int
    pipe: int
    place: Path
    patience: Callable[[Any], float]
    until: float
    ended: bool = False
    said: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    _rest: bytes = b""

    @classmethod
    def start(cls, name: str, does: Callable[[Say], None], patience: Callable[[Any], float]) -> Child:
        """Fork."""
        place = Path(tempfile.mkdtemp(prefix="mutant-"))
        reading, writing = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if not pid:
            _be(does, writing, place)
        os.close(writing)
        return cls(name, pid, reading, place, patience, time.monotonic() + patience(None))

    def hear(self) -> None:
        """What it has said since; what it says last of a test tells how long it may take."""
        heard = os.read(self.pipe, 1 << 20)
        self.ended = not heard
        *whole, self._rest = (self._rest + heard).split(b"\n")
        for line in whole:
            self.said.append(json.loads(line))
            self.until = time.monotonic() + self.patience(self.said[-1])

    def end(self) -> None:
        """Nothing that it started is left."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.pipe)
        shutil.rmtree(self.place, ignore_errors=True)


def read_reached(path: Path) -> dict[str, Reach]:
    """What was learnt before."""
    if not path.exists():
        return {}
    rows = json.loads(path.read_text("utf-8"))
    return {
        item: Reach(**row | {"lines": {p: int(bits, 16) for p, bits in row["lines"].items()}})
        for item, row in rows.items()
    }


def write_reached(path: Path, reached: Mapping[str, Reach]) -> None:
    """Keep it."""
    rows = {
        item: asdict(each) | {"lines": {p: f"{bits:x}" for p, bits in each.lines.items()}}
        for item, each in reached.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows), "utf-8")


def _be(does: Callable[[Say], None], writing: int, place: Path) -> NoReturn:
    """The life of a child: alone in its group and in its folder, heard by nobody but its parent."""
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        os.environ["TMPDIR"] = os.environ["PYTEST_DEBUG_TEMPROOT"] = tempfile.tempdir = str(place)

        def say(what: Any) -> None:
            text = json.dumps(what).encode() + b"\n"
            while text:
                text = text[os.write(writing, text) :]

        does(say)
    finally:
        os._exit(0)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.exists() else ""
