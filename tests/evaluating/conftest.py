"""Where experiments are tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest

from remit.testing.pytest_plugin import script
from tests.evaluating import desk

__all__ = ["database", "nobody_was_reached", "script"]


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database."""
    return "" if request.param == "sqlite" else cast("str", request.getfixturevalue("migrated_dsn"))


@pytest.fixture(autouse=True)
def nobody_was_reached() -> Iterator[None]:
    """No trial touches the real world."""
    desk.REACHED.clear()
    desk.WRONG.clear()
    yield
    assert desk.REACHED == []
