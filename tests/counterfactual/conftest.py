"""Workspaces on both databases, as the engine's tests have them."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.engine.conftest import fresh_world, on_postgres, on_sqlite, opened, place

__all__ = ["fresh_world", "on_postgres", "on_sqlite", "opened", "place"]


@pytest.fixture(autouse=True)
def own_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Loading a workspace leaves its modules and its path behind; and a file may change twice in one second."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.split(".")[0] in {"flows", "agents", "lib"}:
            del sys.modules[name]
