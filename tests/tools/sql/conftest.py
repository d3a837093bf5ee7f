"""The shop of these tests, in both kinds of database."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.tools.sql.shops import Shop, shop_of


@pytest.fixture(params=["sqlite", "postgres"])
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Shop]:
    kind = str(request.param)
    dsn = str(request.getfixturevalue("postgres_dsn")) if kind == "postgres" else ""
    async with shop_of(kind, tmp_path, dsn) as opened:
        yield opened
