"""What the gate's tests are given."""

from __future__ import annotations

import pytest

from remit.testing.pytest_plugin import script
from tests.engine.conftest import on_postgres, on_sqlite, opened, place
from tests.gate.desk import Bank
from tests.tools.sql.conftest import shops

__all__ = ["bank", "on_postgres", "on_sqlite", "opened", "place", "script", "shops"]


@pytest.fixture
def bank() -> Bank:
    """Where refunds happen."""
    return Bank()
