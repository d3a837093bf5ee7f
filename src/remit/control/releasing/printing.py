"""The fingerprint of a workspace that is open: its files, its agents and its tools as they stand now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.quality.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.control.running.parts import Parts
    from remit.quality.fingerprint import Fingerprint


def fingerprint_of(parts: Parts, code: Sequence[str], leave_out: Sequence[str]) -> Fingerprint:
    """What shapes the behaviour of this workspace; of a source that does not answer, what was accepted last."""
    gate = parts.house.gate.parts
    remembered = gate.acceptance.remembered().items() if parts.house.away else ()
    away = {name: tool for name, tool in remembered if tool.source not in {"python", "builtin"}}
    tools = away | {tool.name: tool.manifest for tool in gate.registry}
    agents = parts.house.agents.values()
    return fingerprint(parts.house.workspace, agents, tools.values(), {"code": list(code)}, leave_out)
