"""Where the tests of the red team take place."""

from __future__ import annotations

from typing import cast

import pytest


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database."""
    return "" if request.param == "sqlite" else cast("str", request.getfixturevalue("migrated_dsn"))
