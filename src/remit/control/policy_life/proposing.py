"""Changing rules while the workspace works: looked at first, then in force at once, or proposed to a second person."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.control.approving import proposals
from remit.control.authority.duties import governed, require
from remit.control.authority.policy_in_force import FOLDER, archive_of, is_held, put_in_force, refuse_lockout
from remit.control.policy_life import checking as policies
from remit.domain.action_errors import InvalidPolicy
from remit.domain.errors import WrongState
from remit.policy import checking
from remit.policy.authority import Authority
from remit.policy.loading import digest_of, read_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.control.ground.ground import Ground
    from remit.control.running.parts import Parts
    from remit.gate.standing.archive import InForce


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """What became of a wish to change the rules."""

    before: str
    digest: str
    status: str
    """`in force`, `proposed`, or `unchanged`."""
    protected: bool
    proposal: str
    changes: tuple[str, ...]
    """Line by line, as a difference."""


async def propose(parts: Parts, *, unprotect: bool = False) -> PolicyChange:
    """Put the rules in `policies/` into force, or ask a second person to agree where they are protected."""
    ground, gate = parts.ground, parts.house.gate.parts
    await require(ground, "change_policy", FOLDER, "change the rules")
    archive, files = archive_of(ground), read_files(ground.workspace / FOLDER)
    now = await archive.in_force()
    if now is None:
        raise WrongState("no rules are in force yet.", "Start once: remit up")
    before, digest = await archive.files(now.digest) or {}, digest_of(files)
    protected = now.protected and not unprotect
    if (digest, protected) == (now.digest, now.protected):
        return PolicyChange(now.digest, digest, "unchanged", protected, "", ())
    check(parts, files)
    await refuse_lockout(ground, Authority.of(files, gate.world()), gate.authority, protected=protected)
    lines = difference(before, files)
    if await is_held(ground, archive, now, files) or (unprotect and now.protected and await governed(ground)):
        await archive.keep(files, ground.clock.now())
        action = {"digest": digest, "from": now.digest, "protected": protected, "changes": list(lines)}
        made = await proposals.propose(ground, proposals.Change("policy", FOLDER, action))
        status = "proposed" if made.status == "open" else "in force"
        if status == "in force":
            await gate.standing.look()
        return PolicyChange(now.digest, digest, status, protected, made.id, lines)
    await put_in_force(ground, archive, files, now, protected=protected)
    await gate.standing.look()
    return PolicyChange(now.digest, digest, "in force", protected, "", lines)


def check(parts: Parts, files: Mapping[str, str]) -> None:
    """Refuse rules that contradict the golden decisions beside them."""
    gate, folder = parts.house.gate.parts, parts.ground.workspace / FOLDER
    del files  # they are those in the folder
    wrong = [
        each
        for each in checking.tried(
            folder, gate.world(), policies.examples(folder / "examples.yaml"), gate.environment
        )
        if each.problem
    ]
    if wrong:
        raise InvalidPolicy(
            f'policies/examples.yaml: "{wrong[0].example}" {wrong[0].problem}.',
            "Change the rule or the example: remit policy test",
        )


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """What changes, file by file and line by line."""
    lines: list[str] = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, "").splitlines(), after.get(name, "").splitlines()
        lines += difflib.unified_diff(old, new, name, name, lineterm="", n=1)
    return tuple(lines)


async def history(ground: Ground) -> InForce | None:
    """Which rules are in force now, since when and by whom."""
    return await archive_of(ground).in_force()
