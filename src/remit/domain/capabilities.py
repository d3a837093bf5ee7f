"""Capabilities: how far one agent lets another act for it, in writing. Nouns and arithmetic only; who signs one, and
what else has to allow an action, is not known here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from remit.domain.approvals import Bound, read_bound
from remit.domain.errors import InvalidInput, InvalidSetting

Json = Any
ANYBODY = "*"
"""The holder of what a whole run may do: its flow, and every agent that the flow asks."""
EVERYTHING: Mapping[str, str] = {"*": ""}
"""The tools of whoever may call any tool, as far as the rules go."""


@dataclass(frozen=True, slots=True)
class Caveat:
    """An argument of a tool has to stay within this."""

    tool: str
    bound: Bound

    def plain(self) -> list[Json]:
        """As JSON."""
        return [self.tool, self.bound.argument, self.bound.operator, self.bound.value]

    def __str__(self) -> str:
        return f"{self.tool}.{self.bound}"


@dataclass(frozen=True, slots=True)
class Terms:
    """How far an agent lets another act for it, at most: `Agent(…, terms={"clerk": Terms(calls=3)})`."""

    tools: tuple[str, ...] | None = None
    """Of the other's tools, these; None: all that both have."""
    arguments: tuple[str, ...] = ()
    """What arguments have to be: `refund.cents<=500`, `refund.order=o-1`."""
    calls: int | None = None
    """How often it may call a tool."""
    seconds: float | None = None
    """How long it may act."""

    def __post_init__(self) -> None:
        for name, value in (("calls", self.calls), ("seconds", self.seconds)):
            if value is not None and (isinstance(value, bool) or value <= 0):
                raise InvalidSetting(
                    f"terms with {name}={value!r} let nobody do anything; give a positive number."
                )
        self.caveats()

    def caveats(self) -> tuple[Caveat, ...]:
        """What stands in `arguments`, read."""
        return tuple(_caveat(text) for text in self.arguments)


@dataclass(frozen=True, slots=True)
class Capability:
    """What its holder may do in one run, on behalf of whoever let it."""

    run: str
    holder: str
    """The agent that may act, or `*` for all of a run."""
    agent: str
    """What that agent, or the flow of that run, is, by digest."""
    tools: Mapping[str, str]
    """Tools by name, each in exactly this definition; `*` is every tool, and an empty definition whichever it is."""
    expires: int
    parent: str = ""
    """The capability that it was made from, by digest; empty: its giver acts by the rules alone."""
    calls: int | None = None
    budget: Mapping[str, int] = field(default_factory=dict[str, int])
    caveats: tuple[Caveat, ...] = ()

    def plain(self) -> dict[str, Json]:
        """As JSON: what is signed, and what stands in the log."""
        return {
            "run": self.run, "holder": self.holder, "agent": self.agent, "tools": dict(sorted(self.tools.items())),
            "expires": self.expires, "parent": self.parent, "calls": self.calls,
            "budget": dict(sorted(self.budget.items())), "caveats": [each.plain() for each in self.caveats],
        }  # fmt: skip

    @property
    def text(self) -> bytes:
        """Exactly what is signed."""
        return json.dumps(self.plain(), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @property
    def digest(self) -> str:
        """The name of exactly this capability."""
        return hashlib.sha256(self.text).hexdigest()

    @classmethod
    def of(cls, plain: Mapping[str, Json]) -> Capability:
        """Out of the log."""
        caveats = tuple(
            Caveat(tool, Bound(name, operator, value)) for tool, name, operator, value in plain["caveats"]
        )
        return cls(
            plain["run"], plain["holder"], plain["agent"], plain["tools"], plain["expires"], plain["parent"],
            plain["calls"], plain["budget"], caveats,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signed:
    """A capability, with the signature under it."""

    capability: Capability
    digest: str
    signature: str
    """Ed25519, as hexadecimal."""

    def plain(self) -> dict[str, Json]:
        """As it stands in the log."""
        return {**self.capability.plain(), "signature": self.signature}

    @classmethod
    def of(cls, plain: Mapping[str, Json]) -> Signed:
        """Out of the log."""
        capability = Capability.of(plain)
        return cls(capability, capability.digest, plain["signature"])


def _caveat(text: str) -> Caveat:
    bound = read_bound(text)
    tool, _, argument = bound.argument.partition(".")
    if not tool or not argument:
        raise InvalidInput(
            f'"{text}" does not say of which tool it bounds an argument.', 'Such as "refund.cents<=500".'
        )
    return Caveat(tool, Bound(argument, bound.operator, bound.value))
