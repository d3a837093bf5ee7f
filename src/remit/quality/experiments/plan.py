"""What an experiment is to do, as data: which suite, which code, against what, how often, out of which purse. It is the
input of the experiment's run, so that whoever goes on with it needs nothing else.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from remit.quality.experiments.plain import plain_of, scenario_of
from remit.quality.scorers.gold import GoldScorer
from remit.quality.verdicts import Rule
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.quality.scenarios.scenario import Scenario
    from remit.quality.suite import Suite

Json = Any
NEW, OLD = 0, 1
"""The arm that is judged, and the one that it is held against."""


@dataclass(frozen=True, slots=True)
class Arm:
    """Code that is tried: what it is called, and the digest of everything that shapes it."""

    name: str
    fingerprint: str = ""
    kind: str = "workspace"
    """`workspace`: this one; `folder`: another, tried by a process of its own; `experiment`: tried before."""
    place: str = ""
    """The folder, or the experiment."""
    scoring: str = ""
    """How an experiment that was made before was scored, by digest; else as this one is."""
    release: str = ""
    """The release whose code it is."""


@dataclass(frozen=True, slots=True)
class Item:
    """One go at one scenario by one arm."""

    arm: int
    scenario: int
    index: int
    seed: int


@dataclass(frozen=True, slots=True)
class Plan:
    """An experiment that is to be made."""

    suite: str
    version: str
    target: str
    scenarios: tuple[Scenario, ...]
    rules: Mapping[str, Rule]
    scorers: tuple[tuple[str, str], ...]
    """By name and digest: whoever goes on with it has to score as it was begun."""
    arms: tuple[Arm, ...]
    trials: int = 1
    seed: int = 0
    parallel: int = 8
    tries: int = 2
    """How often a go is made that the ground gave way under."""
    seconds: float = 600.0
    """How long one may take."""
    max_cost: int | None = None
    """In millionths of a dollar: once that is spent, nothing more is begun."""
    fresh: bool = False
    """Whether goes that were made before, by the same code with the same seed, are made again."""
    gate: bool = False
    variants: int = 1
    """Of how many variants this is the one that was chosen."""
    by: str = ""
    notes: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, suite: Suite, scenarios: tuple[Scenario, ...], arms: tuple[Arm, ...], **more: Any) -> Plan:
        """A plan for a suite, or some of its scenarios."""
        scorers = tuple((each.name, each.digest) for each in (GoldScorer(), *suite.scorers))
        return cls(
            suite.name, suite.version, suite.target, scenarios, dict(suite.rules), scorers, arms, **more
        )

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> Plan:
        """The plan that was written down."""
        made = dict(said)
        made["scenarios"] = tuple(scenario_of(each) for each in made["scenarios"])
        made["rules"] = {name: Rule(**each) for name, each in made["rules"].items()}
        made["scorers"] = tuple((str(name), str(digest)) for name, digest in made["scorers"])
        made["arms"] = tuple(Arm(**each) for each in made["arms"])
        made["notes"] = tuple(made.get("notes", ()))
        return cls(**made)

    @property
    def plain(self) -> dict[str, Json]:
        """As the log keeps it."""
        whole = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return whole | {
            "scenarios": [plain_of(each) for each in self.scenarios],
            "rules": {name: asdict(rule) for name, rule in self.rules.items()},
            "scorers": [list(each) for each in self.scorers],
            "arms": [asdict(each) for each in self.arms],
            "notes": list(self.notes),
        }

    @property
    def scoring(self) -> str:
        """The name of the way in which everything is scored here."""
        return canonical.digest([list(each) for each in self.scorers])

    @property
    def compares(self) -> bool:
        """Whether there is anything that the code is held against."""
        return len(self.arms) > OLD

    @property
    def tried(self) -> tuple[int, ...]:
        """The arms that are tried in it; an experiment that was made before is only read."""
        return tuple(number for number, arm in enumerate(self.arms) if arm.kind != "experiment")

    @property
    def size(self) -> int:
        """How many goes it has."""
        return len(self.tried) * self.trials * len(self.scenarios)

    def items(self) -> Iterator[Item]:
        """Every go, so that whatever it is cut off at, each scenario was tried about as often, by either arm."""
        for index in range(self.trials):
            for number, scenario in enumerate(self.scenarios):
                for arm in self.tried:
                    yield Item(arm, number, index, seed_of(self.seed, scenario.digest, index))


def seed_of(seed: int, scenario: str, index: int) -> int:
    """The seed of one go: the same for either arm, so that they differ by nothing but the code."""
    return int.from_bytes(hashlib.sha256(f"{seed}|{scenario}|{index}".encode()).digest()[:6], "big")
