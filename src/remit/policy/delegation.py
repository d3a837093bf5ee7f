"""Delegation only narrows: what a capability made from another may hold at most, and what it says to one action. Pure
functions over data; nobody's signature and no clock is known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from remit.domain.capabilities import Capability, Caveat, Terms
from remit.domain.decisions import AccessRequest

Json = Any


def attenuate(
    parent: Capability | None, *, run: str, holder: str, agent: str, tools: Mapping[str, str], expires: int,
    budget: Mapping[str, int], terms: Terms | None,
) -> Capability:  # fmt: skip
    """A capability for one task, never more than the one that its giver has."""
    terms = terms or Terms()
    given = {name: digest for name, digest in tools.items() if terms.tools is None or name in terms.tools}
    calls, caveats, name = terms.calls, terms.caveats(), ""
    if parent is not None:
        name = parent.digest
        given = {tool: digest for tool, digest in given.items() if parent.tools.get(tool) == digest}
        calls = parent.calls if calls is None else calls if parent.calls is None else min(calls, parent.calls)
        caveats = (*parent.caveats, *(each for each in caveats if each not in parent.caveats))
        expires = min(expires, parent.expires)
        budget = {
            unit: min(limits)
            for unit in {*budget, *parent.budget}
            if (limits := [each[unit] for each in (budget, parent.budget) if unit in each])
        }
    return Capability(run, holder, agent, given, expires, name, calls, budget, caveats)


def widens(parent: Capability, child: Capability) -> str:
    """What a capability holds that the one it was made from does not; empty if it only narrows."""
    if child.parent != parent.digest:
        return "it was made from another capability"
    if child.run != parent.run:
        return f"it is for the run {child.run}"
    more = sorted(name for name, digest in child.tools.items() if parent.tools.get(name) != digest)
    if more:
        return f"it has {more[0]}, which its giver does not have so"
    if child.expires > parent.expires:
        return "it lasts longer"
    if parent.calls is not None and (child.calls is None or child.calls > parent.calls):
        return "it allows more calls"
    for unit, limit in parent.budget.items():
        if child.budget.get(unit, limit + 1) > limit:
            return f"it has no smaller budget of {unit}"
    lost = next((each for each in parent.caveats if each not in child.caveats), None)
    return f"it does not keep {lost}" if lost is not None else ""


def refusal(capability: Capability, request: AccessRequest, run: str, now: int) -> tuple[str, str]:
    """Why an action is beyond a capability, and which argument; empty if it is not."""
    if run != capability.run:
        return f"what was delegated counts in the run {capability.run} alone", ""
    if request.agent != capability.holder:
        return f"it was delegated to {capability.holder}, and to nobody else", ""
    if now >= capability.expires:
        return "the time for which it was delegated is over", ""
    if request.action != "call":
        return "", ""
    wanted = capability.tools.get(request.resource)
    if wanted is None:
        return f"{request.resource} was not delegated", ""
    if request.facts.get("digest") != wanted:
        return f"{request.resource} was delegated in another version", ""
    beyond = next((each for each in capability.caveats if not _holds(each, request)), None)
    return ("", "") if beyond is None else (f"it was delegated only with {beyond}", beyond.bound.argument)


def _holds(caveat: Caveat, request: AccessRequest) -> bool:
    return caveat.tool != request.resource or caveat.bound.holds(request.context)
