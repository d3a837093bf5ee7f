"""A scenario judges by how a real system stands at the end: the agent acts on a database that is there to be tested
with, and a query of the workspace, through the gate, says what became of it.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

from remit.quality.suites.checking import problems
from remit.testing import stage

TOOLS = """
[sql.shop]
url = "sqlite:///shop.db"

[sql.shop.read.orders_of]
description = "The orders of a customer."
query = "select id, status from orders where customer = :customer order by id"

[sql.shop.write.set_status]
description = "Set the status of one order."
statement = "update orders set status = :status where id = :id"
parameters = { id = "integer", status = "string" }
"""
FLOW = """
from remit import Run, flow


@flow
async def settle(run: Run, customer: str, most: int) -> int:
    found = await run.call("orders_of", customer=customer)
    for order in found["rows"][:most]:
        await run.call("set_status", id=order["id"], status="settled")
    return len(found["rows"])
"""
SUITE = """
target: settle
scenarios:
  - name: all
    input: {customer: ada, most: 2}
    environment: {real: [orders_of, set_status]}
    gold:
      state:
        - {name: first, tool: orders_of, args: {customer: ada}, path: rows.0.status, expect: settled}
        - {name: second, tool: orders_of, args: {customer: ada}, path: rows.1.status, expect: settled}
  - name: one-is-left
    input: {customer: bob, most: 1}
    environment: {real: [orders_of, set_status]}
    gold:
      state:
        - {name: second, tool: orders_of, args: {customer: bob}, path: rows.1.status, expect: settled}
  - name: only-played
    input: {customer: cleo, most: 1}
    environment:
      state: {orders: [{id: 5, status: open}]}
      answers:
        - {tool: orders_of, result: {rows: [{id: 5, status: open}]}}
        - {tool: set_status, sets: {orders.0.status: '{status}'}}
    gold: {answer: 1, state: {orders.0.status: settled}}
"""


async def test_the_end_state_of_a_database_is_read_by_a_tool(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("create table orders (id integer primary key, customer text, status text)")
        rows = [(n, who, "open") for n, who in enumerate(("ada", "ada", "bob", "bob", "cleo"))]
        shop.executemany("insert into orders values (?, ?, ?)", rows)
    (tmp_path / "tools.toml").write_text(TOOLS)
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "shop.py").write_text(FLOW)
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "orders.yaml").write_text(SUITE)
    async with stage(workspace=tmp_path) as made:
        outcome: Any = (await made.platform.evaluating.run("orders")).outcome
        shelf = made.platform.suites.shelf
        production = replace(shelf.known, environment="prod")
        found = problems(shelf.suite("orders"), production)
    assert {each.message.split(", and")[0] for each in found} == {
        f"{name}: real names set_status, which acts" for name in ("all", "one-is-left")
    }
    (arm,) = outcome["arms"]
    assert [(each["scenario"], each["why"]) for each in arm["failed"]] == [
        ("one-is-left", 'second: "open" is not "settled"')
    ]
    assert (arm["goes"], arm["infra"]) == (3, 0)
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        now = shop.execute("select customer, status from orders order by id").fetchall()
    assert now == [
        ("ada", "settled"),
        ("ada", "settled"),
        ("bob", "settled"),
        ("bob", "open"),
        ("cleo", "open"),
    ]
