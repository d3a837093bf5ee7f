"""Where the tests of scores of live runs take place."""

from __future__ import annotations

from typing import cast

import pytest

from remit.testing.pytest_plugin import script

__all__ = ["database", "script"]


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database."""
    return "" if request.param == "sqlite" else cast("str", request.getfixturevalue("migrated_dsn"))
