"""The run that a canary pretends to belong to: the journal of the real run that it is like, up to the question, at the
canary's time and with the canary's arguments.

Nothing of it ever stands in the log, where every cost, receipt and recall would count it: it exists while it is looked
at, and only until somebody has decided. Then whoever asks for it is told what it was.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from remit.domain.errors import Shredded, UnknownRun
from remit.domain.event import object_of
from remit.domain.events import ChildSpawned, RunContinued, RunCreated, RunParked, WaitOpened
from remit.domain.people_events import CanarySeeded
from remit.domain.runs import RunStatus
from remit.engine.outside import run_stream, team_stream
from remit.store.runs import run_row

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.domain.event import Event
    from remit.domain.runs import RunRow
    from remit.store.database import Row
    from remit.store.log import Entry

_TIMES = frozenset({"started", "due", "until", "key_until"})


@dataclass(frozen=True, slots=True)
class Model:
    """A real run up to a question that it asked."""

    row: RunRow
    entries: list[Entry]
    asked: WaitOpened
    asked_at: int


@dataclass(frozen=True, slots=True)
class Pretended:
    """A run that is none, as its page and its line show it."""

    row: RunRow
    entries: list[Entry]


async def model_at(ground: Ground, run: str, seq: int) -> Model | None:
    """The run that asked a question at this place of its journal; None if another could not look the same: it has
    children or generations, came out of another run, or cannot be read any more.
    """
    rows = await ground.database.fetch("runs.get", run)
    if not rows or run_row(rows[0]).parent is not None:
        return None
    try:
        entries, _ = await ground.log.read(run_stream(run), 1)
    except Shredded:
        return None
    born = entries[0].event if entries else None
    if not isinstance(born, RunCreated) or born.forked_from is not None or len(entries) < seq:
        return None
    upto = _until_parked(entries, seq)
    asked = entries[seq - 1]
    if not isinstance(asked.event, WaitOpened) or any(
        isinstance(each.event, ChildSpawned | RunContinued) for each in upto
    ):
        return None
    return Model(run_row(rows[0]), upto, asked.event, asked.at)


async def pretended_runs(ground: Ground) -> list[Pretended]:
    """Every one that somebody could be looking at now: there is seldom more than one."""
    rows = await ground.database.fetch("canaries.open", ground.principal.team, ground.clock.now())
    return [made for row in rows if (made := await _pretend(ground, row)) is not None]


async def pretended(ground: Ground, wanted: str) -> Pretended | None:
    """The one with this id, or that begins or ends so; raises `UnknownRun` for one that was decided about."""
    text = wanted.replace("%", "").replace("_", "").removesuffix(".")
    rows = await ground.database.fetch("canaries.of_run", ground.principal.team, f"%{text}%") if text else []
    for row in rows:
        run, status, by, due = row[1], row[4], row[5], row[6]
        if not (run.startswith(text) or run.endswith(text)):
            continue
        if status == "open" and (due is None or due >= ground.clock.now()):
            return await _pretend(ground, row)
        what = f"{by} {status} it" if by else "nobody answered it in time"
        raise UnknownRun(
            f"{run} never ran: it was a canary, a request that ought to be refused, and {what}.",
            "How often people agree blindly: remit inbox stats",
        )
    return None


async def _pretend(ground: Ground, row: Row) -> Pretended | None:
    approval, run, seq, asked_at = row[0], row[1], row[2], row[3]
    seeded: Event | None = None
    with suppress(Shredded):
        seeded = (await ground.log.read_one(team_stream(ground.principal.team), seq)).event
    if not isinstance(seeded, CanarySeeded):
        return None
    like = object_of(seeded.like)
    model = await model_at(ground, str(like.get("run", "")), int(like.get("seq", 0)))
    return _dressed(model, approval, run, object_of(seeded.card), asked_at) if model is not None else None


def _dressed(model: Model, approval: str, run: str, card: dict[str, Any], asked_at: int) -> Pretended:
    """The model's journal, told of another call, by other names, at another time."""
    later, was = asked_at - model.asked_at, object_of(model.asked.value)
    names = {
        model.row.id: run,
        model.asked.approval: approval,
        str(was.get("digest")): str(card.get("digest")),
    }
    change = _Change(names, object_of(was.get("arguments")), object_of(card.get("arguments")), later)
    entries = [each._replace(at=each.at + later, event=change.of_event(each.event)) for each in model.entries]
    parked = next((each.event for each in reversed(entries) if isinstance(each.event, RunParked)), None)
    row = replace(
        model.row, id=run, status=RunStatus.PARKED, reason=parked.reason if parked else "human",
        due=parked.due if parked else None, error="", paused=False, ended_at=None, base_seq=1,
        generation=1, created_at=model.row.created_at + later,
    )  # fmt: skip
    return Pretended(row, entries)


@dataclass(frozen=True, slots=True)
class _Change:
    """What is said differently wherever it stands."""

    names: dict[str, str]
    was: dict[str, Any]
    now: dict[str, Any]
    later: int

    def of_event(self, event: Event) -> Event:
        changed = {
            each.name: self._later(each.name, self._of(getattr(event, each.name))) for each in fields(event)
        }
        return replace(event, **changed)

    def _later(self, name: str, value: Any) -> Any:
        return value + self.later if name in _TIMES and isinstance(value, int) else value

    def _of(self, value: Any) -> Any:
        match value:
            case str():
                return self._of_text(value)
            case dict():
                return self._of_call({key: self._of(each) for key, each in object_of(value).items()})
            case list() | tuple():
                return [self._of(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
            case _:
                return value

    def _of_text(self, text: str) -> str:
        if text.startswith("{"):
            with suppress(ValueError):
                call = object_of(json.loads(text))
                changed = self._of_call(call)
                return json.dumps(changed, ensure_ascii=False) if changed != call else text
        for before, after in self.names.items():
            text = text.replace(before, after) if before else text
        return text

    def _of_call(self, given: dict[str, Any]) -> dict[str, Any]:
        """The call that the real question was about, as the canary asks for it; any other object is left alone."""
        other = {name for name, value in self.now.items() if self.was.get(name) != value}
        if not other or not other <= given.keys() or any(self.was.get(k, ...) != v for k, v in given.items()):
            return given
        return {name: self.now[name] for name in given}


def _until_parked(entries: list[Entry], seq: int) -> list[Entry]:
    """Up to where the run lay down for its question."""
    for place in range(seq, len(entries)):
        if isinstance(entries[place].event, RunParked):
            return entries[: place + 1]
    return entries[:seq]
