"""What a client brings back of a call that was not finished: sealed under a key that all processes of the workspace
share, good for one request of one key, for a while, and once. The SDK's boundary seals and checks; this says for whom.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.shared.exceptions import MCPError

from remit.control.fronting.spending import spend
from remit.server.mcp.answers import INVALID
from remit.server.mcp.clients import CALLER
from remit.server.mcp.talks import SECONDS

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from remit.control.running.parts import Parts
    from remit.domain.fronting import Caller

_KEY = "mcp-state"


@dataclass(frozen=True, slots=True)
class State:
    """One unfinished call."""

    once: str
    """Spent by whoever brings it first."""
    talk: str = ""
    """The call that waits in the memory of a process."""
    upstream: str = ""
    """What a server that keeps nothing wants to have back."""
    run: str = ""
    """The exchange that waits for a person."""


async def boundary(parts: Parts) -> RequestStateBoundary:
    """What seals states on their way out, and opens them on their way in."""
    ground = parts.ground
    key = await ground.keys.secret_of(_KEY, ground.principal.team, ground.clock.now())
    security = RequestStateSecurity(
        keys=[key.hex()], ttl=SECONDS, bind_principal=_principal, audience=f"remit:{ground.principal.team}"
    )
    return RequestStateBoundary(security, default_audience=None)


def written(*, talk: str = "", upstream: str = "", run: str = "") -> str:
    """A state, to be sealed."""
    said = {"once": secrets.token_urlsafe(16), "talk": talk, "upstream": upstream, "run": run}
    return json.dumps({name: value for name, value in said.items() if value})


async def spent(parts: Parts, text: str) -> State:
    """The state that was brought, which nobody brings again."""
    state = State(**json.loads(text))
    if not await spend(parts, f"mcp-state:{state.once}"):
        raise MCPError(INVALID, "This requestState was used before.", {"reason": "spent_request_state"})
    return state


def _principal(context: ServerRequestContext[Any, Any]) -> str | None:
    request: Any = context.request
    caller: Caller = request.scope[CALLER]
    return f"{caller.team}|{caller.key}|{caller.principal}"
