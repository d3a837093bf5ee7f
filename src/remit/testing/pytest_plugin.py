"""Fixtures for pytest: `pytest_plugins = ["remit.testing.pytest_plugin"]`.

`clock` is moved by hand; `platform` is a whole platform with the flows named by the `flows` marker or fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from remit.testing.clock import ManualClock
from remit.testing.scripting import Script
from remit.testing.stage import Stage, stage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from remit.agents.agent import Agent
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
def agents() -> list[Agent]:
    """Agents that no flow names; override it in your test module."""
    return []


@pytest.fixture
def script() -> Generator[Script]:
    """What the simulated model says: `script(agent).replies(…)`; everything written has to be used."""
    made = Script()
    yield made
    made.check()


@pytest.fixture
async def platform(flows: list[Flow], agents: list[Agent], script: Script) -> AsyncGenerator[Stage]:
    """A platform on a temporary workspace, with a worker, whose models are simulated by `script`."""
    async with stage(*flows, agents=agents, script=script) as made:
        yield made
