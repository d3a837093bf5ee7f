"""How much a contract puts at stake: what cannot be undone, and what the request leaves open. Pure, and the same for
the same contract; it decides nothing but whether somebody looks at the contract before it holds.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from remit.domain.contracts import AllOf, AnyOf, Literal, Range, Selector, plain_binding
from remit.domain.tools import Undo
from remit.policy.provenance.telling import said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.domain.contracts import Binding, Contract, Slot
    from remit.domain.tools import ToolManifest


class Level(IntEnum):
    """What is at stake, least first."""

    NOTHING = 0
    """Nothing acts."""
    LOW = 1
    """What is done can be undone, and the request says exactly what it is."""
    MEDIUM = 2
    """Either it cannot be undone, or something is left open."""
    HIGH = 3
    """It cannot be undone, and something is left open."""


LEVELS = tuple(level.name.lower() for level in Level)[:-1]
"""What a contract can be above."""


class Risk(NamedTuple):
    """The level, and why."""

    level: Level
    why: tuple[str, ...] = ()


def risk_of(contract: Contract, manifests: Mapping[str, ToolManifest]) -> Risk:
    """What a contract puts at stake: that of its most daring slot."""
    worst, why = Level.NOTHING, dict[str, None]()
    for slot in contract.slots:
        level, because = _risk(slot, manifests.get(slot.tool))
        worst = max(worst, level)
        why |= dict.fromkeys(because)
    return Risk(worst, tuple(why))


def is_above(risk: Risk, threshold: str) -> bool:
    """Whether somebody has to look at it; an empty threshold is above everything."""
    return bool(threshold) and risk.level > LEVELS.index(threshold)


def _risk(slot: Slot, manifest: ToolManifest | None) -> tuple[Level, list[str]]:
    """A tool that nobody knows cannot be undone; a look at an address of the user's own changes nothing."""
    if manifest is not None and not manifest.effect.acts:
        return Level.NOTHING, []
    why: list[str] = []
    final = manifest is None or manifest.undo is Undo.NONE
    if final:
        why.append(f"{slot.tool} cannot be undone")
    loose = [
        f"{slot.tool}: {name} is {said(plain_binding(each))}"
        for name, each in slot.arguments.items()
        if not _is_exact(each)
    ]
    if slot.times > 1:
        loose.append(f"{slot.tool} may be called {slot.times} times")
    why += loose
    return Level(1 + final + bool(loose)), why


def _is_exact(binding: Binding) -> bool:
    """Whether the request leaves no choice: its own value, what the runtime picks, or a range with both ends."""
    match binding:
        case Literal() | Selector():
            return True
        case Range():
            return bool(binding.choices) or (binding.least is not None and binding.most is not None)
        case AllOf():
            return any(_is_exact(each) for each in binding.bindings)
        case AnyOf():
            return all(_is_exact(each) for each in binding.bindings)
        case _:
            return False
