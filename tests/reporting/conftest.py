"""What the tests about figures are given: either store, a bank, a scripted model."""

from __future__ import annotations

from typing import cast

import pytest

from remit.testing.pytest_plugin import script
from tests.gate.desk import Bank

__all__ = ["bank", "database", "script"]


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database."""
    return "" if request.param == "sqlite" else cast("str", request.getfixturevalue("migrated_dsn"))


@pytest.fixture
def bank() -> Bank:
    """Where refunds happen."""
    return Bank()
