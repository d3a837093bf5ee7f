"""The flows of experiments, added to those of a workspace when somebody makes one: under the name of exactly this code,
so that no process with other code takes up a trial of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.evaluating.workbench import Workbench
from remit.domain.trials import experiment_flow
from remit.engine.flow import Flow
from remit.engine.pin import pin_of
from remit.quality.experiments.experiment import experiment_of
from remit.quality.experiments.trying import trial_flows
from remit.quality.fingerprint import fingerprint, of_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.control.running.parts import Parts

_NOT_OF_AN_ARM = frozenset({"suites"})
"""What agents are asked does not shape what they do: another suite is not another arm."""


def workbench(parts: Parts, leave_out: Sequence[str] = ()) -> Workbench:
    """The bench of this process, with the flows that it works with."""
    digest = arm_of(parts, leave_out)
    known = parts.flows.get(experiment_flow(digest))
    if isinstance(known, _ExperimentFlow):
        return known.bench
    bench = Workbench(parts, digest)
    made = _ExperimentFlow.around(experiment_of(digest, bench), bench)
    own = {flow.name for flow in parts.house.flows}
    tried = trial_flows(digest, list(parts.flows.values()), parts.house.agents, own)
    parts.flows.update({flow.name: flow for flow in (made, *tried)})
    return bench


def arm_of(parts: Parts, leave_out: Sequence[str] = ()) -> str:
    """The digest of everything that shapes what the agents and flows of this process do."""
    root, registry = parts.ground.workspace, parts.house.gate.parts.registry
    released = parts.services.release
    if released:
        return released
    # what a Python tool does stands in the code; which of them are known here depends on what was called already
    strangers = [tool.manifest for tool in registry if tool.manifest.source != "python"]
    found = fingerprint(root, parts.house.agents.values(), strangers, leave_out=leave_out)
    kept: dict[str, dict[str, str]] = {
        kind: dict(said) for kind, said in found.parts.items() if kind not in _NOT_OF_AN_ARM
    }
    own = {flow.name for flow in parts.house.flows}
    flows = {
        f"flow {name}": pin_of(flow)
        for name, flow in parts.flows.items()
        if name not in own and not name.startswith("remit.")
    }
    kept["code"] = kept.get("code", {}) | flows
    return of_parts(kept).digest


class _ExperimentFlow(Flow):
    """The flow of experiments, and the bench that it works at."""

    bench: Workbench

    @classmethod
    def around(cls, flow: Flow, bench: Workbench) -> _ExperimentFlow:
        """The same flow with its bench."""
        made = cls(flow.fn, flow.name, flow.cron, flow.tz)
        made.bench = bench
        return made
