"""The schema that rules are held against: the built-in vocabulary, and the arguments of the tools of this workspace.

A rule that names one tool sees exactly that tool's arguments. A rule that may match several sees those that mean the
same in all of them, each optional; a name that is a number here and a text there can be used only where one tool is
named, because a guard on it would otherwise look right and never hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from importlib.resources import files

import cedarpy
from cedarpy import pst

from remit.domain.tools import ToolManifest
from remit.policy.arguments import Argument, Kind, arguments_of
from remit.policy.expressions import floor_of

ACTIONS: dict[str, tuple[str, ...]] = {
    "call": ("Tool",),
    "list": ("Tool",),
    "undo": ("Tool", "Run"),
    "model": ("Model",),
    "memory": ("Memory",),
    "delegate": ("Agent",),
    "egress": ("Host",),
    "advise": ("LocalTool",),
    "approve": ("Approval",),
    "change_policy": ("Policy",),
    "admin": ("Area",),
}
"""Every action, and the types of what it acts on."""

DUTIES = frozenset({"approve", "change_policy", "admin"})
"""What people do themselves, rather than agents on their behalf."""

AREAS = (
    "people", "keys", "grants", "tools", "budgets", "halts", "canaries", "retention", "evidence", "labels", "quality",
    "releases"
)  # fmt: skip
"""What can be administered."""

OF_ACTIONS: dict[str, dict[str, Kind]] = {
    "memory": {"operation": Kind.TEXT},
    "advise": {"arguments": Kind.TEXT},
}
"""What the context of an action has beside the environment, other than the arguments of a call."""

WORDS: dict[str, frozenset[str]] = {
    "effect": frozenset({"read", "write", "irreversible"}),
    "tier": frozenset({"none", "process", "namespace", "wasm", "vm"}),
    "scope": frozenset({"run", "user", "agent", "team"}),
    "operation": frozenset({"remember", "recall", "forget"}),
    "kind": frozenset({"approval", "human", "unknown", "write", "proposal"}),
}
"""Attributes of the vocabulary that can only be one of a few words."""

ENVIRONMENTS = ("dev", "stage", "prod")
_PLACE = "    // the arguments of the tool stand here\n"
_REMEMBERED = 256


@dataclass(frozen=True)
class Vocabulary:
    """What a rule can say about the call of a tool, or of any of several."""

    arguments: Mapping[str, Argument]
    hidden: Mapping[str, str]
    """Names that cannot be used here, and why."""

    @cached_property
    def text(self) -> str:
        """The schema that rules are validated against."""
        return _base().replace(_PLACE, "".join(map(_declared, self.arguments.values())))

    @cached_property
    def schema(self) -> cedarpy.Schema:
        """The same, read by Cedar."""
        return _read(self.text)

    @property
    def fractions(self) -> frozenset[str]:
        """The arguments that are carried rounded."""
        return frozenset(each.name for each in self.arguments.values() if each.kind is Kind.FRACTION)

    def evaluation(self, fractions: Iterable[str]) -> cedarpy.Schema:
        """The schema that requests are validated against: only what is read is carried, so everything is optional."""
        optional = {each.name: replace(each, present=False) for each in self.arguments.values()}
        for name in sorted(fractions):
            if name in optional:
                optional[floor_of(name)] = replace(optional[name], name=floor_of(name))
        text = _base().replace("environment: Environment", "environment?: Environment")
        for own in ("operation", "arguments"):
            text = text.replace(f"    {own}: String", f"    {own}?: String")
        return _read(text.replace(_PLACE, "".join(map(_declared, optional.values()))))


def vocabulary_of(manifest: ToolManifest) -> Vocabulary:
    """What rules about exactly this tool can say."""
    arguments, hidden = arguments_of(manifest)
    return Vocabulary(arguments, dict.fromkeys(hidden, f"its type in {manifest.name} has no place in rules"))


def shared_vocabulary(tools: Mapping[str, ToolManifest]) -> Vocabulary:
    """What rules that may match any of these tools can say."""
    found: dict[str, Argument] = {}
    hidden: dict[str, str] = {}
    owner: dict[str, str] = {}
    for tool, manifest in sorted(tools.items()):
        arguments, unseen = arguments_of(manifest)
        for name in unseen:
            hidden[name] = f"its type in {tool} has no place in rules; name the tools that you mean"
        for name, argument in arguments.items():
            first = found.setdefault(name, replace(argument, present=False, default=None))
            owner.setdefault(name, tool)
            both = _kind_of_both(first.kind, argument.kind)
            if both is None:
                hidden[name] = (
                    f"it is {first.kind.cedar} in {owner[name]} and {argument.kind.cedar} in {tool}; "
                    "name the tool that you mean"
                )
            else:
                found[name] = replace(first, kind=both, choices=_choices_of_both(first, argument))
    return Vocabulary({name: each for name, each in found.items() if name not in hidden}, hidden)


def statement_named(schema: cedarpy.Schema, statement: pst.Template) -> list[str]:
    """What Cedar's validator says of one rule."""
    alone = pst.PolicySet({}, {"policy0": replace(statement, id="policy0")}, ())
    text = str(cedarpy.PolicySet.from_pst(alone))
    found = cedarpy.validate_policies(text, schema)  # pyright: ignore[reportUnknownMemberType]
    return [each.error for each in found.errors]


def _kind_of_both(one: Kind, other: Kind) -> Kind | None:
    if one is other:
        return one
    return Kind.FRACTION if {one, other} == {Kind.LONG, Kind.FRACTION} else None


def _choices_of_both(one: Argument, other: Argument) -> tuple[str, ...]:
    """The words that occur in either; none if one of the two takes any text."""
    if not one.choices or not other.choices:
        return ()
    return tuple(dict.fromkeys((*one.choices, *other.choices)))


def _declared(argument: Argument) -> str:
    quoted = argument.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'    "{quoted}"{"" if argument.present else "?"}: {argument.kind.cedar},\n'


@lru_cache(_REMEMBERED)
def _read(text: str) -> cedarpy.Schema:
    """Cedar's reading of a schema takes milliseconds, and every tool of one shape has the same."""
    return cedarpy.Schema.from_str(text)


@cache
def _base() -> str:
    return files("remit.policy").joinpath("schema.cedarschema").read_text("utf-8")
