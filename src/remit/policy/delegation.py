"""Delegation only narrows: what a capability made from another may hold at most, and what it says to one action. Pure
functions over data; nobody's signature and no clock is known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from remit.domain.capabilities import ANYBODY, Capability, Caveat, Terms
from remit.domain.decisions import AccessRequest

Json = Any


def attenuate(
    parent: Capability | None, *, run: str, holder: str, agent: str, tools: Mapping[str, str], expires: int,
    budget: Mapping[str, int], terms: Terms | None,
) -> Capability:  # fmt: skip
    """A capability for one task, never more than the one that its giver has."""
    terms = terms or Terms()
    given = {name: digest for name, digest in tools.items() if terms.tools is None or name in terms.tools}
    if terms.tools is not None and "*" in tools:
        given |= {name: "" for name in terms.tools if name not in given}
    calls, caveats, name = terms.calls, terms.caveats(), ""
    if parent is not None:
        name = parent.digest
        given = _of_both(parent, given)
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
    if child.run != parent.run and child.holder != ANYBODY:  # a run that was spawned has what was made for it
        return f"it is for the run {child.run}"
    more = sorted(
        name
        for name in {*child.tools, *parent.tools}
        if (digest := _wanted(child, name)) is not None and not _has(parent, name, digest)
    )
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
    if capability.holder not in {ANYBODY, request.agent}:
        return f"it was delegated to {capability.holder}, and to nobody else", ""
    if now >= capability.expires:
        return "the time for which it was delegated is over", ""
    if request.action != "call":
        return "", ""
    wanted = _wanted(capability, request.resource)
    if wanted is None:
        return f"{request.resource} was not delegated", ""
    if wanted and request.facts.get("digest") != wanted:
        return f"{request.resource} was delegated in another version", ""
    beyond = next((each for each in capability.caveats if not _holds(each, request)), None)
    return ("", "") if beyond is None else (f"it was delegated only with {beyond}", beyond.bound.argument)


def _of_both(parent: Capability, given: Mapping[str, str]) -> dict[str, str]:
    """Of these tools, those that the giver has, each in a definition that both mean.

    Whoever is given every tool is given those that its giver may call in one definition only in that one.
    """
    if "*" in given:
        given = {**given, **parent.tools}
    held = {tool: _wanted(parent, tool) for tool in given}
    return {
        tool: digest or held[tool] or ""
        for tool, digest in given.items()
        if held[tool] is not None and (not digest or held[tool] in {"", digest})
    }


def _wanted(capability: Capability, tool: str) -> str | None:
    """In which definition a tool may be called, if at all."""
    return capability.tools.get(tool, capability.tools.get("*"))


def _has(parent: Capability, tool: str, digest: str) -> bool:
    """Whether a tool in this definition is among what a capability holds."""
    wanted = _wanted(parent, tool)
    return wanted is not None and wanted in {"", digest}


def _holds(caveat: Caveat, request: AccessRequest) -> bool:
    return caveat.tool != request.resource or caveat.bound.holds(request.context)
