"""A slow reading of what a contract promises, written without looking at how the product checks it.

It replays a trace of executed calls and says what is wrong with it: more calls than a slot has, a protected value that
the user did not write, no directory has and no range holds, a text for somebody who may not read it. It knows plain
values only: no kinds, no parsers, no clauses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any, cast

from remit.domain.contracts import AllOf, AnyOf, Binding, Content, Contract, Literal, Range, Ref

TEAM = "team:t"
ADDRESSES = ("http://evil.example/x", "0123456789")
"""What nobody has vouched for, wherever it stands in a text."""


@dataclass(frozen=True)
class Executed:
    """One consequential call that took place, with what was true before it."""

    tool: str
    arguments: dict[str, Any]
    references: frozenset[Any]
    """Every value that trusted directories had given until then."""
    readers: frozenset[str] | None
    """Who may read all that the model had in sight; None: anybody."""
    recipients: tuple[str, ...]


def wrongs(contract: Contract, trace: list[Executed]) -> list[str]:
    """What breaks the promise; nothing, if the trace is a sub-multiset of the slots."""
    by_tool: dict[str, list[Executed]] = {}
    for call in trace:
        by_tool.setdefault(call.tool, []).append(call)
    found: list[str] = []
    for tool, calls in by_tool.items():
        places = [slot for slot in contract.slots if slot.tool == tool for _ in range(slot.times)]
        if len(calls) > len(places):
            found.append(f"{len(calls)} × {tool} with {len(places)} places")
        elif not any(
            all(_fits(slot.arguments, call) for slot, call in zip(chosen, calls, strict=True))
            for chosen in permutations(places, len(calls))
        ):
            found.append(f"{tool} with arguments that no slot has: {[call.arguments for call in calls]}")
    return found


def _fits(bindings: dict[str, Binding], call: Executed) -> bool:
    return all(
        name in bindings and _may_be(bindings[name], value, call) for name, value in call.arguments.items()
    )


def _may_be(binding: Binding, value: Any, call: Executed) -> bool:
    if isinstance(value, list):
        return all(_may_be(binding, each, call) for each in cast("list[Any]", value))
    match binding:
        case Literal():
            return value in binding.values
        case Ref():
            return value in call.references
        case Range():
            return _lies_in(binding, value)
        case Content():
            return _may_say(binding, value, call)
        case AnyOf():
            return any(_may_be(each, value, call) for each in binding.bindings)
        case AllOf():
            dictated = any(
                isinstance(each, Literal) for each in binding.bindings
            )  # the user's words are for all
            told = replace(call, readers=None) if dictated else call
            return all(_may_be(each, value, told) for each in binding.bindings)
        case _:
            return False


def _may_say(binding: Content, value: Any, call: Executed) -> bool:
    if any(each in str(value) for each in ADDRESSES):
        return False
    if call.readers is None or (binding.release and TEAM in call.readers):
        return True
    return all(each in call.readers for each in call.recipients)


def _lies_in(binding: Range, value: Any) -> bool:
    if binding.choices:
        return value in binding.choices
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    return isinstance(number, int | float) and (binding.least or 0) <= number <= (binding.most or 10**9)
