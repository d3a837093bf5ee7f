"""The shop of these tests, in both kinds of database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.postgres import PostgresServer
from tests.recycling import Recycled
from tests.tools.sql.shops import Shop, shop_of, stock


@pytest.fixture(scope="session")
def shops(postgres: PostgresServer) -> Iterator[Recycled]:
    """Databases on a server with a shop in each."""
    with closing(Recycled(postgres, stock)) as made:
        yield made


@pytest.fixture
def shop_dsn(shops: Recycled) -> Iterator[str]:
    """One of them."""
    with shops.one() as dsn:
        yield dsn


@pytest.fixture(params=["sqlite", "postgres"])
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Shop]:
    kind = str(request.param)
    dsn = str(request.getfixturevalue("shop_dsn")) if kind == "postgres" else ""
    async with shop_of(kind, tmp_path, dsn) as opened:
        yield opened
