"""Bindings and slots in the words of people. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.contracts import plain_binding

if TYPE_CHECKING:
    from remit.domain.contracts import Contract


def told(contract: Contract) -> list[dict[str, Any]]:
    """The slots of a contract as a person reads them, numbered from one."""
    return [
        {
            "slot": number, "tool": slot.tool, "times": slot.times, "for": slot.why,
            "arguments": {name: said(plain_binding(each)) for name, each in slot.arguments.items()},
        }
        for number, slot in enumerate(contract.slots, 1)
    ]  # fmt: skip


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
