"""A route: a named choice among models under constraints; and what one request needs of whichever is chosen. Data
only: `models.constraints` says who may serve, `models.router` who does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from remit.models.bounds import TYPICAL_BYTES_PER_TOKEN, weigh, weigh_tools

if TYPE_CHECKING:
    from remit.models.bounds import Weight
    from remit.wire.messages import ModelRequest

Unpriced = Literal["refuse", "allow"]
Preference = Literal["cost", "latency", "order"]
UNPRICED: tuple[Unpriced, ...] = ("refuse", "allow")
PREFERENCES: tuple[Preference, ...] = ("cost", "latency", "order")


@dataclass(frozen=True, slots=True)
class PriceCap:
    """The most that a model of a route may cost, in micro-dollars per million tokens."""

    input: int | None = None
    output: int | None = None


@dataclass(frozen=True)
class Route:
    """A named choice among models."""

    name: str
    models: tuple[str, ...]
    """Equally good for what the route is for; which of them serves is a matter of cost and speed."""
    fallbacks: tuple[str, ...] = ()
    """Asked in this order when all of `models` failed. Constraints hold for them too."""
    residency: frozenset[str] = frozenset()
    """Where data may go; empty: anywhere."""
    retention: int | None = None
    """The most days that a provider may keep it; None: any."""
    data_classes: frozenset[str] | None = None
    """The classes of data that may travel here; None: any."""
    require: frozenset[str] = frozenset()
    """Capabilities that every model must have, whatever the request needs."""
    cap: PriceCap = PriceCap()
    unpriced: Unpriced = "refuse"
    suite: str = ""
    """The suite in which a model must have reached `least_score`."""
    least_score: float = 0.0
    approved_only: bool = False
    """Only models that somebody approved, not all that nobody banned."""
    prefer: Preference = "cost"
    cache_seconds: int = 0
    """For how long an answer may be given again to whoever asks the very same; 0: never."""
    hedge: bool = False
    """Whether a slow first model may be asked beside a second one."""

    @cached_property
    def candidates(self) -> tuple[str, ...]:
        """Everyone who may be asked, once, the fallbacks last."""
        return tuple(dict.fromkeys((*self.models, *self.fallbacks)))


class Need(Struct, frozen=True, gc=False):
    """What one request needs of a model."""

    capabilities: frozenset[str] = frozenset()
    prompt: int = 0
    """About how many tokens are sent."""
    answer: int = 400
    """About how many will come back."""
    max_tokens: int | None = None
    """How many may come back at most; None: whatever the model gives."""
    data_class: str = ""
    """The class of what is sent; empty: unknown."""
    session: str = ""
    """What stays together: calls of one session share a growing prefix."""
    prefix: str = ""
    """A name for the part of the prompt that other sessions send too: system prompt and tools."""
    prefix_tokens: int = 0
    key: str = ""
    """Names this very call: where chance decides, this is the dice."""


def need_of(
    request: ModelRequest,
    weight: Weight | None = None,
    *,
    session: str = "",
    data_class: str = "",
    key: str = "",
) -> Need:
    """What a request needs."""
    weight = weigh(request) if weight is None else weight
    prefix, prefix_tokens = _prefix(request)
    return Need(
        capabilities=_capabilities(request, weight),
        prompt=weight.estimate,
        answer=min(request.max_tokens or 400, 400),
        max_tokens=request.max_tokens,
        data_class=data_class,
        session=session,
        prefix=prefix,
        prefix_tokens=prefix_tokens,
        key=key,
    )


def _capabilities(request: ModelRequest, weight: Weight) -> frozenset[str]:
    """Streaming is not among them: who does not stream is asked for the whole answer, and that is handed on. Nor is
    a schema: where the provider does not hold the answer to it, the agent does.
    """
    found = weight.kinds
    if request.tools:
        found = _TOOLS | found if found else _TOOLS
    return found | {"parallel_tools"} if request.parallel_tools else found


_TOOLS = frozenset({"tools"})


def _prefix(request: ModelRequest) -> tuple[str, int]:
    """What an agent sends every time: its system messages and its tools."""
    said: list[str] = []
    for message in request.messages:
        if message.role != "system":
            break
        said.append(message.text)
    system = "\n".join(said)
    if not system and not request.tools:
        return "", 0
    tools = weigh_tools(request.tools)
    return _named(system, tools.digest, tools.text)


@lru_cache(maxsize=1024)
def _named(system: str, tools: str, tools_text: int) -> tuple[str, int]:
    """A name for a prefix and its tokens; every call of an agent has the same one."""
    said = system.encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(said + tools.encode(), digest_size=12)
    return digest.hexdigest(), (len(said) + tools_text) // TYPICAL_BYTES_PER_TOKEN
