"""Changes the code of the gate and of the policy in small ways, one at a time, and looks whether a test notices: what
no test notices is either argued in `tests/mutants.toml` or a fault. All of it, a random sample of it, or what is named.
mutmut makes the changes, `mutants_warm` tries them, and what was found out of a function that is the same stays known.
"""

from __future__ import annotations

import argparse
import fnmatch
import importlib.util
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from scripts.mutants_judged import (
    NOTICED,
    Known,
    Verdict,
    arguments_of,
    judge,
    known_of,
    read_known,
    row,
    write_known,
)
from scripts.mutants_made import Made, Mutant, make
from scripts.mutants_sampled import Stratum, choose, score, shuffled
from scripts.mutants_warm import Outcome, Warm, read_reached, write_reached

ROOT = Path(__file__).parents[1]
KEPT = Path(".cache") / "mutate"
ARGUED = ROOT / "tests" / "mutants.toml"
PACKAGES = ("policy", "gate")
SUITES = (
    "tests/policy", "tests/gate", "tests/people", "tests/containment", "tests/agents", "tests/knowledge",
    "tests/gateway", "tests/protection", "tests/mcp", "tests/tools",
)  # fmt: skip
"""Where a test is looked for. Of these only those look at a change that reach the changed statement."""
LEAST = 0.95
_OFTEN = 200


def main() -> int:
    """Make what can be changed, choose, try, and judge."""
    given = _parser().parse_args()
    os.chdir(ROOT)
    os.nice(19)
    paths = [
        str(path) for each in given.packages for path in sorted(Path("src", "remit", each).rglob("*.py"))
    ]
    modules = {each.module: each for path in paths if (each := make(ROOT, path, KEPT / "made")).names}
    chosen = _chosen(modules, given)
    known = {} if given.fresh else read_known(KEPT / "known.json")
    if not given.report:
        trial = Trial(modules, known, given.at_once)
        asked = [n for n in _flat(chosen) if not trial.is_known(n) or (given.again and trial.is_left(n))]
        if asked and (failed := trial.run(shuffled(asked, given.seed), given.tests)):
            return failed
    argued = arguments_of(ARGUED.read_text("utf-8"))
    verdicts = {m: judge(made, known, argued, chosen[m]) for m, made in modules.items() if chosen[m]}
    for module, each in verdicts.items():
        _tell_left(modules[module], each, known, show=given.show)
    return _tell_figures(verdicts, given.packages)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    say = parser.add_argument
    say("packages", nargs="*", default=list(PACKAGES), metavar="PACKAGE", help="policy, gate, or both")
    say("--only", nargs="+", metavar="NAME", help="only these: 'remit.policy.memo*'")
    say("--sample", type=int, metavar="N", help="about so many of all, chosen at random")
    say("--least", type=int, default=4, metavar="K", help="in a sample, at least so many of each module")
    say("--seed", type=int, default=1, metavar="S", help="which sample")
    say("--tests", nargs="+", default=list(SUITES), metavar="PATH", help="only these tests look")
    say("--at-once", type=int, default=os.cpu_count() or 1, metavar="N", help="so many processes")
    say("--again", action="store_true", help="try again what was left")
    say("--fresh", action="store_true", help="forget what was found out before")
    say("--report", action="store_true", help="try nothing; say what is known")
    say("--show", action="store_true", help="say what each one that is left changes")
    return parser


def _chosen(modules: Mapping[str, Made], given: argparse.Namespace) -> dict[str, list[str]]:
    names = {module: made.mutants() for module, made in modules.items()}
    if given.only:
        names = {module: _matching(some, given.only) for module, some in names.items()}
    if given.sample:
        picked = set(choose(names, given.sample, given.least, given.seed))
        names = {module: [name for name in some if name in picked] for module, some in names.items()}
    return names


def _matching(names: Iterable[str], patterns: Sequence[str]) -> list[str]:
    return [name for name in names if any(fnmatch.fnmatchcase(name, each) for each in patterns)]


def _flat(chosen: Mapping[str, Sequence[str]]) -> list[str]:
    return [name for names in chosen.values() for name in names]


class Trial:
    """Changed programs before the tests; what comes out is kept as it comes."""

    def __init__(self, modules: Mapping[str, Made], known: dict[str, Known], at_once: int) -> None:
        self._modules = modules
        self._known = known
        self._at_once = at_once
        self._asked: Sequence[str] = ()

    def is_known(self, name: str) -> bool:
        """Whether it was tried, as it is today."""
        return known_of(self._made(name), self._known, name) is not None

    def is_left(self, name: str) -> bool:
        """Whether no test noticed it."""
        return self._known[name].result not in NOTICED

    def run(self, asked: Sequence[str], tests: Sequence[str]) -> int:
        """Try these; nothing is answered if the tests could be collected."""
        self._asked = asked
        told = ["-p", "no:cacheprovider", "-p", "no:xdist", "-s", "-q", "--no-summary", "--timeout=0"]
        return int(pytest.main([*told, *tests], plugins=[Warm(self._work, at_once=self._at_once)]))

    def _work(self, warm: Warm) -> None:
        self._learn(warm)
        noticing = self._try(warm, self._asked)
        doubtful = frozenset(warm.unreliable(sorted(noticing)))
        if doubtful:
            _say("These fail now and then although nothing is changed, and do not count:", sorted(doubtful))
            self._try(warm, [name for name in self._asked if self._known[name].by in doubtful], doubtful)
        write_known(KEPT / "known.json", self._known)

    @staticmethod
    def _learn(warm: Warm) -> None:
        place = KEPT / "reached.json"
        before, within = read_reached(place), [f"src/remit/{each}" for each in PACKAGES]
        number = 0
        for number, _ in enumerate(warm.learn(before, within), 1):
            if not number % _OFTEN:
                _say(f"learnt what {number} tests reach")
                write_reached(place, before | warm.reached)
        if number:
            write_reached(place, before | warm.reached)
        failing = [test for test, each in warm.reached.items() if not each.passed]
        if failing:
            _say("These fail here although nothing is changed, and do not count:", failing)

    def _try(self, warm: Warm, names: Sequence[str], but: frozenset[str] = frozenset()) -> set[str]:
        """Which tests noticed something."""
        noticing: set[str] = set()
        for number, (mutant, outcome) in enumerate(warm.try_all([self._mutant(n) for n in names], but), 1):
            self._keep(mutant.name, outcome)
            noticing |= {outcome.by} if outcome.result in NOTICED else set()
            if not number % _OFTEN:
                write_known(KEPT / "known.json", self._known)
                _say(f"tried {number} of {len(names)}")
        return noticing

    def _made(self, name: str) -> Made:
        return self._modules[name.rpartition(".")[0]]

    def _mutant(self, name: str) -> Mutant:
        return self._made(name).mutant(name)

    def _keep(self, name: str, outcome: Outcome) -> None:
        self._known[name] = Known(self._made(name).digest(name), outcome.result, outcome.by)


def _tell_left(made: Made, verdict: Verdict, known: Mapping[str, Known], *, show: bool) -> None:
    for name in verdict.left:
        mutant = made.mutant(name)
        words = ", argued of another text" if name in verdict.stale else ""
        _say(f"{known[name].result}{words}: {name} {mutant.path}:{mutant.line}")
        if show:
            _say(mutant.difference, [known[name].by] if known[name].by else [])


def _tell_figures(verdicts: Mapping[str, Verdict], packages: Sequence[str]) -> int:
    passed = bool(verdicts)
    for module, each in verdicts.items():
        _say(row(module, each.stratum, score([each.stratum])))
    for package in packages:
        some = [each.stratum for module, each in verdicts.items() if module.split(".")[1] == package]
        if some:
            figure = score(some)
            _say(row(package, _added(some), figure))
            passed = passed and figure.share >= LEAST
    untried = sum(len(each.untried) for each in verdicts.values())
    if untried:
        _say(f"{untried} not tried")
    return 0 if passed and not untried else 1


def _added(some: Sequence[Stratum]) -> Stratum:
    return Stratum(
        *(sum(part) for part in zip(*((s.size, s.killed, s.left, s.argued) for s in some), strict=True))
    )


def _say(text: str, more: Iterable[str] = ()) -> None:
    print(text, *(f"  {each}" for each in more), sep="\n", flush=True)


if __name__ == "__main__":
    if importlib.util.find_spec("mutmut") is None:
        sys.exit("mutmut is not here: start this with `make mutate` or `make mutate-sample`")
    sys.exit(main())
