"""Books on SQLite and on Postgres, in which there was some trade."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.books import Books


@pytest.fixture(params=["sqlite", "postgres"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Books:
    """An empty workspace, on each database in turn."""
    if request.param == "sqlite":
        return Books(tmp_path, "sqlite:///books.db")
    return Books(tmp_path, request.getfixturevalue("migrated_dsn"))
