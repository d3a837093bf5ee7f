"""Sets of labels: what is settled in a queue, frozen under a number; looked through by somebody else before it is used;
and read by those for whom it is. What it shows stays where it was put, under the keys of its runs.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from remit.control.authority.acts import record
from remit.control.authority.duties import governed, require, require_person
from remit.control.labelling import reading
from remit.control.labelling.reading import AREA
from remit.control.labelling.views import SetView
from remit.domain.errors import InvalidInput, InvalidName, WrongState
from remit.domain.ids import is_code_name
from remit.domain.judge_errors import LabelsNotReady
from remit.domain.judging_events import LabelsFrozen, LabelsReviewed
from remit.domain.people_errors import NotAllowed
from remit.engine.outside import team_stream
from remit.quality.labelling.privacy import found_in, redacted
from remit.store.database import Conflict, Op
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.control.ground.ground import Ground
    from remit.control.labelling.reading import Item, LabelSet
    from remit.quality.matter import Matter

VERDICTS = {"use": "usable", "redact": "redacted", "refuse": "refused"}
_USABLE = frozenset({"usable", "redacted"})


async def freeze(ground: Ground, queue: str, name: str, readers: Sequence[str] = ()) -> SetView:
    """Make a set of what is settled in a queue; it has the queue's readers, unless others are named."""
    await require(ground, "admin", AREA, "freeze labels")
    chosen = await reading.queue_named(ground, queue)
    if not is_code_name(name):
        raise InvalidName(f'a set cannot be called "{name}".', "Use letters, digits, dots, dashes and _.")
    team, who, now = ground.principal.team, ground.principal.id, ground.clock.now()
    rows = await ground.database.fetch("labels.of_queue", team, queue, "settled")
    settled = [reading.Item(*row) for row in rows]
    if not settled:
        raise LabelsNotReady(f"nothing in {queue} is settled yet.", f"See: remit judge label show {queue}")
    items = [[each.id, each.label] for each in settled]
    digest = canonical.digest([[each.source, each.label] for each in settled])[:16]
    known = [each.version for each in await reading.sets(ground) if each.name == name]
    version, allowed = max(known, default=0) + 1, tuple(readers) or chosen.readers
    event = LabelsFrozen(name, version, digest, queue, items, list(allowed), who)
    given = (
        team, name, version, digest, queue, len(items), json.dumps(list(allowed)), team_stream(team), now, who,
    )  # fmt: skip
    try:
        await record(ground, [event], [Op("labels.freeze", given)])
    except Conflict:
        raise WrongState(
            f"{name} was frozen by somebody else in this moment.", "Look, and try again."
        ) from None
    return view(await reading.set_named(ground, f"{name}@{version}"))


async def look(ground: Ground, wanted: str) -> SetView:
    """A set with what detectors find in what labellers were shown, and how often each label was given."""
    chosen = await reading.set_named(ground, wanted)
    await reading.may_see(ground, chosen.readers, f"the labels {chosen.name}")
    shown = await _matters(ground, chosen)
    counts = dict(Counter(label for _, label in shown))
    return replace(view(chosen), found=found_in(matter for matter, _ in shown), labels=counts)


async def review(ground: Ground, wanted: str, verdict: str, note: str = "") -> SetView:
    """Say whether a set may be used, may be without what was found, or may not; by somebody else than who froze it."""
    if verdict not in VERDICTS:
        raise InvalidInput(f'"{verdict}" is no verdict of a review.', f"It is one of {', '.join(VERDICTS)}.")
    await require(ground, "admin", AREA, "review labels")
    await require_person(ground, "review labels")
    canonical.accept(note, "the note")
    seen = await look(ground, wanted)
    who, now, team = ground.principal.id, ground.clock.now(), ground.principal.team
    if await governed(ground) and who == seen.made_by:
        raise NotAllowed(f"{who} froze {seen.name}, and somebody else looks through it.")
    event = LabelsReviewed(seen.name, seen.version, verdict, seen.found or {}, who, note)
    given = (team, seen.name, seen.version, VERDICTS[verdict], now, who)
    try:
        await record(ground, [event], [Op("labels.review", given, one=True)])
    except Conflict:
        raise WrongState(f"{seen.name}@{seen.version} was reviewed already.", "Freeze it anew.") from None
    return await look(ground, f"{seen.name}@{seen.version}")


async def usable(
    ground: Ground, wanted: str, *, asked: bool = True
) -> tuple[LabelSet, list[tuple[Matter, str, Item]]]:
    """The things of a set with their labels, for use; refused before somebody has reviewed it. Whoever asks has to be
    among its readers; a judge that was calibrated by it may be shown it again where nobody does.
    """
    chosen = await reading.set_named(ground, wanted)
    if asked:
        await reading.may_see(ground, chosen.readers, f"the labels {chosen.name}")
    if chosen.status not in _USABLE:
        what = "was refused in its review" if chosen.status == "refused" else "was not reviewed yet"
        raise LabelsNotReady(
            f"the set {chosen.name}@{chosen.version} {what}.",
            f"Look through it: remit judge label review {chosen.name}@{chosen.version} --verdict use",
        )
    found: list[tuple[Matter, str, Item]] = []
    for item, label in await reading.members(ground, chosen):
        matter = await reading.matter_in(ground, item)
        if matter is not None:
            clean = redacted(matter) if chosen.status == "redacted" else matter
            found.append((replace(clean, id=item.id), label, item))
    return chosen, found


async def _matters(ground: Ground, chosen: LabelSet) -> list[tuple[Matter, str]]:
    found = [
        (await reading.matter_in(ground, item), label)
        for item, label in await reading.members(ground, chosen)
    ]
    return [(matter, label) for matter, label in found if matter is not None]


def view(row: LabelSet) -> SetView:
    """A set in a line."""
    return SetView(
        row.name, row.version, row.digest, row.queue, row.items, row.status, row.readers, row.made_by, row.made_at,
        row.reviewed_by,
    )  # fmt: skip
