"""Starting runs: which flow is meant, whether the input fits, and the commit that makes it durable."""

from __future__ import annotations

import difflib
import gc
import logging
from functools import cache
from typing import TYPE_CHECKING, Any

from remit.agents.attaching import holds_secret
from remit.control.running.assigning import Request
from remit.control.running.containing import check_start
from remit.control.running.handle import RunHandle
from remit.domain.clock import LONGEST_SECONDS, MICROSECONDS
from remit.domain.errors import BadWorkspace, InvalidInput, UnknownFlow
from remit.domain.ids import new_run_id
from remit.engine.birth import DEFAULT_PRIORITY, Birth
from remit.engine.flow import Flow
from remit.store.database import Commit
from remit.wire import canonical
from remit.wire.attachment import attached_size, check_size, rewritten

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.control.running.parts import Parts
    from remit.store.database import Op

_logger = logging.getLogger("remit.workspace")


async def submit(
    parts: Parts, flow: Flow | str, given: dict[str, object], *,
    subject: str = "", session: str = "", priority: int = DEFAULT_PRIORITY, at: int | None = None, origin: str = "",
    beside: Callable[[str], tuple[Op, ...]] | None = None, release: str = "",
) -> RunHandle:  # fmt: skip
    """Create a run; a worker of this process starts it at once if there is room. `release` names one, or a channel;
    without it the channels say where the run goes.
    """
    chosen = flow_named(parts, flow)
    accepted = accept(chosen, given)
    check_size(chosen.name, attached_size(accepted), parts.services.limits.result_bytes)
    vault = parts.house.gate.parts.vault
    given_size = attached_size(accepted := rewritten(accepted, vault.redact))
    accepted = vault.redact(accepted)  # a secret has no place in the log
    if attached_size(accepted) != given_size:
        raise holds_secret(f"what is attached to {chosen.name}")
    canonical.accept([subject, session], "the subject or the session")
    ground = parts.ground
    await check_start(parts, chosen)
    _check_time(at, ground.clock.now())
    identity = new_run_id(ground.clock.now())
    bound = await parts.switch.bound(
        parts.services, parts.worker, release, Request(identity, chosen.name, session, subject, accepted)
    )
    birth = Birth(
        identity, ground.principal.team, chosen, accepted, ground.principal.id,
        subject=subject, session=session, priority=priority, due=at, origin=origin, policy=bound.policy,
        beside=beside(identity) if beside is not None else (), release=bound.release, channel=bound.channel,
    )  # fmt: skip
    if parts.worker is not None:
        await parts.worker.begin(birth)
    else:
        born = birth.prepare(ground.keys, ground.clock.now())
        await ground.database.submit(Commit(born.events, born.blobs, born.ops))
        parts.dispatcher.submit(birth.id)
    return RunHandle(parts, birth.id, chosen)


def check_agents(parts: Parts) -> None:
    """Refuse to work with agents that no ask could ever succeed with; what may come back by itself is only said."""
    for defect in parts.house.check():
        place = defect.place.removeprefix(f"{parts.ground.workspace}/")
        sentence = f"{place}: agent {defect.agent}: {defect.message}"
        if defect.sure:
            hint = f"{defect.hint} Everything that is wrong here: remit check".strip()
            raise BadWorkspace(sentence, hint)
        _logger.warning("%s", sentence)
    for name in parts.house.missing:
        _logger.warning(
            'the secret "%s" is not there, or too short to be one; who names it: remit check', name
        )


def accept(flow: Flow, given: dict[str, object]) -> dict[str, Any]:
    """The input of a run as the log holds it, or one sentence on why it does not fit."""
    inner = sorted(flow.internal & given.keys())
    if inner:
        raise InvalidInput(f'{flow.name} has no parameter "{inner[0]}"; it takes {flow.parameters_text()}.')
    return flow.accept(canonical.accept(given, f"the input of {flow.name}"))


def flow_named(parts: Parts, flow: Flow | str) -> Flow:
    """The flow that is meant, or an error with the nearest name."""
    name = flow if isinstance(flow, str) else flow.name
    found = parts.flows.get(name)
    if found is not None and (isinstance(flow, str) or found is flow):
        return found
    near = difflib.get_close_matches(name, parts.flows, n=1)
    known = ", ".join(sorted(parts.flows)) or "none"
    raise UnknownFlow(
        f'this workspace has no flow "{name}".',
        f'Did you mean "{near[0]}"?' if near else f"It has: {known}.",
    )


def _check_time(at: int | None, now: int) -> None:
    if at is not None and not 0 <= at <= now + LONGEST_SECONDS * MICROSECONDS:
        raise InvalidInput(
            "the run is to start at a time that never comes.",
            "Give microseconds since 1970, within 100 years.",
        )


@cache
def set_aside() -> None:
    """Spare the collector of cycles what was loaded by now, once in a process: it stays to the end, and would be
    looked at again and again. So would what is under way, if it looked as often as it does by itself.
    """
    gc.freeze()
    young, *older = gc.get_threshold()
    if young:  # nobody has switched it off
        gc.set_threshold(max(young, _YOUNG), *older)


_YOUNG = 25_000
"""How many more objects there are before it looks at new ones: several times those of fifty actions under way."""
