"""Fixtures for pytest: `pytest_plugins = ["remit.testing.pytest_plugin"]`.

`clock` is moved by hand; `platform` is a whole platform with the flows named by the `flows` marker or fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from remit.testing.clock import ManualClock
from remit.testing.stage import Stage, stage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from remit.engine.flow import Flow


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until the test moves it."""
    return ManualClock()


@pytest.fixture
def flows() -> list[Flow]:
    """The flows under test; override it in your test module."""
    return []


@pytest.fixture
async def platform(flows: list[Flow]) -> AsyncGenerator[Stage]:
    """A platform on a temporary workspace, with a worker."""
    async with stage(*flows) as made:
        yield made
