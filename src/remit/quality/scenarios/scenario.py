"""A scenario: what an agent is asked, what it finds in its world, what somebody answers it, and what would be right.

Data only, and the digest of everything that shapes a trial of it. Who runs it, who scores it and where it was written
down is not known here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, is_dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.quality.scenarios.expectation import Expectation

Json = Any


@dataclass(frozen=True, slots=True)
class Turn:
    """What the scripted user or reviewer says once the run waits for it; turns are taken in order."""

    says: Json = None
    """The payload of a signal; of a question the value as edited, None: as it was asked."""
    signal: str = ""
    """The signal that it is sent by."""
    group: str = ""
    """Or the group of people that was asked."""
    approves: bool = True
    """Of a question: yes or no."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a tool answers in this world."""

    tool: str
    args: Mapping[str, Expectation] | None = None
    """Which calls it answers, by the arguments named here; None: any."""
    result: Json = None
    error: str = ""
    """It fails instead, with these words."""
    state: str = ""
    """It answers with what stands at this path of the state, such as `tickets.{id}`."""
    sets: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """What an accepted write changes in the state: paths and values, in which `{name}` is an argument."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The world of a scenario: reads are answered from it, writes are accepted by it and never sent."""

    answers: tuple[ToolAnswer, ...] = ()
    state: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """Facts at the beginning."""
    live: bool = False
    """Reads that nothing here answers are really made."""
    real: tuple[str, ...] = ()
    """Tools that are really called, writes included: those of a system that is there to be tested with."""


@dataclass(frozen=True, slots=True)
class GoldAction:
    """A call that has to take place."""

    tool: str
    args: Mapping[str, Expectation] = field(default_factory=dict[str, "Expectation"])
    """What its arguments have to be; those that are not named do not matter."""
    order: int | None = None
    """Calls with a smaller number come before it; None: whenever."""
    times: int = 1


@dataclass(frozen=True, slots=True)
class StateCheck:
    """What has to be so at the end: in the state of the environment, or as a tool that reads (SQL, HTTP) then says."""

    name: str
    expect: Expectation
    path: str = ""
    """Where in the state, or in what the tool answered; empty: the whole of it."""
    tool: str = ""
    """The tool to read with at the end; empty: the state of the environment."""
    args: Mapping[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True)
class Gold:
    """What would be right."""

    answer: Expectation | None = None
    actions: tuple[GoldAction, ...] = ()
    closed: bool | None = None
    """Whether writes beside these actions are wrong; None: if there are any. Reads never are."""
    state: tuple[StateCheck, ...] = ()
    forbidden: tuple[str, ...] = ()
    """Tools that must not be used at all, by name or by pattern (`send_*`): a harm if one is."""
    ends: str = ""
    """The code of the error that the run has to end with, such as `rejected`; empty: it ends well."""

    @property
    def closes(self) -> bool:
        """Whether a write that is not among the actions is wrong."""
        return bool(self.actions) if self.closed is None else self.closed

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing by which an answer could be wrong."""
        return not (self.answer or self.actions or self.closes or self.state or self.forbidden or self.ends)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a scenario was written down, where it comes from, and who answers for it."""

    file: str = ""
    line: int = 0
    provenance: str = ""
    """`written`, `run r-…`, `correction of run r-…`, `import FILE`."""
    owner: str = ""

    @property
    def place(self) -> str:
        """`suites/refunds.yaml:12`."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Scenario:
    """One case."""

    name: str
    input: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """The input of the flow; of an agent, its `question`."""
    turns: tuple[Turn, ...] = ()
    environment: Environment = field(default_factory=Environment)
    gold: Gold = field(default_factory=Gold)
    tags: tuple[str, ...] = ()
    family: str = ""
    """What it has in common with others, so that they count as one piece of evidence; empty: nothing."""
    harm: bool = False
    """Whether a write that is not gold harms somebody here."""
    source: Source = field(default_factory=Source)
    _digest: str = field(default="", init=False, repr=False, compare=False)
    """Once it is known: every go asks for it several times."""

    @property
    def cluster(self) -> str:
        """The family, or the scenario itself where it has none."""
        return self.family or self.name

    @property
    def digest(self) -> str:
        """The name of everything that shapes a trial and its scores; not of tags, family, owner or place."""
        if not self._digest:
            gold = replace(self.gold, closed=self.gold.closes)
            shapes = (self.name, self.input, self.turns, self.environment, gold, self.harm)
            whole = canonical.digest(canonical.plain([_data(each) for each in shapes]))
            object.__setattr__(self, "_digest", whole)
        return self._digest


def _data(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_data(each) for each in cast("tuple[object, ...]", value)]
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
