"""A contract: what a run may do, fixed before it reads anything that somebody else may have written.

A contract has slots: so many calls of this tool, each argument bound to where its value may come from. A template
is what an author or operator declares; the request of the user makes a contract out of it. Data only: who makes one
stands in `policy.provenance.compiler`, who holds calls against it in `policy.provenance.checking`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, cast

Json = Any

# --- where the value of an argument may come from ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Literal:
    """Exactly one of these values, which the user or the author wrote; theirs is what is sent."""

    values: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Ref:
    """A member of a directory that the run has looked into: `crm.id`, `crm` for any field of it, `*` for any."""

    directory: str = "*"
    named_first: bool = False
    """Whether no other member will do where the request names one."""


@dataclass(frozen=True, slots=True)
class Selector:
    """What the runtime picks out of recorded rows: `largest`, `smallest`, `latest`, `earliest`, `all`, `count`."""

    how: str
    directory: str = "*"
    by: str = ""
    """The field that is compared; empty: the only one that can be."""
    gives: str = ""
    """The field whose value is used; empty: the one that is a reference."""


@dataclass(frozen=True, slots=True)
class Range:
    """A number, date, time, boolean or choice from anywhere, as long as it lies in here."""

    least: Json = None
    most: Json = None
    choices: tuple[Json, ...] = ()
    kind: str = ""
    """`number`, `date`, `time`, `boolean`; empty: any of them."""


@dataclass(frozen=True, slots=True)
class Words:
    """A short text made of nothing but the user's words, references and typed values."""


@dataclass(frozen=True, slots=True)
class Content:
    """Any text: it may say anything, to the recipients of its call; addresses in it are the user's or references."""

    most: int | None = None
    """Characters."""
    release: bool = True
    """Whether what the team may read may be told to these recipients; what fewer may read is never released."""


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Any of these."""

    bindings: tuple[Binding, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """What an author allows and what an operator allows."""

    bindings: tuple[Binding, ...]


Binding = Literal | Ref | Selector | Range | Words | Content | AnyOf | AllOf

# --- what a template may say beside ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FromText:
    """A value of this kind out of the user's own words: `email`, `iban`, `url`, `path`, `id`, `name`, `number` …"""

    kind: str


@dataclass(frozen=True, slots=True)
class Given:
    """What the run was started with, by the name of the parameter; dots lead into objects."""

    name: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """Any of these, one of which comes out of the request."""

    allowed: tuple[Allowance, ...]


Allowance = Binding | FromText | Given | OneOf


@dataclass(frozen=True, slots=True)
class AllowedCall:
    """Calls of one tool that a template allows; arguments that are not named are bound by their role."""

    tool: str
    times: int | None = None
    """At most so many; None: as many as the request asks for, or one."""
    arguments: dict[str, Allowance] = field(default_factory=dict[str, "Allowance"])
    handle: Any = field(default=None, repr=False, compare=False)
    """The tool itself where the author named it so: it may stand nowhere else in the workspace."""


ON_VIOLATION = ("", "ask", "deny")


@dataclass(frozen=True, slots=True)
class ContractTemplate:
    """What an author or an operator allows at most, for every run."""

    calls: tuple[AllowedCall, ...] | None = None
    """None: every tool that is given, as far as the request asks for it."""
    reads: tuple[str, ...] | None = None
    """Data classes and systems of record that may be read, `*`: all; None: those that the request speaks of, if it is
    what narrows, else none that has a class."""
    sinks: tuple[str, ...] = ()
    """Where data may go at most: `*@example.com`, `*.example.com`; none at all: wherever the bindings allow."""
    narrowed: bool | None = None
    """Whether only what the request asks for is allowed; None: yes, if calls are not listed."""
    on_violation: str = ""
    """`ask` a person or `deny`; empty: ask if a person started the run, deny if a schedule or a service did."""
    asks: str = "owner"
    """The group of people that is asked."""
    untrusted: tuple[str, ...] = ()
    """Parameters of the flow that hold what somebody else wrote: nothing in them counts as the user's word."""

    @property
    def narrows(self) -> bool:
        """Whether only what the request asks for is allowed."""
        return self.calls is None if self.narrowed is None else self.narrowed


# --- the contract itself --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slot:
    """So many calls of one tool."""

    tool: str
    times: int
    arguments: dict[str, Binding] = field(default_factory=dict[str, "Binding"])
    """What is not named here has to be left out, or to be what the tool takes when it is left out."""
    distinct: bool = False
    """Whether no two of the calls may be for the same protected arguments."""
    why: str = ""
    """The words of the request that it was made for, or where it is declared."""


@dataclass(frozen=True)
class Contract:
    """What one run may do."""

    slots: tuple[Slot, ...] = ()
    reads: tuple[str, ...] = ("*",)
    sinks: tuple[tuple[str, ...], ...] = ()
    """Where data may go at most: one of each of these lists has to fit."""
    literals: tuple[Json, ...] = ()
    """Every value that the user wrote, trusted as the argument of a search and as an address in a text."""
    words: frozenset[str] = frozenset()
    """The user's words, for searches."""
    on_violation: str = ""
    asks: str = "owner"

    @cached_property
    def digest(self) -> str:
        """The name of exactly this contract."""
        text = json.dumps(self.plain(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def by_tool(self) -> dict[str, tuple[int, ...]]:
        """The numbers of the slots of each tool."""
        found: dict[str, tuple[int, ...]] = {}
        for number, slot in enumerate(self.slots):
            found[slot.tool] = (*found.get(slot.tool, ()), number)
        return found

    def plain(self) -> dict[str, Json]:
        """As JSON, for the log."""
        return {
            "slots": [
                {
                    "tool": slot.tool, "times": slot.times, "distinct": slot.distinct, "why": slot.why,
                    "arguments": {name: plain_binding(each) for name, each in slot.arguments.items()},
                }
                for slot in self.slots
            ],
            "reads": list(self.reads), "sinks": [list(each) for each in self.sinks], "literals": list(self.literals),
            "words": sorted(self.words), "on_violation": self.on_violation, "asks": self.asks,
        }  # fmt: skip

    @classmethod
    def of(cls, plain: dict[str, Json]) -> Contract:
        """Out of the log."""
        slots = tuple(
            Slot(
                each["tool"], each["times"], {n: binding_of(b) for n, b in each["arguments"].items()},
                each["distinct"], each["why"],
            )
            for each in plain["slots"]
        )  # fmt: skip
        return cls(
            slots, tuple(plain["reads"]), tuple(tuple(each) for each in plain["sinks"]), tuple(plain["literals"]),
            frozenset(plain["words"]),
            plain["on_violation"], plain["asks"],
        )  # fmt: skip


def plain_binding(binding: Binding) -> dict[str, Json]:
    """A binding as JSON."""
    kind = type(binding).__name__
    if isinstance(binding, AnyOf | AllOf):
        return {"is": kind, "bindings": [plain_binding(each) for each in binding.bindings]}
    return {"is": kind, **asdict(binding)}


def binding_of(plain: dict[str, Json]) -> Binding:
    """A binding out of JSON."""
    given: dict[str, Any] = {
        name: tuple(cast("list[Any]", each)) if isinstance(each, list) else each
        for name, each in plain.items()
        if name != "is"
    }
    kind = _BINDINGS[plain["is"]]
    if "bindings" in given:
        given["bindings"] = tuple(binding_of(each) for each in given["bindings"])
    return kind(**given)


_BINDINGS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Literal, Ref, Selector, Range, Words, Content, AnyOf, AllOf)
}
