"""What was recorded of a run, as far as it can be told again: what tools answered and after which writes, what models
said to which request, what people answered. Data only, and the same as plain JSON.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from remit.quality.experiments.plain import environment_of, plain_of, turns_of
from remit.quality.scenarios.scenario import Environment, Turn
from remit.quality.trial import ActStatus
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from remit.quality.trial import Act

Json = Any


@dataclass(frozen=True, slots=True)
class Told:
    """What a tool answered."""

    tool: str
    args: Mapping[str, Json]
    result: Json = None
    error: str = ""
    writes: bool = False
    after: tuple[str, ...] = ()
    """The writes that had been done by then, by name: an answer holds only after these and no others."""

    @property
    def name(self) -> str:
        """The call that it answered."""
        return call_name(self.tool, self.args)


@dataclass(frozen=True, slots=True)
class Said:
    """What a model answered."""

    digest: str
    """Of the request: agent, prompt, tools and everything said before it."""
    model: str
    plain: Json
    money: int = 0


@dataclass(frozen=True, slots=True)
class Own:
    """What a step of the author's own code gave, or how it failed."""

    name: str
    digest: str
    """Of its input."""
    result: Json = None
    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """One run, as it can be told again."""

    run: str
    told: tuple[Told, ...] = ()
    said: tuple[Said, ...] = ()
    own: tuple[Own, ...] = ()
    turns: tuple[Turn, ...] = ()
    environment: Environment | None = None
    """What answers calls that were not recorded; None: nothing does."""

    @property
    def plain(self) -> dict[str, Json]:
        """As the log of a run keeps it."""
        world = None if self.environment is None else plain_of(self.environment)
        return {
            "run": self.run, "told": [asdict(each) for each in self.told], "said": [asdict(each) for each in self.said],
            "own": [asdict(each) for each in self.own], "turns": plain_of(self.turns), "environment": world,
        }  # fmt: skip

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> Past:
        """The past that was written down."""
        world = said.get("environment")
        return cls(
            said["run"], tuple(_told(each) for each in said["told"]),
            tuple(Said(**each) for each in said["said"]), tuple(Own(**each) for each in said["own"]),
            turns_of(said["turns"]), None if world is None else environment_of(world),
        )  # fmt: skip


@dataclass(slots=True)
class Memory:
    """How far a past was told."""

    past: Past
    done: list[str] = field(default_factory=list[str])
    """Writes, by name."""
    _answers: dict[str, list[Told]] = field(init=False)
    _models: dict[str, list[Said]] = field(init=False)
    _own: dict[tuple[str, str], list[Own]] = field(init=False)
    _last: dict[str, Told] = field(default_factory=dict[str, Told])

    def __post_init__(self) -> None:
        self._answers, self._models, self._own = defaultdict(list), defaultdict(list), defaultdict(list)
        for own in self.past.own:
            self._own[own.name, own.digest].append(own)
        for told in self.past.told:
            self._answers[told.name].append(told)
        for said in self.past.said:
            self._models[said.digest].append(said)

    def answer(self, tool: str, args: Mapping[str, Json], *, writes: bool) -> Told | None:
        """What was recorded of this very call; of a read only what was so after the same writes. None: nothing."""
        name = call_name(tool, args)
        waiting, now = self._answers.get(name, []), tuple(sorted(self.done))
        for at, told in enumerate(waiting):
            if writes or told.after == now:
                self._last[name] = waiting.pop(at)
                break
        else:
            last = self._last.get(name)
            return last if last is not None and not writes and last.after == now else None
        if writes and not self._last[name].error:
            self.done.append(name)
        return self._last[name]

    def model(self, digest: str, model: str) -> Said | None:
        """What this model answered to this very request, in turn."""
        waiting = self._models.get(digest, [])
        at = next((at for at, said in enumerate(waiting) if said.model == model), None)
        return None if at is None else waiting.pop(at)

    def step(self, name: str, digest: str) -> Own | None:
        """What a step of the author's own gave for this very input, in turn."""
        waiting = self._own.get((name, digest), [])
        return waiting.pop(0) if waiting else None


def call_name(tool: str, args: Mapping[str, Json]) -> str:
    """The name of a call: the same tool with the same arguments."""
    return canonical.digest(canonical.plain([tool, dict(args)]))


def told_of(acts: Iterable[Act]) -> tuple[Told, ...]:
    """The answers that tools gave in a run, in the order in which they were asked. What the gate refused was none."""
    done: list[str] = []
    found: list[Told] = []
    for act in acts:
        reached = act.status.took_place or act.status is ActStatus.FAILED
        if not reached:
            continue
        error = (act.reason or "it failed") if act.status is ActStatus.FAILED else ""
        told = Told(act.tool, act.args, act.result, error, act.effect.acts, tuple(sorted(done)))
        found.append(told)
        if told.writes and not error:
            done.append(told.name)
    return tuple(found)


def _told(said: Mapping[str, Json]) -> Told:
    after: tuple[str, ...] = tuple(said["after"])
    return Told(said["tool"], said["args"], said["result"], said["error"], said["writes"], after)
