"""Contracts as operators see them: what `[contracts]` demands of agents, and what a request would be compiled to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from remit.control.workspace.code import load_code
from remit.control.workspace.world import world_of
from remit.domain.contracts import ContractTemplate, plain_binding
from remit.domain.errors import BadWorkspace, InvalidSetting
from remit.gate.readers import REDACT, REFUSE
from remit.policy.provenance.compiler import compile_contract
from remit.policy.provenance.proposal import proposable
from remit.policy.provenance.risk import LEVELS, is_above, risk_of
from remit.policy.provenance.roles import is_consequential
from remit.policy.provenance.telling import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from remit.agents.agent import Agent
    from remit.control.running.parts import Parts
    from remit.control.sections import ContractSettings
    from remit.domain.tools import ToolManifest

_REQUIRED = ("never", "prod", "always")
_ON_VIOLATION = ("", "ask", "deny")


@dataclass(frozen=True, slots=True)
class Demands:
    """What an operator demands of contracts."""

    required: str = "prod"
    reads: tuple[str, ...] = ()
    sinks: tuple[str, ...] = ()
    on_violation: str = ""
    propose: str = ""
    """The route whose model may propose what a request asks for; empty: none is asked."""
    unreadable: tuple[str, ...] = ()
    """What becomes of what a model's provider may not read: `CLASS=refuse`, `CLASS=redact`."""
    show_above: str = ""
    """The risk above which whoever asked looks at the contract first; empty: nobody does."""


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
    risk: str = "nothing"
    """What is at stake: nothing, low, medium or high."""
    why: tuple[str, ...] = ()
    """What makes it so."""
    shown: bool = False
    """Whether whoever asks has to agree to it before anything is done."""
    proposes: str = ""
    """The route whose model would be asked for the calls; what stands here is made without it."""


def demands_of(chosen: ContractSettings) -> Demands:
    """What `[contracts]` says."""
    return Demands(**asdict(chosen))


def floor_of(chosen: Demands) -> ContractTemplate | None:
    """What an operator allows every contract at most; None if they narrow nothing."""
    if chosen.required not in _REQUIRED:
        raise InvalidSetting(
            f'contracts.required is "{chosen.required}".', f"It is one of {', '.join(_REQUIRED)}."
        )
    if chosen.on_violation not in _ON_VIOLATION:
        raise InvalidSetting(f'contracts.on_violation is "{chosen.on_violation}".', 'Say "ask" or "deny".')
    if chosen.show_above not in {"", *LEVELS}:
        raise InvalidSetting(
            f'contracts.show_above is "{chosen.show_above}".', f"It is one of {', '.join(LEVELS)}, or empty."
        )
    if not (chosen.reads or chosen.sinks or chosen.on_violation):
        return None
    return ContractTemplate(reads=chosen.reads or None, sinks=chosen.sinks, on_violation=chosen.on_violation)


def hold(parts: Parts, chosen: Demands) -> None:
    """Let every contract of this workspace be no wider than its operator says."""
    parts.house.floor = floor_of(chosen)
    if chosen.propose:
        parts.house.gate.parts.models.configuration.route(chosen.propose)  # or it says that there is none
    parts.house.gate.parts.unreadable.update(unreadable_of(chosen))
    parts.house.propose, parts.house.show_above = chosen.propose, chosen.show_above


def unreadable_of(chosen: Demands) -> dict[str, str]:
    """By class, what becomes of content that a provider may not read."""
    found: dict[str, str] = {}
    for rule in chosen.unreadable:
        data_class, _, what = rule.partition("=")
        if not data_class.strip() or what.strip() not in {REFUSE, REDACT}:
            raise InvalidSetting(
                f'contracts.unreadable has "{rule}", which is no rule.',
                'Write "CLASS=redact" or "CLASS=refuse".',
            )
        found[data_class.strip()] = what.strip()
    return found


def require(parts: Parts, chosen: Demands, environment: str) -> None:
    """Refuse to start while an agent that can act has no contract, where one is demanded."""
    tools = {tool.name: tool.manifest for tool in parts.house.gate.parts.registry}
    refuse_uncontracted(parts.house.agents.values(), tools, chosen.required, environment)


def refuse_uncontracted(
    agents: Iterable[Agent], tools: Mapping[str, ToolManifest], demanded: str, environment: str
) -> None:
    """Name the agents that can act and have no contract, where one is demanded."""
    missing = uncontracted(agents, tools)
    if missing and (demanded == "always" or (demanded == "prod" and environment == "prod")):
        raise BadWorkspace(
            f"{', '.join(missing)} can act and {'has' if len(missing) == 1 else 'have'} no contract, "
            f"and {environment} demands one.",
            'Write Agent(…, contract=contract(…)), or set contracts.required to "never" in remit.toml.',
        )


def uncontracted(agents: Iterable[Agent], tools: Mapping[str, ToolManifest]) -> list[str]:
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
    world, _ = await world_of(root, code, "", environment)
    found = load_code(root, code).agents
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
    risk = risk_of(made, manifests)
    return ContractView(
        agent, made.digest, slots, made.reads, made.on_violation, declared is not None, risk.level.name.lower(),
        risk.why, template.narrows and is_above(risk, chosen.show_above),
        chosen.propose if proposable(template, manifests) else "",
    )  # fmt: skip
