"""Contracts as operators see them: what `[contracts]` demands of agents, and what a request would be compiled to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.control import policies, workspace
from remit.domain.contract_events import ContractFixed
from remit.domain.contracts import ContractTemplate, plain_binding
from remit.domain.errors import BadWorkspace, InvalidSetting
from remit.policy.provenance.compiler import compile_contract
from remit.policy.provenance.roles import is_consequential

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from remit.agents.agent import Agent
    from remit.control.parts import Parts
    from remit.domain.tools import ToolManifest
    from remit.store.log import Entry

_REQUIRED = ("never", "prod", "always")
_ON_VIOLATION = ("", "ask", "deny")


@dataclass(frozen=True, slots=True)
class Demands:
    """What an operator demands of contracts."""

    required: str = "prod"
    reads: tuple[str, ...] = ()
    sinks: tuple[str, ...] = ()
    on_violation: str = ""


@dataclass(frozen=True, slots=True)
class SlotView:
    """So many calls of a tool, and where each argument may come from."""

    tool: str
    times: int
    arguments: dict[str, str]
    why: str


@dataclass(frozen=True, slots=True)
class ContractView:
    """What a request would be compiled to."""

    agent: str
    digest: str
    slots: tuple[SlotView, ...]
    reads: tuple[str, ...]
    on_violation: str
    """Empty: who started the run decides."""
    declared: bool
    """Whether the agent declares a contract; without one nothing of this is enforced."""


def floor_of(chosen: Demands) -> ContractTemplate | None:
    """What an operator allows every contract at most; None if they narrow nothing."""
    if chosen.required not in _REQUIRED:
        raise InvalidSetting(
            f'contracts.required is "{chosen.required}".', f"It is one of {', '.join(_REQUIRED)}."
        )
    if chosen.on_violation not in _ON_VIOLATION:
        raise InvalidSetting(f'contracts.on_violation is "{chosen.on_violation}".', 'Say "ask" or "deny".')
    if not (chosen.reads or chosen.sinks or chosen.on_violation):
        return None
    return ContractTemplate(reads=chosen.reads or None, sinks=chosen.sinks, on_violation=chosen.on_violation)


def hold(parts: Parts, chosen: Demands) -> None:
    """Let every contract of this workspace be no wider than its operator says."""
    parts.house.floor = floor_of(chosen)


def require(parts: Parts, chosen: Demands, environment: str) -> None:
    """Refuse to start while an agent that can act has no contract, where one is demanded."""
    missing = uncontracted(
        parts.house.agents.values(), {tool.name: tool.manifest for tool in parts.house.gate.parts.registry}
    )
    demanded = chosen.required
    if missing and (demanded == "always" or (demanded == "prod" and environment == "prod")):
        raise BadWorkspace(
            f"{', '.join(missing)} can act and {'has' if len(missing) == 1 else 'have'} no contract, "
            f"and {environment} demands one.",
            'Write Agent(…, contract=contract(…)), or set contracts.required to "never" in remit.toml.',
        )


def uncontracted(agents: Iterable[Agent], tools: dict[str, ToolManifest]) -> list[str]:
    """The agents that hold a consequential tool and declare no contract."""
    return sorted(
        agent.name
        for agent in agents
        if agent.contract is None
        and any(name in tools and is_consequential(tools[name]) for name in agent.tool_names)
    )


async def preview(
    root: Path, code: Sequence[str], chosen: Demands, environment: str, agent: str, text: str
) -> ContractView:
    """The contract that an agent would be given for these words; nothing is started."""
    world, _ = await policies.world_of(root, code, "", environment)
    found = workspace.load_code(root, code).agents
    if agent not in found:
        raise BadWorkspace(
            f'this workspace has no agent "{agent}".', f"It has: {', '.join(sorted(found)) or 'none'}."
        )
    declared = found[agent].contract
    manifests = {name: tool for name, tool in world.tools.items() if name in found[agent].tool_names}
    template = declared or ContractTemplate()
    made = compile_contract(text, template, manifests, {"question": text}, floor_of(chosen))
    slots = tuple(
        SlotView(
            slot.tool,
            slot.times,
            {name: said(plain_binding(each)) for name, each in slot.arguments.items()},
            slot.why,
        )
        for slot in made.slots
    )
    return ContractView(agent, made.digest, slots, made.reads, made.on_violation, declared is not None)


def contracts_in(entries: Iterable[Entry]) -> tuple[str, ...]:
    """What a run may do, as its log says: one line a contract."""
    found: dict[str, str] = {}
    for entry in entries:
        if isinstance(entry.event, ContractFixed):
            whose = entry.path.rpartition("/")[0] or "the run"
            slots = ", ".join(f"{each['times']} × {each['tool']}" for each in entry.event.contract["slots"])
            found[entry.path] = (
                f"{whose}: {slots or 'nothing that acts'} (contract {entry.event.digest[:12]})"
            )
    return tuple(found.values())


def said(binding: dict[str, Any]) -> str:
    """A binding in words."""
    match binding["is"]:
        case "Literal":
            return (
                "exactly " + " or ".join(repr(each) for each in binding["values"])
                if binding["values"]
                else "nothing"
            )
        case "Ref":
            return "looked up" if binding["directory"] == "*" else f"looked up in {binding['directory']}"
        case "Selector":
            return f"the {binding['how']}, as the runtime finds it"
        case "Range":
            return _range(binding)
        case "Words":
            return "the request's own words"
        case "Content":
            return "any text"
        case "AllOf":
            return " and ".join(said(each) for each in binding["bindings"])
        case _:
            return ", or ".join(said(each) for each in binding["bindings"])


def _range(binding: dict[str, Any]) -> str:
    if binding["choices"]:
        return "one of " + ", ".join(str(each) for each in binding["choices"])
    ends = [
        f"{word} {binding[end]}"
        for word, end in (("from", "least"), ("up to", "most"))
        if binding[end] is not None
    ]
    return " ".join(["any number or date", *ends])
