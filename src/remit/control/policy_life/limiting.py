"""Changing budgets and rules of retention while the workspace works: in force from the next start of each process, or
proposed to a second person first where they are protected.
"""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

from remit.control.approving import proposals
from remit.control.authority import limits_in_force as limits
from remit.control.authority.duties import governed, require
from remit.control.policy_life.proposing import PolicyChange
from remit.domain.errors import InvalidInput, WrongState
from remit.domain.event import object_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.control.running.parts import Parts


async def propose(parts: Parts, written: Mapping[str, Any], name: str, *, unprotect: bool) -> PolicyChange:
    """Put what is written into force, or ask a second person to agree where it is protected."""
    ground = parts.ground
    if name not in written:
        raise InvalidInput(f'nothing here is called "{name}".', f"It is one of: rules, {', '.join(written)}.")
    await require(ground, "admin", name, f"change the {name}")
    content, now = written[name], await limits.in_force(ground, name)
    if now is None:
        raise WrongState(f"no {name} are in force yet.", "Start once: remit up")
    digest, protected = limits.digest_of(content), now.protected and not unprotect
    if (digest, protected) == (now.digest, now.protected):
        return PolicyChange(now.digest, digest, "unchanged", protected, "", ())
    limits.fits(name, content, ground.principal.team, ground.environment, parts.house.agents, parts.flows)
    lines = _difference(name, await limits.content_of(ground, now), content)
    if now.protected and await governed(ground):
        action = {
            "digest": digest, "from": now.digest, "protected": protected, "content": content, "changes": list(lines),
        }  # fmt: skip
        made = await proposals.propose(ground, proposals.Change(name, limits.PLACES[name], action))
        status = "proposed" if made.status == "open" else "in force"
        return PolicyChange(now.digest, digest, status, protected, made.id, lines)
    await limits.put_in_force(ground, name, content, now, protected=protected)
    return PolicyChange(now.digest, digest, "in force", protected, "", lines)


def _difference(name: str, before: Any, after: Any) -> tuple[str, ...]:
    """What changes, line by line."""
    place = limits.PLACES[name]
    old, new = _lines(before), _lines(after)
    return tuple(difflib.unified_diff(old, new, place, place, lineterm="", n=1))


def _lines(content: Any) -> list[str]:
    """Text as it is; else one line for each setting."""
    if isinstance(content, str):
        return content.splitlines()
    return [
        f"{section}.{key} = {json.dumps(value, ensure_ascii=False)}"
        for section, keys in sorted(object_of(content).items())
        for key, value in sorted(object_of(keys).items())
    ]
