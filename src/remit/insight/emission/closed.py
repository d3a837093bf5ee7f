"""A span that is over, with what is known of the run it belongs to, as the tables of insight have it; and the ids under
which it is known outside, the same each time it is told. Numbers and names only: content never comes here.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple


class ClosedSpan(NamedTuple):
    """A row of the queries `emission.run` and `emission.spans`, in their order.

    Times are microseconds, money is millionths of a dollar.
    """

    n: int
    """Its number among all spans; 0 is the run itself."""
    trace: str
    id: str
    parent: str
    kind: str
    name: str
    started: int
    ended: int
    status: str
    error: str
    team: str
    agent: str
    requested: str
    served: str
    provider: str
    route: str
    input: int
    cached: int
    cache_written: int
    output: int
    reasoning: int
    cost: int
    queued: int
    first_token: int
    human: int
    prompt: str
    release: str
    retries: int
    cache: str
    decision: str
    effect: str
    score: int | None
    flow: str
    session: str
    principal: str
    purpose: str
    environment: str
    simulated: int
    model_calls: int = 0
    """Of an agent: how often it asked a model, and used a tool, itself."""
    tool_calls: int = 0

    @property
    def sent(self) -> int:
        """Every token that went to the model."""
        return self.input + self.cached + self.cache_written

    @property
    def made(self) -> int:
        """Every token that came from it."""
        return self.output + self.reasoning

    @property
    def failure(self) -> str:
        """The code of what went wrong; empty if nothing did."""
        return "" if self.status == "ok" else self.error or self.status

    @property
    def is_root(self) -> bool:
        """Whether it stands for the run itself."""
        return not self.id


def trace_id(run: str) -> bytes:
    """The id of a run as a trace."""
    return sha256(b"remit trace\0" + run.encode()).digest()[:16]


def span_id(run: str, path: str) -> bytes:
    """The id of a step of a run as a span; the empty path is the run's own."""
    return sha256(b"remit span\0" + run.encode() + b"\0" + path.encode()).digest()[:8]
