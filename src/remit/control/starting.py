"""Starting runs: which flow is meant, whether the input fits, and the commit that makes it durable."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from remit.control.handle import RunHandle
from remit.domain.errors import InvalidInput, NotEncodable, UnknownFlow
from remit.domain.ids import new_run_id
from remit.engine.birth import DEFAULT_PRIORITY, Birth
from remit.engine.flow import Flow
from remit.store.database import Commit

if TYPE_CHECKING:
    from remit.control.parts import Parts


async def submit(
    parts: Parts, flow: Flow | str, given: dict[str, object], *,
    subject: str = "", session: str = "", priority: int = DEFAULT_PRIORITY, at: int | None = None,
) -> RunHandle:  # fmt: skip
    """Create a run; a worker of this process starts it at once if there is room."""
    chosen = flow_named(parts, flow)
    try:
        accepted = chosen.accept(given)
    except NotEncodable as wrong:
        raise InvalidInput(
            f"the input of {chosen.name} cannot be journaled: {wrong.message}", wrong.hint
        ) from None
    ground = parts.ground
    birth = Birth(
        new_run_id(ground.clock.now()), ground.principal.team, chosen, accepted, ground.principal.id,
        subject=subject, session=session, priority=priority, due=at,
    )  # fmt: skip
    if parts.worker is not None:
        await parts.worker.begin(birth)
    else:
        born = birth.prepare(ground.keys, ground.clock.now())
        await ground.database.submit(Commit(born.events, born.blobs, born.ops))
        parts.dispatcher.submit(birth.id)
    return RunHandle(parts, birth.id, chosen)


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
