"""What the tests of containment are given: a bank to act on, a scripted model, and each store in turn."""

from __future__ import annotations

import pytest

from remit.testing.pytest_plugin import script
from tests.engine.conftest import on_postgres, on_sqlite, opened, place
from tests.gate.desk import Bank

__all__ = ["bank", "on_postgres", "on_sqlite", "opened", "place", "script"]


@pytest.fixture
def bank() -> Bank:
    """Where refunds happen."""
    return Bank()
