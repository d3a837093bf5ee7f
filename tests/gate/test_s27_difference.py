"""What may be put back: never a field that somebody else has touched, always every field that only we touched (S27)."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from remit.domain.event import object_of
from remit.domain.tools import ObjectImage
from remit.gate.difference import compare

_fields = st.sampled_from(["a", "b", "c", "d"])
_values = st.sampled_from([None, 0, 1, True, "x", "y", ["x"], {"n": 1}])
_objects = st.none() | st.dictionaries(_fields, _values, max_size=4)


def _at(side: dict[str, Any], name: str) -> tuple[bool, Any]:
    return (name in side, side.get(name))


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


@given(_objects, _objects, _objects)
def test_s27_a_strangers_field_is_never_overwritten(before: Any, after: Any, now: Any) -> None:
    found = compare(ObjectImage("o", before, after), now)
    present, wanted = object_of(now), object_of(found.wanted)
    if found.conflicts or found.done or not (isinstance(now, dict) and isinstance(found.wanted, dict)):
        return
    for name in {**present, **wanted}:
        touched_by_us = _at(before or {}, name) != _at(after or {}, name)
        if not touched_by_us:
            assert _at(wanted, name) == _at(present, name), "a field that we did not touch stays as it is"
        elif _at(wanted, name) != _at(present, name):
            assert _at(present, name) == _at(after or {}, name), "what is put back stood as we left it"


@given(_objects, _objects)
def test_s27_without_a_stranger_everything_is_put_back(before: Any, after: Any) -> None:
    found = compare(ObjectImage("o", before, after), after)
    assert not found.conflicts
    assert found.done or _same(found.wanted, before)


@given(_objects, _objects, _objects)
def test_s27_an_existence_that_a_stranger_changed_is_a_conflict(before: Any, after: Any, now: Any) -> None:
    found = compare(ObjectImage("o", before, after), now)
    created_and_edited = before is None and after is not None and now is not None and not _same(now, after)
    deleted_and_made_again = (
        before is not None and after is None and now is not None and not _same(now, before)
    )
    if created_and_edited or deleted_and_made_again:
        assert found.conflicts, "a stranger's object is neither deleted nor replaced"
