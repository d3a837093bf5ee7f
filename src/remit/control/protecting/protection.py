"""What can be asked about protecting data: erasing a subject, holds, receipts, the root key, rules of class and age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from remit.control.collecting.keeping import destroy_old
from remit.control.finding import Finding
from remit.control.ground.root_keys import KeyChoice, keeper_for, key_choice_of
from remit.control.protecting.reducing import CaptureRules, reduce_ended
from remit.control.protecting.retaining import RECEIPTS_DAYS, RetentionRules, destroy_expired
from remit.control.protecting.views import (
    DeletionView,
    Erasure,
    HoldView,
    LeftFile,
    MovedKeyView,
    ReceiptView,
    RotationView,
    Swept,
)
from remit.domain.errors import InvalidInput, UnknownRun, WrongKey
from remit.policy.data_classes import capture_rules, classes_of, retention_days
from remit.store import deletion, holds, relocation, rotation
from remit.store.deletion_receipt import check

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from remit.control.ground.ground import Ground
    from remit.engine.flow import Flow
    from remit.store.holds import Hold

_MOST_SHOWN = 1000
_INPUTS: WeakKeyDictionary[Flow, dict[str, str]] = WeakKeyDictionary()
"""What was found out of flows: their annotations do not change."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say of classes and time."""

    capture: CaptureRules
    retention: RetentionRules


def rules_of(
    environment: str, modes: Iterable[str], ages: Iterable[str], flows: Mapping[str, Flow], *,
    undo_days: int, detect: bool, days: int,
) -> Rules:  # fmt: skip
    """The rules as they are written, checked, with where the inputs of flows hold classed data."""
    inputs = {name: input_classes(flow) for name, flow in flows.items()}
    return Rules(
        CaptureRules(
            capture_rules(modes, environment),
            undo_days,
            detect,
            {name: at for name, at in inputs.items() if at},
        ),
        RetentionRules(days, retention_days(ages)),
    )


def input_classes(flow: Flow) -> dict[str, str]:
    """Where the input of a flow holds classed data, by the annotations of its parameters."""
    import msgspec

    known = _INPUTS.get(flow)
    if known is not None:
        return known
    found: dict[str, str] = {}
    for name in flow.parameters:
        try:
            schema: Any = msgspec.json.schema(flow.hints.get(name, Any))
        except TypeError:
            continue  # no plain data, so nothing of it stands in a journal as such
        found |= {
            f"{name}/{place}".rstrip("/"): data_class for place, data_class in classes_of(schema).items()
        }
    _INPUTS[flow] = found
    return found


async def sweep(ground: Ground, rules: Rules, by: str) -> Swept:
    """Apply the rules of class and time, and finish what was begun."""
    now = ground.clock.now()
    await ground.keys.look_again()
    await ground.keys.forget_shredded(now - 24 * 3600 * 1_000_000)
    finished = await deletion.finish_deletions(ground.database, ground.keys, ground.ledger, now)
    reduced = await reduce_ended(ground, rules.capture, by)
    await destroy_old(ground, rules.retention.days, by)
    return Swept(reduced, await destroy_expired(ground, rules.retention, by), len(finished))


# --- subjects -------------------------------------------------------------------------------------------------


async def delete(ground: Ground, subject: str) -> Erasure | None:
    """Make everything about a subject unreadable; None if there is nothing about it."""
    if not subject.strip():
        raise InvalidInput("an empty name is no subject.", "Say whose data it is: remit shred SUBJECT")
    done = await deletion.delete_subject(
        ground.database, ground.keys, ground.ledger,
        team=ground.principal.team, subject=subject, by=ground.principal.id, at=ground.clock.now(),
    )  # fmt: skip
    if done is None:
        return None
    left = [LeftFile(each.path, each.outcome, each.why) for each in done.left]
    return Erasure(done.id, done.keys, done.counts, left, done.receipt)


async def deletions(ground: Ground) -> list[DeletionView]:
    """The deletions of this team, newest first."""
    rows = await ground.database.fetch("protection.deletions", ground.principal.team, _MOST_SHOWN)
    return [
        DeletionView(name, tag, by, began, done, len(check(text).receipt["keys"]) if text else 0)
        for name, tag, by, began, done, text in rows
    ]


async def receipt(ground: Ground, wanted: str) -> str:
    """The signed receipt of one deletion."""
    rows = await ground.database.fetch("protection.deletion", ground.principal.team, wanted)
    if not rows or not rows[0][1]:
        raise UnknownRun(
            f'there is no finished deletion "{wanted}".', "See those there are: remit shred list"
        )
    return rows[0][1]


async def signing_key(ground: Ground) -> str:
    """The public key to hand to whoever verifies receipts."""
    return await deletion.signing_key(ground.keys, ground.clock.now())


def verify_receipt(file: Path, pinned: str = "") -> ReceiptView:
    """Check a receipt with nothing but the file; no workspace is opened."""
    try:
        checked = check(file.read_text("utf-8"), pinned)
    except (OSError, UnicodeDecodeError) as wrong:
        raise InvalidInput(f"{file} cannot be read as a receipt ({wrong}).") from None
    return ReceiptView(checked.receipt, checked.digest, checked.public_key, checked.pinned)


async def hold(ground: Ground, subject: str, reason: str) -> HoldView:
    """Nothing about a subject may be destroyed from now on."""
    if not reason.strip() or not subject.strip():
        raise InvalidInput("a hold needs a subject and a reason.", 'Say why: --reason "case 17"')
    placed = await holds.place_hold(
        ground.database, ground.keys, team=ground.principal.team, subject=subject, reason=reason,
        by=ground.principal.id, at=ground.clock.now(),
    )  # fmt: skip
    return _hold(placed)


async def release(ground: Ground, subject: str, reason: str) -> HoldView:
    """It may be destroyed again."""
    if not reason.strip():
        raise InvalidInput("the end of a hold needs a reason too.", 'Say why: --reason "case 17 is closed"')
    ended = await holds.release_hold(
        ground.database, ground.keys, team=ground.principal.team, subject=subject, reason=reason,
        by=ground.principal.id, at=ground.clock.now(),
    )  # fmt: skip
    return _hold(ended)


async def open_holds(ground: Ground) -> list[HoldView]:
    """Every hold of this team, oldest first."""
    found = await holds.holds(ground.database, ground.keys, ground.principal.team)
    return [_hold(each) for each in found]


def _hold(held: Hold) -> HoldView:
    return HoldView(held.id, held.subject, held.reason, held.by, held.at)


# --- the root key ---------------------------------------------------------------------------------------------


async def rotate(ground: Ground) -> RotationView:
    """Put a new root key in place, or finish what was begun."""
    who, at = ground.principal.id, ground.clock.now()
    done = await rotation.rotate(ground.database, ground.keys, ground.provider, ground.keeper, by=who, at=at)
    return RotationView(done.root, done.begun, done.rewrapped, done.older)


async def retire(ground: Ground) -> int:
    """Forget the older root keys; how many."""
    return await rotation.retire(
        ground.database,
        ground.keys,
        ground.provider,
        ground.keeper,
        by=ground.principal.id,
        at=ground.clock.now(),
    )


async def move(ground: Ground, provider: str, said: Mapping[str, str]) -> MovedKeyView:
    """Have the root key kept in another place; the settings name the old one until somebody changes them."""
    before = ground.keeper
    after = keeper_for(ground.workspace, key_choice_of(provider, said), ground.database, ground.clock)
    done = await relocation.move(
        ground.database, ground.keys, ground.provider, before, after, by=ground.principal.id, at=ground.clock.now(),
    )  # fmt: skip
    lines = ["[keys]", f'provider = "{provider}"', *(f'{name} = "{value}"' for name, value in said.items())]
    return MovedKeyView(before.place, after.place, done, lines)


def current_root_key(ground: Ground) -> str:
    """The root key as text, for a variable that is to hold it from now on."""
    return ground.provider.to_text()


def draft_root_key(ground: Ground) -> str:
    """What a variable has to be set to before the root key in it can be replaced."""
    return ground.provider.successor().to_text()


# --- for the doctor -------------------------------------------------------------------------------------------


async def examine_protection(ground: Ground, days: int) -> list[Finding]:
    """Deletions that were not finished, root keys that were not retired, and receipts that would go too soon."""
    found: list[Finding] = []
    open_ = await ground.database.fetch("protection.open_deletions")
    if open_:
        message = f"{len(open_)} deletions were begun and not finished"
        found.append(Finding("erasure", "broken", message, "Run remit shred again, or start a worker."))
    older = ground.provider.older
    if older:
        left = await rotation.under_older(ground.database, ground.provider)
        message = f"{older} older root keys are kept; {left} data keys are still under one"
        remedy = "Run remit key rotate." if left else "Restart the workers, then: remit key rotate --retire"
        found.append(Finding("root key", "warning", message, remedy))
    found += await _left_behind(ground)
    if 0 < days < RECEIPTS_DAYS:
        message = f"content is destroyed after {days} days, what receipts say as well"
        remedy = (
            f"Many rules ask for {RECEIPTS_DAYS} days or more: retention.days, or a rule for single classes."
        )
        found.append(Finding("retention", "warning", message, remedy))
    said = "no deletion is open, and no older root key is kept"
    return found or [Finding("protection", "ok", said, "")]


async def _left_behind(ground: Ground) -> list[Finding]:
    """The file that a root key was moved away from: nobody reads it any more, except whoever finds it."""
    file = keeper_for(ground.workspace, KeyChoice(provider="file"), ground.database, ground.clock)
    if ground.keeper.place == file.place:
        return []
    try:
        lying = await file.read()
    except WrongKey:
        return []  # no key of ours
    if lying is None or lying.tag("") != ground.provider.tag(""):
        return []
    if lying.shares(ground.provider):
        message = f"{file.place} still opens everything, although {ground.keeper.place} is in use"
        remedy = (
            "Once every process takes it from there: remit key rotate, and --retire; then remove the file."
        )
        return [Finding("root key", "warning", message, remedy)]
    message = f"{file.place} was replaced and opens nothing here, but older backups do, and subjects are named by it"
    remedy = (
        "Remove the file; if backups from before are to be restored some day, keep it with them and not here."
    )
    return [Finding("root key", "warning", message, remedy)]
