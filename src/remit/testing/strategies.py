"""Hypothesis strategies: flow programs, cases of runs that start together and die, and every event of the log.

Needs the package `hypothesis`. Programs come from the same generator as the seeded crash tests, driven by
Hypothesis, so that a failing one is shrunk.
"""

from __future__ import annotations

import types
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from remit.domain.event import Event
from remit.domain.kinds import every_kind
from remit.engine import faults
from remit.testing.crash import Death
from remit.testing.programs import Node, grow

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_BIGGEST = 2**53 - 1


def programs(size: int = 8) -> SearchStrategy[Node]:
    """Flow programs of up to about `size` operations."""
    randoms = st.randoms(use_true_random=False)
    return st.builds(grow, randoms, st.integers(1, size))


def deaths() -> SearchStrategy[Death]:
    """Ways for a process to die: at a named point, or at a commit that is lost or lands unacknowledged."""
    points = st.builds(Death, st.sampled_from(faults.POINTS), st.integers(0, 6))
    commits = st.builds(Death, st.sampled_from(["commit lost", "commit landed"]), st.integers(0, 20))
    return st.one_of(points, commits)


def runs(size: int = 8) -> SearchStrategy[tuple[list[Node], list[Death]]]:
    """Programs to run side by side, and the deaths of the processes that carry them."""
    return st.tuples(
        st.lists(programs(size), min_size=1, max_size=3), st.lists(deaths(), min_size=1, max_size=4)
    )


def plain() -> SearchStrategy[Any]:
    """Plain JSON values as the log takes them."""
    leaves = st.one_of(
        st.none(), st.booleans(), st.integers(-_BIGGEST, _BIGGEST), texts(),
        st.floats(allow_nan=False, allow_infinity=False),
    )  # fmt: skip
    return st.recursive(
        leaves, lambda inner: st.one_of(st.lists(inner), st.dictionaries(texts(), inner)), max_leaves=8
    )


def texts() -> SearchStrategy[str]:
    """Any text that can be written as UTF-8."""
    return st.text(st.characters(exclude_categories=["Cs"]))


def events() -> SearchStrategy[Event]:
    """Every kind of event, with any content."""
    return st.one_of([_event(kind) for kind in every_kind().values()])


def _event(kind: type[Event]) -> SearchStrategy[Event]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{each.name: _value(hints[each.name]) for each in fields(kind)})


def _value(hint: Any) -> SearchStrategy[Any]:
    if get_origin(hint) is types.UnionType:
        return st.one_of([_value(each) for each in get_args(hint)])
    if get_origin(hint) is dict:
        return st.dictionaries(texts(), _value(get_args(hint)[1]), max_size=4)
    if get_origin(hint) is list:
        return st.lists(_value(get_args(hint)[0]), max_size=4)
    return _PLAIN.get(hint, plain())


_PLAIN: dict[Any, SearchStrategy[Any]] = {
    str: texts(), int: st.integers(-_BIGGEST, _BIGGEST), bool: st.booleans(), type(None): st.none(),
    float: st.floats(allow_nan=False, allow_infinity=False),
}  # fmt: skip
