"""Four worlds that tools write to: a service with and without ETags, two databases, and Python. Each can be looked at,
and strangers can write to it past every tool.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from hypothesis import strategies as st

from tests.gate.undo_flow import ROWS
from tests.tools.openapi.crm import DOCUMENT, Crm, crm
from tests.tools.sql.shops import Shop, shop_of

Call = tuple[str, dict[str, Any]]
Calls = list[Call]
Write = tuple[int, int, str, int]
State = dict[int, dict[str, Any]]
KINDS = ("openapi", "openapi without etags", "sqlite", "postgres", "python")
_FLOWS = "from tests.gate.undo_flow import act\n"
_TOOLS = "from tests.gate.undo_flow import write_row\n"
_words = st.sampled_from(["open", "held", "solved"])


class World(Protocol):
    """Objects by number."""

    fields: tuple[str, str]
    """One that the tools write, and one that some of them do."""

    async def state(self) -> State: ...
    async def stranger(self, number: int, field: str) -> None: ...


class ServiceWorld:
    fields: tuple[str, str] = ("status", "notes")

    def __init__(self, service: Crm) -> None:
        self._crm = service

    async def state(self) -> State:
        return self._crm.state()

    async def stranger(self, number: int, field: str) -> None:
        if number in self._crm.tickets:
            self._crm.seed(number, **{**self._crm.tickets[number], field: "a stranger's"})


class ShopWorld:
    fields: tuple[str, str] = ("status", "customer")

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def state(self) -> State:
        rows = (await self._shop.state())["orders"]
        return {row[0]: dict(zip(("customer", "status", "total"), row[1:], strict=True)) for row in rows}

    async def stranger(self, number: int, field: str) -> None:
        await self._shop.execute(f"UPDATE orders SET {field} = 'a stranger''s' WHERE id = $1", number)  # noqa: S608


class PythonWorld:
    fields: tuple[str, str] = ("status", "notes")

    async def state(self) -> State:
        return {number: dict(row) for number, row in ROWS.items()}

    async def stranger(self, number: int, field: str) -> None:
        if number in ROWS:
            ROWS[number][field] = "a stranger's"


WRITES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 4), _words, st.integers(1, 4)), min_size=1, max_size=7
)
"""Any writes, of whatever kind the world is: which tool, to which object, with what."""


def calls_of(kind: str, writes: list[Write]) -> Calls:
    """Writes as calls of the tools of a world."""
    tools = _TOOLS_OF["openapi" if kind.startswith("openapi") else kind if kind == "python" else "sql"]
    return [tools[which % len(tools)](number, word, other) for which, number, word, other in writes]


_TOOLS_OF: dict[str, list[Callable[[int, str, int], Call]]] = {
    "openapi": [
        lambda number, word, other: ("update_ticket", {"id": str(number), "status": word}),
        lambda number, word, other: (
            "update_ticket",
            {"id": str(number), "notes": word, "status": str(other)},
        ),
        lambda number, word, other: (
            "replace_ticket",
            {"id": str(number), "title": word, "status": str(other)},
        ),
        lambda number, word, other: ("delete_ticket", {"id": str(number)}),
        lambda number, word, other: ("create_ticket", {"title": word}),
    ],
    "sql": [
        lambda number, word, other: ("set_status", {"id": number, "status": word}),
        lambda number, word, other: ("settle", {"status": word, "customer": "ada" if other > 1 else "bob"}),
        lambda number, word, other: ("add_order", {"id": number, "customer": word, "status": str(other)}),
        lambda number, word, other: ("drop_order", {"id": number}),
        lambda number, word, other: ("move_order", {"id": number, "to": other}),
    ],
    "python": [lambda number, word, other: ("write_row", {"id": number, "status": word})],
}


@asynccontextmanager
async def world(kind: str, workspace: Path, dsn: str) -> AsyncGenerator[World]:
    """A world with three objects, and a workspace whose tools reach it."""
    (workspace / "flows").mkdir()
    (workspace / "flows" / "acts.py").write_text(_FLOWS)
    if kind == "python":
        (workspace / "tools").mkdir()
        (workspace / "tools" / "rows.py").write_text(_TOOLS)
        ROWS.clear()
        ROWS.update({n: {"status": "open", "notes": "n"} for n in (1, 2, 3)})
        yield PythonWorld()
    elif kind.startswith("openapi"):
        async with crm(etags=kind == "openapi") as service:
            for number in (1, 2, 3):
                service.seed(number, title=f"t{number}", status="open", notes="n")
            (workspace / "crm.json").write_text(json.dumps(DOCUMENT))
            (workspace / "tools.toml").write_text(
                f'[openapi.crm]\ndocument = "crm.json"\nbase_url = "{service.base}"\n'
            )
            yield ServiceWorld(service)
    else:
        async with shop_of(kind, workspace, dsn) as shop:
            (workspace / "tools.toml").write_text(shop.toml())
            yield ShopWorld(shop)
