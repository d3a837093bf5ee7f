"""Reading queues, things and sets of labels out of the database and the log, and who may see them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from remit.control.authority.duties import governed, require
from remit.domain.errors import Shredded
from remit.domain.judge_errors import UnknownLabels
from remit.domain.judging_events import LabelsAdded, LabelsFrozen
from remit.domain.people import groups_of
from remit.domain.people_errors import KeyNeeded, NotAllowed
from remit.quality.matter import matter_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.control.ground.ground import Ground
    from remit.quality.matter import Matter

AREA = "labels"


class Queue(NamedTuple):
    """A row of queues."""

    name: str
    choices: tuple[str, ...]
    scale: str
    labellers: int
    readers: tuple[str, ...]
    made_at: int
    made_by: str


class Item(NamedTuple):
    """A row of things."""

    id: str
    queue: str
    run: str
    source: str
    status: str
    label: str
    settled_by: str
    stream: str
    seq: int
    at: int


class LabelSet(NamedTuple):
    """A row of sets."""

    name: str
    version: int
    digest: str
    queue: str
    items: int
    status: str
    readers: tuple[str, ...]
    stream: str
    seq: int
    made_at: int
    made_by: str
    reviewed_at: int | None
    reviewed_by: str


async def queues(ground: Ground) -> list[Queue]:
    """Every queue of the team."""
    rows = await ground.database.fetch("labels.queues", ground.principal.team)
    return [Queue(row[0], _names(row[1]), row[2], row[3], _names(row[4]), row[5], row[6]) for row in rows]


async def queue_named(ground: Ground, name: str) -> Queue:
    """One of them."""
    found = await queues(ground)
    known = {each.name: each for each in found}
    if name not in known:
        names = ", ".join(known) or "none"
        raise UnknownLabels(
            f'there is no queue "{name}".', f"There is: {names}. Open one: remit judge label open {name}"
        )
    return known[name]


async def item_named(ground: Ground, wanted: str) -> Item:
    """The thing with this id, or the only one that begins so."""
    text = wanted.replace("%", "").replace("_", "")
    rows = await ground.database.fetch("labels.item", ground.principal.team, f"{text}%") if text else []
    found = [Item(*row) for row in rows]
    exact = [each for each in found if each.id == wanted]
    if len(exact or found) != 1:
        raise UnknownLabels(
            f'"{wanted}" names {"several things" if found else "nothing"} that is to be labelled.'
        )
    return (exact or found)[0]


async def matter_in(ground: Ground, item: Item) -> Matter | None:
    """What a labeller is shown of it; None where its run was erased."""
    try:
        entry = await ground.log.read_one(item.stream, item.seq)
    except Shredded:
        return None
    return matter_of(entry.event.matter) if isinstance(entry.event, LabelsAdded) else None


async def sets(ground: Ground) -> list[LabelSet]:
    """Every set of the team, the newest version of each first."""
    rows = await ground.database.fetch("labels.sets", ground.principal.team)
    return [LabelSet._make((*row[:6], _names(row[6]), *row[7:])) for row in rows]


async def set_named(ground: Ground, wanted: str) -> LabelSet:
    """A set by its name, the newest; or `name@2`."""
    name, _, version = wanted.partition("@")
    found = [each for each in await sets(ground) if each.name == name and version in {"", str(each.version)}]
    if not found:
        raise UnknownLabels(
            f'there is no set of labels "{wanted}".', "Freeze one: remit judge label freeze QUEUE --as NAME"
        )
    return found[0]


async def members(ground: Ground, chosen: LabelSet) -> list[tuple[Item, str]]:
    """The things in a set with their labels, as they were frozen."""
    entry = await ground.log.read_one(chosen.stream, chosen.seq)
    assert isinstance(entry.event, LabelsFrozen)  # noqa: S101 - it is what a set refers to
    team = ground.principal.team
    rows = await ground.database.fetch("labels.of_queue", team, chosen.queue, "settled")
    known = {row[0]: Item(*row) for row in rows}
    return [(known[item], label) for item, label in entry.event.items if item in known]


async def may_see(ground: Ground, readers: Sequence[str], what: str) -> None:
    """Refuse whoever is not among the readers; without readers, whoever may not administer labels."""
    if not await governed(ground):
        return
    who = ground.principal
    if who.local:
        raise KeyNeeded(f"this workspace has users, and to see {what} needs a key.", "Set REMIT_KEY.")
    if who.id in readers or groups_of(who.roles) & set(readers):
        return
    if readers:
        raise NotAllowed(f"{who.id} may not see {what}.", f"It is for {', '.join(readers)}.")
    await require(ground, "admin", AREA, f"see {what}")


def _names(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))
