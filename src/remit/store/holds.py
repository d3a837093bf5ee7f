"""Legal holds: what there is about a subject must not be destroyed, by nobody and by no rule, until somebody says so.

Who ordered it and why stands in the log, and beside the hold under the subject's own key: that is where its name is
read from, so that a list of holds can say of whom it speaks and forgets it with everything else.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.errors import Shredded, WrongState
from remit.domain.protection_errors import LegalHold
from remit.domain.protection_events import HoldPlaced, HoldReleased
from remit.store.database import Commit, Conflict, Op
from remit.store.telling import told

if TYPE_CHECKING:
    from remit.store.database import Database, Row
    from remit.store.keys import KeyRing


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold that is open."""

    id: str
    subject: str
    """Its name; empty where that cannot be read."""
    reason: str
    by: str
    at: int


async def place_hold(
    database: Database, keys: KeyRing, *, team: str, subject: str, reason: str, by: str, at: int
) -> Hold:
    """From now on nothing about this subject can be destroyed."""
    tag, hold = keys.subject_tag(team, subject), f"h-{secrets.token_hex(6)}"
    while True:
        key = await keys.subject_key(team, subject, at)
        words = key.seal(msgspec.json.encode([subject, reason]), _place(hold))
        add = Op("protection.place_hold", (hold, team, tag, key.id, words, by, at), one=True)
        event = await told(keys, HoldPlaced(hold, tag, by, reason), at)
        try:
            await database.submit(Commit(ops=[Op("protection.alone", ()), add], shared=[event]))
        except Conflict:
            keys.forget(key.id)
            if await database.fetch("keys.living", key.id):
                raise await _why_not(database, keys, team, subject) from None
            at += 1  # a deletion took this key with it and is over: what comes now needs a new one
        else:
            return Hold(hold, subject, reason, by, at)


async def release_hold(
    database: Database, keys: KeyRing, *, team: str, subject: str, reason: str, by: str, at: int
) -> Hold:
    """The hold is over; what was spared may be destroyed again."""
    held = await hold_of(database, keys, team, subject)
    if held is None:
        raise WrongState(f"there is no hold on {subject}.", "See those there are: remit shred holds")
    event = await told(keys, HoldReleased(held.id, keys.subject_tag(team, subject), by, reason), at)
    release = Op("protection.release_hold", (held.id, by, at), one=True)
    try:
        await database.submit(Commit(ops=[Op("protection.alone", ()), release], shared=[event]))
    except Conflict:
        raise WrongState(f"the hold on {subject} was released in this very moment.") from None
    return held


async def hold_of(database: Database, keys: KeyRing, team: str, subject: str) -> Hold | None:
    """The open hold of a subject, if there is one."""
    rows = await database.fetch("protection.hold_of", keys.subject_tag(team, subject))
    return await _read(keys, rows[0]) if rows else None


async def holds(database: Database, keys: KeyRing, team: str) -> list[Hold]:
    """Every open hold of a team, oldest first."""
    rows = await database.fetch("protection.holds", team)
    return [await _read(keys, (row[0], *row[2:])) for row in rows]


async def held_tags(database: Database, team: str) -> frozenset[str]:
    """The tags of everybody whose data must be left alone."""
    return frozenset(row[1] for row in await database.fetch("protection.holds", team))


def refusal(subject: str, held: Hold) -> LegalHold:
    """Why something about this subject is not destroyed."""
    return LegalHold(
        f"{subject} is under a legal hold: {held.by} placed it because {held.reason}",
        f'Nothing was destroyed. Whoever may end it says why: remit shred release {subject} --reason "…"',
    )


async def _why_not(database: Database, keys: KeyRing, team: str, subject: str) -> WrongState:
    held = await hold_of(database, keys, team, subject)
    if held is not None:
        return WrongState(f"{subject} is held already, by {held.by} because {held.reason}")
    return WrongState(f"{subject} is being shredded, and that cannot be stopped any more.")


async def _read(keys: KeyRing, row: Row) -> Hold:
    hold, key_id, words, by, at = row
    try:
        said: Any = msgspec.json.decode((await keys.get(key_id)).open(words, _place(hold)))
        return Hold(hold, said[0], said[1], by, at)
    except Shredded:
        return Hold(hold, "", "", by, at)


def _place(hold: str) -> bytes:
    return f"hold|{hold}".encode()
