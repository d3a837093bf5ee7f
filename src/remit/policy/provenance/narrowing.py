"""What a person may make of a contract that is shown to them: less. By its form an edit cannot widen anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from remit.domain.contracts import AllOf, Literal
from remit.domain.errors import InvalidInput
from remit.domain.event import object_of

if TYPE_CHECKING:
    from remit.domain.contracts import Binding, Contract, Slot

Json = Any

_FORM = 'Say which calls stay: {"slots": [{"slot": 1, "times": 1, "arguments": {"amount": 40}}]}.'
_KNOWN = frozenset({"slot", "times", "arguments"})


def narrowed(contract: Contract, edit: Json) -> Contract:
    """The contract with the slots that an edit names, each no wider than it was; raises `InvalidInput`."""
    said = object_of(edit)
    chosen = said.get("slots")
    if not isinstance(chosen, list) or said.keys() - {"slots"}:
        raise InvalidInput("this is no narrower contract.", _FORM)
    kept: dict[int, Slot] = {}
    for each in cast("list[Json]", chosen):
        one = object_of(each)
        number = one.get("slot")
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= len(contract.slots):
            raise InvalidInput(f"the contract has no slot {number!r}; it has {len(contract.slots)}.", _FORM)
        if number in kept or one.keys() - _KNOWN:
            raise InvalidInput(f"slot {number} is named twice, or with something that no slot has.", _FORM)
        kept[number] = _slot(contract.slots[number - 1], number, one)
    return replace(contract, slots=tuple(kept[number] for number in sorted(kept)))


def _slot(slot: Slot, number: int, said: dict[str, Json]) -> Slot:
    times = said.get("times", slot.times)
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= slot.times:
        raise InvalidInput(
            f"slot {number} has {slot.tool} {slot.times} times, and may have it less often.", _FORM
        )
    arguments = dict(slot.arguments)
    for name, value in object_of(said.get("arguments")).items():
        if name not in arguments:
            known = ", ".join(arguments) or "none"
            raise InvalidInput(f"slot {number} ({slot.tool}) has no argument {name}; it has {known}.", _FORM)
        arguments[name] = _only(arguments[name], value)
    return replace(slot, times=times, arguments=arguments)


def _only(binding: Binding, value: Json) -> Binding:
    values = tuple(cast("list[Json]", value)) if isinstance(value, list) else (value,)
    return AllOf((Literal(values), binding))
