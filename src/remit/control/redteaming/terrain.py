"""What there is to attack in a workspace: its agents and their tools, its flows and how they are started, the
numbers of its rules. It reads; it plays nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.control.redteam import bounds_of
from remit.control.runs import inspection
from remit.control.suites.desk import SuiteDesk
from remit.domain.redteam_errors import NothingToAttack
from remit.gate.toml_file import nearest
from remit.quality.redteam.writer import Entrance, Terrain
from remit.quality.scenarios.scenario import Environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.control.running.parts import Parts
    from remit.domain.tools import ToolManifest

Json = Any
_ENTRANCES = 3
"""By how many ways each flow is entered."""
_STRANGER = "somebody-without-a-role"


async def survey(parts: Parts, who: str = "") -> Terrain:
    """Everything that can be attacked here, or one agent or flow of it."""
    house = parts.house
    manifests: dict[str, ToolManifest] = {}
    for agent in house.agents.values():
        profile = await house.profile(agent)
        manifests |= {tool.name: tool.manifest for tool in profile.tools}
    manifests |= {tool.name: tool.manifest for tool in house.gate.parts.registry}
    own = {flow.name for flow in house.flows}
    flows = sorted(
        name for name in parts.flows if not (name in own | house.agents.keys() or name.startswith("remit."))
    )
    agents = dict(sorted(house.agents.items()))
    if who:
        known = [*agents, *flows]
        if who not in known:
            raise NothingToAttack(
                f'there is no agent and no flow "{who}"{nearest(who, known)}.',
                f"There are: {', '.join(known) or 'none'}.",
            )
        agents = {name: agent for name, agent in agents.items() if name == who}
        flows = [name for name in flows if name == who]
    people = await parts.ground.database.fetch("people.roles", parts.ground.principal.team)
    return Terrain(
        agents, manifests, tuple(bounds_of(parts.ground.workspace / "policies")),
        tuple(await _entrances(parts, flows)), tuple(flows), _STRANGER if people else "",
    )  # fmt: skip


async def _entrances(parts: Parts, flows: Iterable[str]) -> list[Entrance]:
    """How flows are started: as their suites say, else as they were started last."""
    suites = SuiteDesk(parts).shelf.suites
    found: list[Entrance] = []
    for flow in flows:
        scenarios = [
            (suite.name, each)
            for suite in suites.values() if suite.target == flow for each in suite.scenarios
        ]  # fmt: skip
        ways: list[Entrance] = []
        for suite, each in scenarios:
            if each.input not in [way.input for way in ways]:
                ways.append(Entrance(flow, f"{suite}.{each.name}", each.input, each.environment))
        found += (ways or await _as_last(parts, flow))[:_ENTRANCES]
    return found


async def _as_last(parts: Parts, flow: str) -> Sequence[Entrance]:
    rows = await inspection.summaries(parts.ground, None, flow, 1)
    if not rows:
        return ()
    view = await inspection.show(parts.ground, rows[0].id)
    return [Entrance(flow, "as last", dict(view.input), Environment(), rows[0].id)]
