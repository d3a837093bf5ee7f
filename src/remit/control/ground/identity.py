"""Who presents a key: the person or service it belongs to, with the roles that count now, or one sentence why it opens
nothing. It reads keys and people; it makes none, and does not know what anybody may do.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, cast

from remit.domain.front_errors import KeyScoped
from remit.domain.fronting import KeyScope
from remit.domain.people import AccessKey, KeyText, Person, same_digest
from remit.domain.people_errors import KeyExpired, KeyRevoked, KeyUnknown, PersonDisabled
from remit.domain.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    from remit.store.database import Database, Row
    from remit.store.keys import KeyRing

_NEW_ONE = "Ask an admin for a new one: remit key new --for NAME"


async def principal_of(database: Database, keys: KeyRing, key: KeyText, team: str, now: int) -> Principal:
    """The principal whose key this is."""
    rows = await database.fetch("people.key", key.id)
    known = str(rows[0][10]) if rows else ""
    shown = keys.tag(key.tagged)  # also for a key that nobody has: the time it takes says nothing
    if not same_digest(shown, known) or rows[0][1] != team:
        raise KeyUnknown(f"the key rk_{key.id}_… opens nothing here.", "Show the key of this workspace.")
    return await _opened(database, access_key(rows[0]), team, now)


async def principal_now(database: Database, shown: Principal, now: int) -> Principal:
    """Whoever showed a key a while ago, as things stand now: the key may have ended since, and its owner's roles
    may be others (S21).
    """
    rows = await database.fetch("people.key", shown.key) if shown.key else []
    return await _opened(database, access_key(rows[0]), shown.team, now) if rows else shown


async def _opened(database: Database, found: AccessKey, team: str, now: int) -> Principal:
    """Whom a key that is really there opens for."""
    if found.scope is not None:
        raise KeyScoped(
            f"the key {found.id} is one of the agent {found.scope.agent}: it opens the front doors and nothing else.",
            "Use a key of your own: remit key new",
        )
    if found.revoked_at is not None:
        raise KeyRevoked(f"the key {found.id} of {found.person} was revoked by {found.revoked_by}.", _NEW_ONE)
    if not found.lives(now):
        raise KeyExpired(f"the key {found.id} of {found.person} has expired.", _NEW_ONE)
    person = await person_named(database, team, found.person)
    if person is None or not person.active:
        raise PersonDisabled(
            f"{found.person} was disabled.", f"An admin can change that: remit user enable {found.person}"
        )
    return Principal(person.id, team, person.kind, found.narrows(person.roles), found.id)


async def person_named(database: Database, team: str, name: str) -> Person | None:
    """One of the people of a team."""
    found = people_of(await database.fetch("people.get", team, name))
    return found[0] if found else None


async def has_people(database: Database, team: str) -> bool:
    """Whether decisions need keys here."""
    return bool(await database.fetch("people.any", team))


def people_of(rows: Iterable[Row]) -> list[Person]:
    """People out of one row for each role."""
    found: dict[str, Person] = {}
    for name, team, kind, active, at, by, role in rows:
        before = found[name].roles if name in found else ()
        roles = (*before, role) if role is not None else before
        found[name] = Person(
            name, team, cast('Literal["user", "service"]', kind), bool(active), roles, at, by
        )
    return list(found.values())


def access_key(row: Row) -> AccessKey:
    """A key as it is kept."""
    identity, team, person, roles, label, at, by, expires, revoked, revoked_by = row[:10]
    scope = KeyScope.of(json.loads(row[-1])) if row[-1] else None
    return AccessKey(
        identity, team, person, tuple(roles.split()), label, at, by, expires, revoked, revoked_by, scope
    )


def default_key_file() -> Path:
    """Where somebody keeps their key, if they name no other place."""
    return Path.home() / ".config" / "remit" / "key"
