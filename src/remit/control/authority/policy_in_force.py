"""Which rules come into force: those in `policies/` when a process starts, unless they are protected, so that a second
person has to agree to them first. It does not know what rules say.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.control.authority.acts import record
from remit.control.authority.duties import governed
from remit.control.ground.identity import people_of
from remit.domain.action_errors import InvalidPolicy
from remit.domain.errors import InvalidSetting
from remit.domain.policy_errors import LockedOut
from remit.domain.policy_events import PolicyAdopted
from remit.gate.standing.archive import PolicyArchive
from remit.gate.standing.shadow import Shadow
from remit.gate.standing.unconfirmed import Unconfirmed
from remit.policy.authority import Authority
from remit.policy.intersection import born_under, over_older
from remit.policy.loading import digest_of, read_files, rules_of
from remit.policy.lockout import Member, locked_out
from remit.store.database import Conflict, Op

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remit.control.ground.ground import Ground
    from remit.gate.parts import GateParts
    from remit.gate.standing.archive import InForce
    from remit.policy.world import World

FOLDER = "policies"
_PROTECT = ("never", "prod", "always")
_OVERDUE = ("keep", "deny")
GLASS = (
    "Leave somebody able to do it, usually by keeping policies/people.cedar. If it has happened already: put the old "
    "files back, start once, and use remit user break-glass NAME --reason …"
)
"""What to do about rules that lock everybody out."""
_logger = logging.getLogger("remit.policy")


@dataclass(frozen=True, slots=True)
class PolicyDemands:
    """What an operator demands of changes of rules."""

    protect: str = "never"
    shadow: str = ""
    overdue: str = "keep"


NO_DEMANDS = PolicyDemands()


def archive_of(ground: Ground) -> PolicyArchive:
    """The rules of this team, of all times."""
    return PolicyArchive(ground.database, ground.keys, ground.log, ground.principal.team)


def demands_two(protect: str, environment: str) -> bool:
    """Whether the settings want a second person for every change of rules."""
    if protect not in _PROTECT:
        raise InvalidSetting(
            f'policy.protect is "{protect}"; it is one of {", ".join(_PROTECT)}.',
            "See docs/reference/settings.md.",
        )
    return protect == "always" or (protect == "prod" and environment == "prod")


def denies_late(overdue: str) -> bool:
    """Whether the settings have rights denied that a review left unconfirmed."""
    if overdue not in _OVERDUE:
        raise InvalidSetting(
            f'policy.overdue is "{overdue}"; it is one of {", ".join(_OVERDUE)}.',
            "See docs/reference/settings.md.",
        )
    return overdue == "deny"


def reviews_of(ground: Ground, overdue: str) -> Unconfirmed | None:
    """Who denies the rights that a review left unconfirmed; nobody, if the settings keep them."""
    if not denies_late(overdue):
        return None
    return Unconfirmed(ground.database, ground.log, ground.clock, ground.principal.team)


async def at_start(ground: Ground, world: World, protect: str = "never") -> Mapping[str, str]:
    """The rules that this process goes by: those of the folder, taken into force, or the protected ones."""
    archive, wanted = archive_of(ground), demands_two(protect, ground.environment)
    files = read_files(ground.workspace / FOLDER)
    now = await archive.in_force()
    if now is not None and await is_held(ground, archive, now, files):
        kept = await archive.files(now.digest)
        if kept is not None:
            if now.digest != digest_of(files):
                _logger.warning(
                    "policies/ is not what is in force (%s): a second person has to agree. See: remit policy propose",
                    now.digest[:12],
                )
            return kept
    after = Authority.of(files, world, ground.workspace / FOLDER)  # refused before it could come into force
    if now is not None and now.digest != digest_of(files):
        await refuse_lockout(ground, after, _former(await archive.files(now.digest), after), protected=wanted)
    await put_in_force(ground, archive, files, now, protected=wanted or (now is not None and now.protected))
    return files


async def over_release(ground: Ground, world: World) -> Authority:
    """The rules in force, over the code of a release, which may lack what they speak about."""
    archive = archive_of(ground)
    now = await archive.in_force()
    files = await archive.files(now.digest) if now is not None else None
    return over_older(files or read_files(ground.workspace / FOLDER), world, ground.workspace / FOLDER)


async def follow_folder(ground: Ground) -> None:
    """While there is one owner, what is in the folder is in force: from the first user on it may take two."""
    archive = archive_of(ground)
    now = await archive.in_force()
    if now is not None:
        files = read_files(ground.workspace / FOLDER)
        try:
            rules_of(files)
        except InvalidPolicy:
            if now.protected:
                raise
            return  # whoever is added may be the one who mends it
        await put_in_force(ground, archive, files, now, protected=now.protected)


def cast_shadow(ground: Ground, gate: GateParts, folder: str) -> Shadow | None:
    """Try the rules of a folder from now on, if one is named."""
    if not folder:
        return None
    tried = Authority.load(shadow_place(ground.workspace, folder), gate.authority.world)
    return Shadow(tried, gate.authority, ground.database, ground.keys, ground.clock, ground.principal.team)


def shadow_place(workspace: Path, folder: str) -> Path:
    """Where rules on trial lie; never among those in force."""
    place = (workspace / folder).resolve()
    inside = (workspace / FOLDER).resolve()
    if place == inside or inside in place.parents:
        raise InvalidSetting(
            f'policy.shadow is "{folder}", where all rules are in force.',
            "Keep rules on trial in a folder of their own.",
        )
    return place


async def is_held(ground: Ground, archive: PolicyArchive, now: InForce, files: Mapping[str, str]) -> bool:
    """Whether one person alone may not put these rules in the place of those in force."""
    if digest_of(files) == now.digest or not await governed(ground):
        return False
    if now.protected:
        return True
    before = await archive.files(now.digest) or {}
    return bool(guarded(before) - guarded(files))


async def refuse_lockout(
    ground: Ground, after: Authority, before: Authority | None, *, protected: bool = False
) -> None:
    """Refuse rules after which nobody could do what somebody has to be able to do."""
    if not await governed(ground):
        return
    rows = await ground.database.fetch("people.all", ground.principal.team)
    members = [
        Member(person.id, tuple(sorted(person.roles)))
        for person in people_of(rows)
        if person.active and person.kind == "user"
    ]
    wrong = next(locked_out(after, before, members, ground.environment, protected=protected), "")
    if wrong:
        raise LockedOut(f"these rules are not put into force: {wrong}.", GLASS)


async def put_in_force(
    ground: Ground, archive: PolicyArchive, files: Mapping[str, str], now: InForce | None, *, protected: bool,
    by: str = "",
) -> None:  # fmt: skip
    """From now on, these; nothing is said if they are it already."""
    digest = await archive.keep(files, ground.clock.now())
    if now is not None and (now.digest, now.protected) == (digest, protected):
        return
    who, team, at = by or ground.principal.id, ground.principal.team, ground.clock.now()
    before = now.digest if now is not None else ""
    op = (
        Op("policy.first", (team, digest, int(protected), at, who))
        if now is None
        else Op("policy.adopt", (team, before, digest, int(protected), at, who), one=True)
    )
    try:
        await record(ground, [PolicyAdopted(digest, before, protected, who)], [op])
    except Conflict:
        return  # another process was faster; whoever decides looks again within a second


def _former(files: Mapping[str, str] | None, after: Authority) -> Authority | None:
    """The rules before, in the world of now, if they can be held against it."""
    try:
        return born_under(files, after) if files else None
    except InvalidPolicy:
        return None


def guarded(files: Mapping[str, str]) -> frozenset[str]:
    """The rules that one person alone may neither change nor remove, word for word."""
    return frozenset(rule.text for rule in rules_of(files) if rule.protected)
