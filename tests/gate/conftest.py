"""What the gate's tests are given."""

from __future__ import annotations

import pytest

from remit.testing.pytest_plugin import script
from tests.gate.desk import Bank

__all__ = ["bank", "script"]


@pytest.fixture
def bank() -> Bank:
    """Where refunds happen."""
    return Bank()
