"""Whether somebody can administer, and for how long: the doctor warns while it can still be mended with a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.finding import Finding
from remit.control.ground.identity import access_key, people_of
from remit.domain.clock import MICROSECONDS
from remit.domain.people import ADMIN

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground

_SOON_DAYS = 7
_DAY = 86_400 * MICROSECONDS


async def examine_admins(ground: Ground) -> list[Finding]:
    """One finding where there are users: when the last key of an admin ends."""
    team, now = ground.principal.team, ground.clock.now()
    people = {each.id: each for each in people_of(await ground.database.fetch("people.all", team))}
    if not people:
        return []
    keys = [access_key(row) for row in await ground.database.fetch("people.keys", team, None)]
    ends = [
        key.expires_at
        for key in keys
        if key.lives(now)
        and key.scope is None
        and (who := people.get(key.person)) is not None
        and who.active
        and ADMIN in key.narrows(who.roles)
    ]
    if not ends:
        return [
            Finding(
                "admins", "broken", "no key of an admin opens anything any more",
                "As whoever holds this machine: remit user break-glass NAME --reason TEXT",
            )
        ]  # fmt: skip
    if None in ends or (last := max(each for each in ends if each is not None)) - now > _SOON_DAYS * _DAY:
        return [Finding("admins", "ok", "somebody can administer for a week and longer", "")]
    hours = (last - now) / MICROSECONDS / 3600
    return [
        Finding(
            "admins", "warning", f"the last key with which anybody can administer ends in {hours:.0f} h",
            "Renew it before: remit key renew KEY",
        )
    ]  # fmt: skip
