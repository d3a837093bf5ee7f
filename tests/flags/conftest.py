"""Workspaces on both databases, as the engine's tests have them."""

from __future__ import annotations

from remit.testing.pytest_plugin import script
from tests.engine.conftest import on_postgres, on_sqlite, opened, place

__all__ = ["on_postgres", "on_sqlite", "opened", "place", "script"]
