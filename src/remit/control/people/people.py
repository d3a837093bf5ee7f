"""Users and services of a team: added, given roles, disabled and enabled; each an event that says who did it.

The first user makes a workspace one in which decisions need keys. Keys themselves are the business of `keys`.
"""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from remit.control.authority.acts import record
from remit.control.authority.duties import governed, require
from remit.control.ground.identity import people_of, person_named
from remit.control.people import keys as access
from remit.control.people.views import NewKeyView, PersonView
from remit.control.workspace.founding import write_people_policy
from remit.domain.errors import InvalidName, WrongState
from remit.domain.on_use import on_use
from remit.domain.people import ADMIN, Person, is_group_name, is_person_name
from remit.domain.people_errors import LastAdmin, NotAllowed, UnknownPerson
from remit.domain.people_events import GlassBroken, PersonAdded, PersonSwitched, RolesChanged
from remit.store.database import Conflict, Op

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal

    from remit.control.authority import policy_in_force
    from remit.control.ground.ground import Ground
    from remit.domain.event import Event
else:
    policy_in_force = on_use("remit.control.authority.policy_in_force")

_GLASS_SECONDS = 3600


async def everybody(ground: Ground) -> list[PersonView]:
    """All users and services, by name."""
    team = ground.principal.team
    rows = await ground.database.fetch("people.all", team)
    keys = await access.living_by_person(ground)
    return [_view(person, keys.get(person.id, 0)) for person in people_of(rows)]


async def show(ground: Ground, name: str) -> PersonView:
    """One of them."""
    person = await known(ground, name)
    return _view(person, (await access.living_by_person(ground)).get(name, 0))


async def add(
    ground: Ground, name: str, roles: Sequence[str], *, service: bool = False, key: bool = True
) -> tuple[PersonView, NewKeyView | None]:
    """A new user or service, with a first key that is shown once."""
    await require(ground, "admin", "people", "add somebody")
    _check_name(name)
    chosen = _checked(roles)
    first = not await governed(ground)
    if first and (service or ADMIN not in chosen or not key):
        raise NotAllowed(
            "the first user has to be an admin with a key, or nobody could add the second.",
            f"remit user add {name} --role admin",
        )
    if first:
        write_people_policy(ground.workspace)
        await policy_in_force.follow_folder(ground)
    kind: Literal["user", "service"] = "service" if service else "user"
    team, now, by = ground.principal.team, ground.clock.now(), ground.principal.id
    ops = [Op("people.add", (team, name, kind, now, by)), *_giving(team, name, chosen)]
    events: list[Event] = [PersonAdded(name, kind, list(chosen), by)]
    made = access.draft(ground, name, (), None, "first key") if key else None
    if made is not None:
        ops, events = [*ops, made.op], [*events, made.event]
    try:
        await record(ground, events, ops)
    except Conflict:
        raise WrongState(f"{name} exists already.", f"See: remit user show {name}") from None
    person = Person(name, team, kind, active=True, roles=chosen, created_at=now, created_by=by)
    return _view(person, int(key)), made.shown if made is not None else None


async def change_roles(ground: Ground, name: str, give: Sequence[str], take: Sequence[str]) -> PersonView:
    """Give somebody roles or groups, and take others."""
    await require(ground, "admin", "people", f"change the roles of {name}")
    person = await known(ground, name)
    given, taken = _checked(give), set(take)
    if name == ground.principal.id and set(given) - set(person.roles):
        raise NotAllowed("nobody gives themselves a role.", "Another admin can: remit user role")
    roles = tuple(sorted((set(person.roles) | set(given)) - taken))
    if roles == person.roles:
        return await show(ground, name)
    team = person.team
    ops = [
        *_giving(team, name, given),
        *(Op("people.take_role", (team, name, role)) for role in sorted(taken)),
    ]
    if ADMIN in person.roles and ADMIN not in roles:
        ops.insert(0, _other_admin(ground, name))
    await _unless_last(ground, name, [RolesChanged(name, list(roles), ground.principal.id)], ops)
    return await show(ground, name)


async def switch(ground: Ground, name: str, *, active: bool) -> PersonView:
    """Disable somebody, with all their keys, or enable them again."""
    await require(ground, "admin", "people", f"{'enable' if active else 'disable'} {name}")
    person = await known(ground, name)
    if person.active == active:
        raise WrongState(f"{name} is {'enabled' if active else 'disabled'} already.")
    ops = [Op("people.switch", (person.team, name, int(active)), one=True)]
    if not active and ADMIN in person.roles:
        ops.insert(0, _other_admin(ground, name))
    await _unless_last(ground, name, [PersonSwitched(name, active, ground.principal.id)], ops)
    return await show(ground, name)


async def break_glass(ground: Ground, name: str, reason: str) -> NewKeyView:
    """Make an admin whose key lives for an hour, as whoever can read the database and its keys; the log says so."""
    if not await governed(ground):
        raise WrongState("this workspace has no users; nothing is locked.", "Add one: remit user add NAME")
    if not ground.principal.local:
        raise NotAllowed(
            "the glass is broken by whoever holds the machine, without a key.",
            "Unset REMIT_KEY for this command.",
        )
    if not reason.strip():
        raise WrongState("a reason is needed; it stands in the log.", "Give one: --reason TEXT")
    _check_name(name)
    team, now, by = ground.principal.team, ground.clock.now(), _machine_user()
    person = await person_named(ground.database, team, name)
    made = access.draft(ground, name, (), now + _GLASS_SECONDS * 1_000_000, "break-glass")
    events: list[Event] = [GlassBroken(name, made.key.id, reason, by), made.event]
    ops = [made.op, *_giving(team, name, (ADMIN,))]
    if person is None:
        ops.insert(0, Op("people.add", (team, name, "user", now, by)))
        events.insert(0, PersonAdded(name, "user", [ADMIN], by))
    elif not person.active:
        ops.insert(0, Op("people.switch", (team, name, 1), one=True))
        events.insert(0, PersonSwitched(name, active=True, by=by))
    await record(ground, events, ops)
    return made.shown


async def known(ground: Ground, name: str) -> Person:
    """Somebody who exists, or an error with what to do."""
    person = await person_named(ground.database, ground.principal.team, name)
    if person is None:
        raise UnknownPerson(f'there is no user or service "{name}".', "See: remit user list")
    return person


async def _unless_last(ground: Ground, name: str, events: list[Event], ops: list[Op]) -> None:
    try:
        await record(ground, events, ops)
    except Conflict as refused:
        if refused.query != "people.other_admin":
            raise WrongState(
                f"somebody else changed {name} in this moment.", "Look again: remit user list"
            ) from None
        raise LastAdmin(
            f"{name} is the last admin with a key that opens something for another half hour.",
            "Make another one first: remit user add, or remit key new",
        ) from None


def _other_admin(ground: Ground, name: str) -> Op:
    until = ground.clock.now() + access.ENOUGH
    return Op("people.other_admin", (ground.principal.team, name, until), one=True)


def _giving(team: str, name: str, roles: Iterable[str]) -> list[Op]:
    return [Op("people.give_role", (team, name, role)) for role in roles]


def _checked(roles: Iterable[str]) -> tuple[str, ...]:
    found = tuple(sorted(set(roles)))
    for role in found:
        if not is_group_name(role):
            raise InvalidName(
                f"no role or group can be called {role!r}.", "Use letters, digits, dots, dashes and _."
            )
    return found


def _check_name(name: str) -> None:
    if not is_person_name(name):
        raise InvalidName(
            f"nobody can be called {name!r}.",
            "Use letters, digits, and . _ @ + -; not a word of Remit's own.",
        )


def _view(person: Person, keys: int) -> PersonView:
    return PersonView(
        person.id, person.kind, person.active, list(person.roles), person.created_at, person.created_by, keys
    )  # fmt: skip


def _machine_user() -> str:
    try:
        return f"owner ({getpass.getuser()})"
    except (OSError, KeyError):
        return "owner"
