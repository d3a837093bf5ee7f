"""Halting and lifting, as a person asks for it: who may, what is meant, and what stands.

It needs no code of the workspace, so that an agent can be stopped whatever else is broken.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from remit.control.authority.duties import governed, require
from remit.control.containment.views import HaltView
from remit.control.runs.inspection import find as find_run
from remit.control.runs.naming import doubt
from remit.domain.clock import LONGEST_SECONDS, MICROSECONDS
from remit.domain.errors import InvalidInput, RemitError, Shredded, WrongState
from remit.domain.halt_errors import UnknownHalt
from remit.domain.halt_events import HaltOpened
from remit.domain.halts import Halt, HaltMode, HaltScope
from remit.domain.people_errors import NotAllowed
from remit.engine.step import seconds
from remit.gate.containment.opening import lift_halt, open_halt
from remit.store.database import Conflict
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Collection

    from remit.control.ground.ground import Ground
    from remit.store.database import Row

_MOST = 200
_LONGEST_NAME = 300


async def halt(
    ground: Ground, scope: str, target: str = "", *, reason: str = "", quarantine: bool = False, within: str = "",
    known: Collection[str] = (),
) -> HaltView:  # fmt: skip
    """Let something stand still from now on, or for a while; in quarantine it may still read.

    A name that nobody knows is halted too, and the answer says so: what is known here may be old. `known` are names
    beside those that can be found without the code.
    """
    await require(ground, "admin", "halts", "halt something")
    chosen = _scope(scope)
    canonical.accept([target, reason], "what is halted, or why")
    if chosen is HaltScope.RUN:
        target = (await find_run(ground.database, target)).id
    elif chosen is HaltScope.TEAM:
        target = target or ground.principal.team
    elif chosen is HaltScope.ALL:
        target = ""
    elif chosen is HaltScope.RELEASE:
        target = await _digest_of(ground, target)
    _check_name(chosen, target)
    now = ground.clock.now()
    mode = HaltMode.QUARANTINE if quarantine else HaltMode.HALT
    made, _ = await open_halt(
        ground.database, ground.keys, now, team=ground.principal.team, by=ground.principal.id, scope=chosen,
        target=target, reason=reason, mode=mode, until=now + _length(within) if within else None,
    )  # fmt: skip
    return replace(await show(ground, made.id), warning=await _doubt(ground, chosen, target, known))


async def _digest_of(ground: Ground, target: str) -> str:
    """The release that is called so; else what was typed, which may be the beginning of a digest."""
    rows = await ground.database.fetch("releases.like", ground.principal.team, target, "")
    return str(rows[0][0]) if rows else target


async def lift(ground: Ground, wanted: str, reason: str = "") -> list[HaltView]:
    """Let something act again: the halt with this id, or every one that stands on what this names."""
    await require(ground, "admin", "halts", "lift a halt")
    canonical.accept(reason, "the reason")
    found = await _meant(ground, wanted)
    await _check_not_own(ground, found)
    lifted: list[HaltView] = []
    for each in found:
        try:
            await lift_halt(
                ground.database, ground.keys, ground.clock.now(), each, by=ground.principal.id, reason=reason
            )
        except Conflict:
            continue  # somebody else was faster
        lifted.append(await show(ground, each.id))
    if not lifted:
        raise WrongState(f'"{wanted}" was lifted already.', "See: remit halt list")
    return lifted


async def listed(ground: Ground, *, everything: bool = False) -> list[HaltView]:
    """What stands, newest first; also what does not any more, if `everything` is wanted."""
    rows = await ground.database.fetch("halts.list", ground.principal.team, _MOST)
    views = [await _view(ground, row) for row in rows]
    return [view for view in views if everything or view.state == "standing"]


async def show(ground: Ground, wanted: str) -> HaltView:
    """One halt."""
    rows = await ground.database.fetch("halts.get", wanted)
    if not rows:
        raise UnknownHalt(f'"{wanted}" is no halt.', "See: remit halt list")
    return await _view(ground, rows[0])


async def _check_not_own(ground: Ground, found: list[Halt]) -> None:
    """Who is halted does not lift that: somebody else looked, and has to look again."""
    me = ground.principal.id
    if await governed(ground) and any(
        each.scope is HaltScope.PRINCIPAL and each.target == me for each in found
    ):
        raise NotAllowed(
            f"{me} is halted, and does not lift that.",
            "Somebody else who may administer halts can; where there is nobody: remit user break-glass",
        )


async def _doubt(ground: Ground, scope: HaltScope, target: str, known: Collection[str]) -> str:
    """Whether the name may be wrong; asked when the halt stands, and nothing that goes wrong here undoes it."""
    if scope in {HaltScope.ALL, HaltScope.RUN}:
        return ""
    with suppress(RemitError, OSError):
        return await doubt(ground, scope.value, target, known)
    return ""


async def _meant(ground: Ground, wanted: str) -> list[Halt]:
    standing = [_halt(row) for row in await ground.database.fetch("halts.standing")]
    mine = [each for each in standing if each.team == ground.principal.team or each.scope is HaltScope.ALL]
    found = [each for each in mine if each.id == wanted]
    kind, _, name = wanted.partition(":")
    if not found and name:
        found = [each for each in mine if each.scope.value == kind and each.target == name]
    elif not found:
        found = [
            each for each in mine if wanted in {each.target, each.scope.value if not each.target else None}
        ]
    if not found:
        raise UnknownHalt(f'nothing stands that "{wanted}" names.', "See: remit halt list")
    return found


def _scope(scope: str) -> HaltScope:
    try:
        return HaltScope(scope)
    except ValueError:
        known = ", ".join(each.value for each in HaltScope)
        raise InvalidInput(f'"{scope}" cannot be halted.', f"It is one of {known}.") from None


def _check_name(scope: HaltScope, target: str) -> None:
    if scope is not HaltScope.ALL and not (target and len(target) <= _LONGEST_NAME and target.isprintable()):
        raise InvalidInput(
            f"no {scope.value} can be called {target[:_LONGEST_NAME]!r}.", "Name what to halt."
        )


def _length(within: str) -> int:
    length = seconds(within)
    if not 0 < length <= LONGEST_SECONDS:
        raise InvalidInput(f'a halt for "{within}" is over before it begins.', "Such as --for 2h.")
    return int(length * MICROSECONDS)


def _halt(row: Row) -> Halt:
    identity, team, scope, target, mode, at, by, until, *_ = row
    return Halt(identity, HaltScope(scope), target, HaltMode(mode), team, by, at, until)


async def _view(ground: Ground, row: Row) -> HaltView:
    halt, (stream, seq, lifted_at, lifted_by) = _halt(row), row[8:12]
    reason, evidence = "", None
    try:
        event = (await ground.log.read_one(stream, seq)).event
    except Shredded:
        event = None
    if isinstance(event, HaltOpened):
        reason, evidence = event.reason, event.evidence
    standing = "standing" if halt.stands(ground.clock.now()) else "ended"
    return HaltView(
        halt.id, halt.scope.value, halt.target, halt.mode.value, "lifted" if lifted_at is not None else standing,
        reason, halt.by, halt.at, halt.until, lifted_at, lifted_by, evidence,
    )  # fmt: skip
