"""Each test of shared budgets runs on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gate.budgets.books import Place, prepare


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each dialect in turn."""
    if request.param == "sqlite":
        made = f"sqlite:///{tmp_path / 'remit.db'}"
    else:
        made = request.getfixturevalue("migrated_dsn")
    asyncio.run(prepare(made))
    return made


@pytest.fixture
async def place(url: str) -> AsyncIterator[Place]:
    """A database on which several books draw."""
    made = Place(url)
    yield made
    await made.close()
