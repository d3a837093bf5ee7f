"""Durable facts about labels that people give and judges that are held against them. Part of the closed vocabulary of
`events`; the same rules hold: a released class is never edited. All of them stand in the stream of the team; what shows
a run is sealed with the key of that run, so that it is erased with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from remit.domain.event import Event, Json


@dataclass(frozen=True, slots=True)
class LabelsOpened(Event):
    """There is a queue of things to be labelled."""

    KIND: ClassVar[str] = "labels.opened"
    queue: str
    choices: Json
    scale: str
    labellers: int
    readers: Json
    by: str


@dataclass(frozen=True, slots=True)
class LabelsAdded(Event):
    """Something was put into a queue, as it will be shown; with a label where somebody had given it elsewhere."""

    KIND: ClassVar[str] = "labels.added"
    queue: str
    item: str
    run: str
    matter: Json
    by: str
    label: str = ""
    flag: str = ""


@dataclass(frozen=True, slots=True)
class LabelGiven(Event):
    """Somebody said what a thing is; they had not seen what others said."""

    KIND: ClassVar[str] = "labels.given"
    queue: str
    item: str
    label: str
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class LabelSettled(Event):
    """Those who labelled a thing differ, and somebody else decided."""

    KIND: ClassVar[str] = "labels.settled"
    queue: str
    item: str
    label: str
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class LabelsFrozen(Event):
    """The settled labels of a queue are a set of their own from here on, under a number."""

    KIND: ClassVar[str] = "labels.frozen"
    name: str
    version: int
    digest: str
    queue: str
    items: Json
    readers: Json
    by: str


@dataclass(frozen=True, slots=True)
class LabelsReviewed(Event):
    """Somebody looked through a set for what must not be used: it may be used, may be without that, or may not."""

    KIND: ClassVar[str] = "labels.reviewed"
    name: str
    version: int
    verdict: str
    found: Json
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class JudgeCalibrated(Event):
    """A judge was held against labels: this is what it is worth."""

    KIND: ClassVar[str] = "judge.calibrated"
    judge: str
    digest: str
    labels: str
    version: int
    card: Json
    runs: Json
    by: str


@dataclass(frozen=True, slots=True)
class JudgeChecked(Event):
    """Golden items were put to a judge again."""

    KIND: ClassVar[str] = "judge.checked"
    judge: str
    digest: str
    looked: int
    agreed: int
    runs: Json = field(default_factory=list[Json])
    by: str = ""


@dataclass(frozen=True, slots=True)
class JudgeSuspended(Event):
    """A judge may not gate any more, until it is calibrated anew."""

    KIND: ClassVar[str] = "judge.suspended"
    judge: str
    digest: str
    why: str
    by: str


@dataclass(frozen=True, slots=True)
class RunScored(Event):
    """A run of somebody's was looked at, and how good it was; what was found is sealed with its key."""

    KIND: ClassVar[str] = "run.scored"
    run: str
    scores: Json
    runs: Json = field(default_factory=list[Json])
    by: str = ""
