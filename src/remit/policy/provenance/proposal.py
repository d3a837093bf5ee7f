"""What a model proposes for a contract: which of the tools a request asks for, how often, with which of its own values.

A proposal is words of a model that saw the request and nothing else. It chooses, and it grants nothing: tools are those
of the template, values those of the request, and whatever else it says is left out. Reading it is pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remit.domain.errors import InvalidInput
from remit.domain.event import object_of
from remit.policy.provenance.intents import opens_addresses
from remit.policy.provenance.request import read_request
from remit.policy.provenance.roles import is_consequential, role_or_guess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.domain.contracts import ContractTemplate
    from remit.domain.tools import ToolManifest

Json = Any

MOST = 40
"""Calls that a proposal may have."""
_OWN = ("python", "builtin")
_WITHHELD = "[…]"


@dataclass(frozen=True, slots=True)
class ProposedCall:
    """So many calls of a tool, with these values of the request."""

    tool: str
    times: int = 1
    values: Mapping[str, Json] = field(default_factory=dict[str, "Json"])


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a model makes of a request."""

    calls: tuple[ProposedCall, ...] = ()
    reads: tuple[str, ...] = ()
    """Classes of data that have to be read for it."""
    by: str = ""
    """The model, for people."""


def proposable(template: ContractTemplate, manifests: Mapping[str, ToolManifest]) -> list[str]:
    """The tools among which a proposal can choose; none if the template leaves nothing open."""
    if not template.narrows:
        return []
    listed = None if template.calls is None else {call.tool for call in template.calls}
    return [
        name
        for name, manifest in manifests.items()
        if is_consequential(manifest) and not opens_addresses(manifest) and (listed is None or name in listed)
    ]


def shown_to_a_model(
    text: str, tools: Sequence[str], manifests: Mapping[str, ToolManifest]
) -> dict[str, Json]:
    """The user's own words and the tools: nothing that the user only passed on, and no word of a stranger's tool but
    its names.
    """
    own = " ".join(read_request(text).own.replace("\x00", " ").split())
    return {
        "request": own if own == " ".join(text.split()) else f"{own} {_WITHHELD}",
        "tools": [_tool(manifests[name]) for name in tools],
        "classes": sorted({each.label.data_class for each in manifests.values() if each.label.data_class}),
    }


def schema_for(tools: Sequence[str], classes: Sequence[str]) -> dict[str, Json]:
    """The form of an answer; names that nobody has cannot be said in it."""
    value = {
        "type": "object", "properties": {"argument": {"type": "string"}, "value": {"type": "string"}},
        "required": ["argument", "value"], "additionalProperties": False,
    }  # fmt: skip
    call: dict[str, Json] = {
        "type": "object",
        "properties": {
            "tool": {"type": "string", "enum": list(tools)}, "times": {"type": "integer"},
            "values": {"type": "array", "items": value},
        },
        "required": ["tool", "times", "values"], "additionalProperties": False,
    }  # fmt: skip
    named: dict[str, Json] = {"type": "string"} | ({"enum": list(classes)} if classes else {})
    return {
        "type": "object",
        "properties": {"calls": {"type": "array", "items": call}, "reads": {"type": "array", "items": named}},
        "required": ["calls", "reads"], "additionalProperties": False,
    }  # fmt: skip


def read_proposal(plain: Json, by: str = "") -> Proposal:
    """A proposal out of what a model answered; raises `InvalidInput` for anything else."""
    said = object_of(plain)
    calls, reads = said.get("calls"), said.get("reads", [])
    if not isinstance(calls, list) or not isinstance(reads, list) or len(calls) > MOST:  # pyright: ignore[reportUnknownArgumentType]
        raise InvalidInput(f"the proposal is no list of {MOST} calls at most.")
    return Proposal(
        tuple(_call(each) for each in calls),  # pyright: ignore[reportUnknownVariableType]
        tuple(each for each in reads if isinstance(each, str)),  # pyright: ignore[reportUnknownVariableType]
        by,
    )


def _call(plain: Json) -> ProposedCall:
    said = object_of(plain)
    tool, times, values = said.get("tool"), said.get("times", 1), said.get("values", [])
    if not isinstance(tool, str) or isinstance(times, bool) or not isinstance(times, int) or times < 1:
        raise InvalidInput("a call of the proposal has no tool, or is made less than once.")
    if not isinstance(values, list):
        raise InvalidInput(f"the proposal for {tool} has no list of values.")
    pairs = [object_of(each) for each in values]  # pyright: ignore[reportUnknownVariableType]
    return ProposedCall(tool, times, {str(each.get("argument")): each.get("value") for each in pairs})


def _tool(manifest: ToolManifest) -> dict[str, Json]:
    about = {"about": manifest.description[:300]} if manifest.source in _OWN and manifest.description else {}
    arguments = {
        name: role_or_guess(manifest, name).value for name in object_of(manifest.parameters.get("properties"))
    }
    return {"name": manifest.name, **about, "arguments": arguments}
