"""The two durable savers of LangGraph, opened the way its documentation recommends for throughput.

It owns opening and closing them. It must not know which graph they serve.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

POOL = 20


@asynccontextmanager
async def open_saver(wanted: dict[str, Any]) -> AsyncIterator[BaseCheckpointSaver[Any]]:
    """SQLite in WAL (the saver sets it) or Postgres behind a warm pool of prepared connections."""
    if wanted["store"] == "sqlite":
        async with AsyncSqliteSaver.from_conn_string(
            str(Path(wanted["directory"]) / "langgraph.sqlite")
        ) as saver:
            await saver.setup()
            yield saver
    else:
        connection = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
        async with AsyncConnectionPool(
            wanted["dsn"], min_size=POOL, max_size=POOL, kwargs=connection
        ) as pool:
            await pool.wait()
            saver = AsyncPostgresSaver(pool)
            await saver.setup()
            yield saver
