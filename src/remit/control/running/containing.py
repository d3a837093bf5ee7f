"""Containment plugged in: what the settings say of halts, breakers and held effects, and the watch of a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.domain.errors import BadInput, InvalidSetting
from remit.domain.halt_errors import Halted
from remit.domain.halts import REFUSES, Concern, HaltMode
from remit.domain.tasks import behind
from remit.engine.pin import pin_of
from remit.engine.step import seconds
from remit.policy.containment.breakers import BreakerLimits

if TYPE_CHECKING:
    from remit.control.running.parts import Parts
    from remit.engine.flow import Flow
    from remit.gate.containment.outbox import Outbox

_IN_PROD = "10m"
_ACTIONS = {"quarantine": HaltMode.QUARANTINE, "halt": HaltMode.HALT}


@dataclass(frozen=True, slots=True)
class Containment:
    """What a workspace chose."""

    age: float
    """How old what is known of halts may be, in seconds."""
    limits: BreakerLimits
    action: str
    cool_down: float
    window: str
    """How long what cannot be undone is held back; empty: by the environment."""
    tools: tuple[str, ...]
    environment: str


def contain(parts: Parts, chosen: Containment) -> None:
    """Hold what acts here to that."""
    gate = parts.house.gate.parts
    gate.halts.limit(chosen.age)
    if chosen.action != "off":
        gate.fuses.arm(chosen.limits, action_of(chosen.action), chosen.cool_down)
    hold_back(gate.outbox, chosen.window, chosen.tools, chosen.environment)


def hold_back(outbox: Outbox, window: str, tools: tuple[str, ...], environment: str) -> None:
    """Say how long calls are held back here."""
    outbox.seconds, by_tool = holds_of(window, tools, environment)
    outbox.tools.update(by_tool)


def holds_of(window: str, tools: tuple[str, ...], environment: str) -> tuple[float, dict[str, float]]:
    """For how long what cannot be undone is held back, and calls of single tools, in seconds."""
    usual = _IN_PROD if environment == "prod" else "0"
    by_tool: dict[str, float] = {}
    for each in tools:
        name, _, text = each.partition("=")
        by_tool[name.strip()] = _seconds(text.strip(), f"outbox.tools: {each}")
    return _seconds(window or usual, "outbox.window"), by_tool


def action_of(named: str) -> HaltMode:
    """What a breaker does to an agent, where it does anything."""
    if named not in _ACTIONS:
        raise InvalidSetting(f'breakers.action is "{named}".', 'Say "quarantine", "halt" or "off".')
    return _ACTIONS[named]


async def watch(parts: Parts) -> None:
    """Know what is halted from now on, before any run is taken up."""
    board = parts.house.gate.parts.halts

    def changed() -> None:
        if parts.worker is not None:
            parts.worker.heed_halts()

    board.changed = changed
    await board.start()


async def check_start(parts: Parts, flow: Flow) -> None:
    """Refuse to start what is halted."""
    board, who = parts.house.gate.parts.halts, parts.ground.principal
    if board.stale():
        await board.require()
    halt = (
        board.covering(Concern(who.team, "", pin_of(flow), behind(flow.name), who.id)) if board.any else None
    )
    if halt is not None and halt.scope not in REFUSES:
        raise Halted(f"{flow.name} does not start: {halt.sentence}.", f"Lift it: remit lift {halt.id}")


def _seconds(text: str, place: str) -> float:
    try:
        return 0.0 if text == "0" else seconds(text)
    except BadInput:
        raise InvalidSetting(f'{place} is "{text}"; it takes a time.', "Such as 10m, 1h or 0.") from None
