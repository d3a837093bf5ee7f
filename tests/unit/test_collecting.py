"""How often the collector of cycles looks at what is under way, in a process that carries runs."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from remit.control.running.starting import set_aside


@pytest.fixture
def thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("thresholds")
@pytest.mark.parametrize(("before", "after"), [(700, 25_000), (50_000, 50_000), (0, 0)])
def test_the_collector_looks_less_often_but_is_never_switched_on_or_made_keener(
    before: int, after: int
) -> None:
    gc.set_threshold(before, 20, 30)
    set_aside.__wrapped__()
    assert gc.get_threshold() == (after, 20, 30)
