"""The words in which a contract is declared: `contract(allow(send_money, recipient=bind.literal("iban"), times=1))`.

Plain functions that make plain data. They know no tool and no request; a value that is no binding stands for itself.
"""

from __future__ import annotations

from typing import Any, get_args

from remit.domain.contracts import (
    ON_VIOLATION,
    AllOf,
    AllowedCall,
    AnyOf,
    Content,
    ContractTemplate,
    FromText,
    Given,
    Literal,
    OneOf,
    Range,
    Ref,
    Selector,
    Words,
)
from remit.domain.errors import InvalidSetting
from remit.policy.provenance.parsers import KINDS

Json = Any
Allowance = Literal | Ref | Selector | Range | Words | Content | AnyOf | AllOf | FromText | Given | OneOf
_HOW = ("largest", "smallest", "latest", "earliest", "all", "count")


def contract(
    *calls: AllowedCall, reads: tuple[str, ...] | list[str] | None = None, sinks: tuple[str, ...] | list[str] = (),
    by_request: bool | None = None, on_violation: str = "", asks: str = "owner",
    untrusted: tuple[str, ...] | list[str] = (),
) -> ContractTemplate:  # fmt: skip
    """What runs may do at most: these calls; without any, whatever the user's own words ask for."""
    if on_violation not in ON_VIOLATION:
        raise InvalidSetting(f'on_violation="{on_violation}" is none.', 'Say "ask" or "deny".')
    for each in calls:
        if not isinstance(each, AllowedCall):  # pyright: ignore[reportUnnecessaryIsInstance] - an author may not check
            raise InvalidSetting(f"a contract cannot hold {each!r}.", "Write allow(TOOL, ARGUMENT=…).")
    return ContractTemplate(
        calls or None, None if reads is None else tuple(reads), tuple(sinks), by_request, on_violation, asks,
        untrusted=tuple(untrusted),
    )  # fmt: skip


def allow(tool: Any, *, times: int | None = None, **arguments: Any) -> AllowedCall:
    """Calls of a tool; arguments that are not named here are bound by their role."""
    name = tool if isinstance(tool, str) else tool.name
    if times is not None and (isinstance(times, bool) or times < 1):
        raise InvalidSetting(f"{name} is allowed {times!r} times.", "Say how often at most, or leave it out.")
    bound = {each: _binding(value) for each, value in arguments.items()}
    return AllowedCall(name, times, bound, None if isinstance(tool, str) else tool)


def literal(kind: str) -> FromText:
    """A value of this kind in the user's own words: email, iban, url, path, id, name, number, date, time."""
    if kind not in KINDS:
        raise InvalidSetting(f'no value is of the kind "{kind}".', f"It is one of {', '.join(KINDS)}.")
    return FromText(kind)


def given(parameter: str) -> Given:
    """What the run was started with; dots lead into objects."""
    return Given(parameter)


def ref(directory: str = "*") -> Ref:
    """A member of a directory that was looked into: `crm.id`, `crm`, or any."""
    return Ref(directory)


def upto(most: Json) -> Range:
    """A number, date or time up to this, from anywhere."""
    return Range(0 if isinstance(most, int | float) else None, most)


def between(least: Json, most: Json) -> Range:
    """A number, date or time in here, from anywhere."""
    return Range(least, most)


def select(how: str, directory: str = "*", *, by: str = "") -> Selector:
    """The one that the runtime picks out of what was looked up: largest, smallest, latest, earliest, all, count."""
    if how not in _HOW:
        raise InvalidSetting(f'nothing is picked by "{how}".', f"It is one of {', '.join(_HOW)}.")
    return Selector(how, directory, by)


def words() -> Words:
    """A short text of the user's words, references and typed values."""
    return Words()


def text(most: int | None = None, *, release: bool = True) -> Content:
    """Any text, of so many characters; addresses in it are the user's or looked up."""
    return Content(most, release)


def any_of(*ways: Any) -> OneOf:
    """Any of these."""
    return OneOf(tuple(_binding(way) for way in ways))


def _binding(value: Any) -> Allowance:
    if isinstance(value, get_args(Allowance)):
        return value
    if isinstance(value, set | frozenset | tuple | list):
        return Literal(tuple(value))  # pyright: ignore[reportUnknownArgumentType]
    return Literal((value,))
