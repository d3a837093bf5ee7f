"""Giving labels: each for oneself, without seeing what others said; where they differ, somebody else decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.authority.acts import record
from remit.control.authority.duties import governed, require_person
from remit.control.labelling import reading
from remit.control.labelling.views import ItemView
from remit.domain.errors import InvalidInput, WrongState
from remit.domain.judging_events import LabelGiven, LabelSettled
from remit.domain.people_errors import NotAllowed
from remit.store.database import Conflict, Op
from remit.store.runs import run_row
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.control.labelling.reading import Item, Queue
    from remit.store.keys import DataKey

_MANY = 10_000


async def next_item(ground: Ground, queue: str) -> ItemView | None:
    """What whoever asks has yet to label in a queue; None: nothing."""
    chosen = await reading.queue_named(ground, queue)
    await reading.may_see(ground, chosen.readers, f"the queue {queue}")
    team, who = ground.principal.team, ground.principal.id
    rows = await ground.database.fetch("labels.next", team, queue, who, _MANY)
    for row in rows:
        found = reading.Item(*row)
        view = await _view(ground, chosen, found, len(rows))
        if view.matter is not None:  # else its run was erased, and there is nothing to say
            return view
    return None


async def show(ground: Ground, wanted: str) -> ItemView:
    """One thing, with what was said of it once it is not open any more."""
    item = await reading.item_named(ground, wanted)
    chosen = await reading.queue_named(ground, item.queue)
    await reading.may_see(ground, chosen.readers, f"the queue {chosen.name}")
    return await _view(ground, chosen, item, 0)


async def give(ground: Ground, wanted: str, label: str, note: str = "") -> ItemView:
    """Say what a thing is; what one says last counts, until enough have said it."""
    await require_person(ground, "label")
    item, chosen = await _labelled(ground, wanted, label, note)
    who, now = ground.principal.id, ground.clock.now()
    event = LabelGiven(chosen.name, item.id, label, who, note)
    ops = [Op("labels.give", (item.id, who, label, now), one=True), Op("labels.close", (item.id,))]
    try:
        await record(ground, [event], ops, await _key(ground, item))
    except Conflict:
        raise WrongState(
            f"{item.id} is {(await reading.item_named(ground, item.id)).status} already.",
            f"See what is left: remit judge label next {chosen.name}",
        ) from None
    return await show(ground, item.id)


async def settle(ground: Ground, wanted: str, label: str, note: str = "") -> ItemView:
    """Decide what those differ about who labelled a thing; in a workspace with users it is none of them."""
    await require_person(ground, "settle a label")
    item, chosen = await _labelled(ground, wanted, label, note)
    who = ground.principal.id
    said = await ground.database.fetch("labels.said_of", item.id)
    if await governed(ground) and who in {person for person, _ in said}:
        raise NotAllowed(f"{who} has labelled {item.id}, and somebody else settles what is in dispute.")
    event = LabelSettled(chosen.name, item.id, label, who, note)
    try:
        settled = Op("labels.settle", (item.id, label, who), one=True)
        await record(ground, [event], [settled], await _key(ground, item))
    except Conflict:
        raise WrongState(f"nobody differs about {item.id}: it is {item.status}.") from None
    return await show(ground, item.id)


async def _labelled(ground: Ground, wanted: str, label: str, note: str) -> tuple[Item, Queue]:
    item = await reading.item_named(ground, wanted)
    chosen = await reading.queue_named(ground, item.queue)
    await reading.may_see(ground, chosen.readers, f"the queue {chosen.name}")
    canonical.accept(note, "the note")
    if label not in chosen.choices:
        raise InvalidInput(
            f'"{label}" is no label of {chosen.name}.', f"It is one of {', '.join(chosen.choices)}."
        )
    return item, chosen


async def _key(ground: Ground, item: Item) -> DataKey | None:
    """Words about a run are erased with it."""
    if not item.run:
        return None
    row = run_row((await ground.database.fetch("runs.get", item.run))[0])
    return await ground.keys.for_run(row.key_id, row.team, ground.clock.now())


async def _view(ground: Ground, queue: Queue, item: Item, left: int) -> ItemView:
    said = {} if item.status == "open" else dict(await ground.database.fetch("labels.said_of", item.id))
    matter = await reading.matter_in(ground, item)
    return ItemView(item.id, queue.name, item.run, item.status, item.label, queue.choices, matter, said, left)
