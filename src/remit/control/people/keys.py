"""Personal and service keys: made, listed, renewed, revoked. A key is shown once; what is kept is a digest under the
root key of the workspace. Whose key opens what when it is shown is the business of `identity`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from remit.control.authority.acts import record
from remit.control.authority.duties import governed, require
from remit.control.ground.identity import access_key, person_named, principal_now
from remit.control.people.run_tokens import RunToken, sign
from remit.control.people.views import KeyView, NewKeyView
from remit.domain.clock import LONGEST_SECONDS, MICROSECONDS
from remit.domain.errors import InvalidInput, InvalidName, WrongState
from remit.domain.ids import is_code_name
from remit.domain.people import ADMIN, AccessKey, KeyText, new_key
from remit.domain.people_errors import KeyNeeded, LastAdmin, NotAllowed, UnknownKey, UnknownPerson
from remit.domain.people_events import KeyEnded, KeyMade
from remit.engine.step import seconds
from remit.store.database import Conflict, Op

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.control.ground.ground import Ground
    from remit.domain.budgets import Budget
    from remit.domain.fronting import KeyScope
    from remit.domain.people import Person

DEFAULT_LIFE = "90d"
_OVERLAP = "1h"
ENOUGH = 30 * 60 * MICROSECONDS
"""A key that ends sooner keeps the door open for nobody: the last admin has to have one that lasts longer."""


class Draft(NamedTuple):
    """A key that is not there yet: its secret, and what makes it durable."""

    key: KeyText
    event: KeyMade
    op: Op
    shown: NewKeyView


def draft(
    ground: Ground, person: str, roles: Sequence[str], expires: int | None, label: str, replaces: str = "",
    scope: KeyScope | None = None,
) -> Draft:  # fmt: skip
    """A new key of somebody, or with a scope of an agent that acts for them; nothing is written."""
    key, team, now, by = new_key(), ground.principal.team, ground.clock.now(), ground.principal.id
    until = expires if expires is not None else _until(ground, DEFAULT_LIFE)
    kept, limited = sorted(set(roles)), None
    if scope is not None:
        limited = (scope if scope.purse else replace(scope, purse=key.id)).plain()
    event = KeyMade(key.id, person, kept, until, by, replaces, limited)
    digest, said = ground.keys.tag(key.tagged), json.dumps(limited) if limited is not None else ""
    op = Op("people.add_key", (key.id, team, person, digest, " ".join(kept), label, now, by, until, said))
    return Draft(key, event, op, NewKeyView(key.id, person, kept, until, key.text, limited))


async def make(
    ground: Ground, person: str = "", roles: Sequence[str] = (), expires: str = "", label: str = ""
) -> NewKeyView:
    """A key for oneself or, as an admin, for somebody else; it may be limited to some roles, never widened."""
    owner = await _owner(ground, person, "make a key")
    beyond = sorted(set(roles) - set(owner.roles))
    if beyond:
        raise NotAllowed(
            f"{owner.id} is not {beyond[0]}, and no key makes them so.", f"See: remit user show {owner.id}"
        )
    own = ground.principal
    if owner.id == own.id and not roles and own.roles != frozenset(owner.roles):
        roles = sorted(own.roles)  # a limited key makes no wider one
    elif owner.id == own.id and set(roles) - own.roles:
        raise NotAllowed("a limited key makes no wider one.", "Use a key that has these roles.")
    made = draft(ground, owner.id, roles, _until(ground, expires or DEFAULT_LIFE), label)
    await record(ground, [made.event], [made.op])
    return made.shown


async def make_for_agent(
    ground: Ground, scope: KeyScope, person: str = "", expires: str = "", label: str = ""
) -> NewKeyView:
    """A key for an agent that is not ours: it opens the front doors, for whoever it acts for, and nothing else."""
    if not is_code_name(scope.agent):
        raise InvalidName(
            f'no agent can be called "{scope.agent}".', "Use letters, digits, dots, dashes and _."
        )
    owner = await _patron(ground, person, f"make a key for {scope.agent}")
    made = draft(ground, owner, (), _until(ground, expires or DEFAULT_LIFE), label, scope=scope)
    await record(ground, [made.event], [made.op])
    return made.shown


async def listed(ground: Ground, person: str = "") -> list[KeyView]:
    """Keys without their secrets: of everybody, or of one."""
    rows = await ground.database.fetch("people.keys", ground.principal.team, person or None)
    return [_view(ground, access_key(row)) for row in rows]


async def revoke(ground: Ground, wanted: str, why: str = "") -> KeyView:
    """Let a key open nothing any more."""
    key = await _find(ground, wanted)
    await _check_about(ground, key, "revoke a key")
    now, by = ground.clock.now(), ground.principal.id
    ops = [*await _keep_admin(ground, key), Op("people.end_key", (key.id, now, by), one=True)]
    try:
        await record(ground, [KeyEnded(key.id, key.person, by, now, why)], ops)
    except Conflict as refused:
        raise _not_ended(key, refused.query) from None
    return _view(ground, await _find(ground, key.id))


async def renew(ground: Ground, wanted: str, overlap: str = _OVERLAP, expires: str = "") -> NewKeyView:
    """A new key in place of an old one, which goes on for a while so that nothing stops."""
    key = await _find(ground, wanted)
    await _check_about(ground, key, "renew a key")
    now, by = ground.clock.now(), ground.principal.id
    if not key.lives(now):
        raise WrongState(f"the key {key.id} opens nothing any more.", "Make a new one: remit key new")
    ends = _until(ground, overlap, least=0)
    until = _until(ground, expires or DEFAULT_LIFE)
    made = draft(ground, key.person, key.roles, until, key.label, key.id, key.scope)
    ended = KeyEnded(key.id, key.person, by, min(ends, key.expires_at or ends), f"replaced by {made.key.id}")
    ops = [made.op, *await _keep_admin(ground, key), Op("people.shorten_key", (key.id, ends))]
    try:
        await record(ground, [made.event, ended], ops)
    except Conflict as refused:
        raise _not_ended(key, refused.query) from None
    return made.shown


async def sign_token(
    ground: Ground, wanted: str, run: str, *, user: str, purpose: str, data_class: str, budget: Budget | None,
    expires: str,
) -> str:  # fmt: skip
    """A token that counts beside one key, which has to live."""
    key = await _find(ground, wanted)
    await _check_about(ground, key, "sign a token for a key")
    if not key.lives(ground.clock.now()):
        raise WrongState(f"the key {key.id} opens nothing any more.", "Make a new one: remit key new")
    if user and user != key.person:
        await _patron(ground, user, f"sign a token for {user}")
    token = RunToken.fresh(
        key.id, key.team, run, user=user, purpose=purpose, data_class=data_class, budget=budget,
        expires=_until(ground, expires),
    )  # fmt: skip
    return sign(ground.keys, token)


async def living_by_person(ground: Ground) -> dict[str, int]:
    """How many keys of each open something."""
    now = ground.clock.now()
    found: dict[str, int] = {}
    for row in await ground.database.fetch("people.keys", ground.principal.team, None):
        key = access_key(row)
        found[key.person] = found.get(key.person, 0) + key.lives(now)
    return found


async def _keep_admin(ground: Ground, key: AccessKey) -> list[Op]:
    """What lets a key end only if somebody can administer without it, for long enough or as long as with it."""
    now, person = ground.clock.now(), await person_named(ground.database, key.team, key.person)
    opens = person is not None and person.active and ADMIN in key.narrows(person.roles) and key.lives(now)
    if key.scope is not None or not opens:
        return []
    until = min(now + ENOUGH, key.expires_at - 1 if key.expires_at is not None else now + ENOUGH)
    return [Op("people.keep_admin", (key.team, key.person, key.id, until), one=True)]


async def _owner(ground: Ground, name: str, what: str) -> Person:
    """Whose key is meant, if whoever asks may say something about it."""
    principal = ground.principal
    if not await governed(ground):
        raise WrongState(
            "this workspace has no users, and needs no keys.", "Add the first: remit user add NAME"
        )
    if principal.local:
        raise KeyNeeded(f"to {what} needs a key.", "Set REMIT_KEY, or name a file: --key-file FILE")
    await principal_now(ground.database, principal, ground.clock.now())
    if name and name != principal.id:
        await require(ground, "admin", "keys", f"{what} of {name}")
    person = await person_named(ground.database, principal.team, name or principal.id)
    if person is None:
        raise UnknownPerson(f'there is no user or service "{name}".', "See: remit user list")
    return person


async def _patron(ground: Ground, name: str, what: str) -> str:
    """For whom an agent's key acts; in a workspace without users that is its owner."""
    if await governed(ground):
        return (await _owner(ground, name, what)).id
    if name and name != ground.principal.id:
        raise UnknownPerson(f'there is no user or service "{name}".', "Add one: remit user add NAME")
    return ground.principal.id


async def _check_about(ground: Ground, key: AccessKey, what: str) -> None:
    """Refuse whoever may say nothing about this key."""
    if key.scope is None:
        await _owner(ground, key.person, what)
    else:
        await _patron(ground, key.person, what)


async def _find(ground: Ground, wanted: str) -> AccessKey:
    name = wanted.removeprefix("rk_").split("_", maxsplit=1)[0]
    rows = await ground.database.fetch("people.keys", ground.principal.team, None)
    found = [access_key(row) for row in rows if name and row[0].startswith(name)]
    if len(found) != 1:
        raise UnknownKey(
            f'there is no key "{name}".' if not found else f'"{name}" could be several keys.',
            "See: remit key list",
        )
    return found[0]


def _not_ended(key: AccessKey, query: str) -> Exception:
    if query == "people.keep_admin":
        return LastAdmin(
            f"{key.id} is the last key with which anybody can administer, or no other lasts for half an hour.",
            "Make one that lasts first: remit key new. Where nobody can any more: remit user break-glass",
        )
    return WrongState(f"the key {key.id} was revoked already.", "See: remit key list")


def _until(ground: Ground, text: str, *, least: int = 1) -> int:
    length = seconds(text)
    if not least <= length <= LONGEST_SECONDS:
        raise InvalidInput(f'"{text}" is no time that a key can live.', 'Such as "12h", "90d".')
    return ground.clock.now() + int(length * MICROSECONDS)


def _view(ground: Ground, key: AccessKey) -> KeyView:
    now = ground.clock.now()
    state = "living" if key.lives(now) else "revoked" if key.revoked_at is not None else "expired"
    return KeyView(
        key.id, key.person, list(key.roles), key.label, state, key.created_at, key.created_by, key.expires_at,
        key.scope.plain() if key.scope is not None else None,
    )  # fmt: skip
