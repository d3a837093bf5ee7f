"""Tools over a real SQLite and a real Postgres: bound, read-only where they say so, exact in what they remember."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit.domain.action_errors import CannotUndo, InvalidTool
from remit.domain.effects import Absent, Happened
from remit.domain.errors import InvalidSetting, ToolFailed
from remit.domain.tools import Undo
from remit.tools.registry import Registry
from remit.tools.sources import open_sources
from tests.tools.calling import context, perform, receipt, undo
from tests.tools.sql.shops import Shop, shop_of

_INJECTION = "x' OR 1=1; DROP TABLE orders; --"


async def test_a_query_binds_what_it_is_given(shop: Shop, tmp_path: Path) -> None:
    async with shop.tools(tmp_path) as tools:
        found = await perform(tools.get("orders_of"), customer="ada")
        assert found.result == {"rows": [{"id": 1, "status": "open"}, {"id": 3, "status": "held"}]}
        assert (await perform(tools.get("orders_of"), customer=_INJECTION)).result == {"rows": []}
        before = await shop.state()
        await perform(tools.get("set_status"), id=1, status=_INJECTION)
        assert (await shop.execute("SELECT status FROM orders WHERE id = 1")) == [(_INJECTION,)]
        assert len((await shop.state())["orders"]) == len(before["orders"])


_WRITES = (
    "delete from orders",
    "select 1; delete from orders",
    "with gone as (delete from orders returning *) select * from gone",
    "select * into stolen from orders",
    "drop table orders",
    "pragma query_only = off",
    "attach 'other.db' as other",
    "set transaction read write",
    "commit",
    "copy orders to program 'true'",
    "select set_config('transaction_read_only', 'off', false)",
    'select U&"pg_slee\\0070"(9)',
    "select 1 as e'\\'; delete from orders --'",
    "select 1 /* /* */ ; delete from orders; -- */ */",
    "select nextval('numbers')",
    "select load_extension('x')",
    "explain analyze delete from orders",
    "vacuum",
    "",
    "select 'never closed",
    "select :what",
)


async def test_whatever_a_model_asks_only_reading_is_executed(shop: Shop, tmp_path: Path) -> None:
    await shop.execute(
        "CREATE TABLE numbers (n integer)" if shop.kind == "sqlite" else "CREATE SEQUENCE numbers"
    )
    before = await shop.state()
    async with shop.tools(tmp_path) as tools:
        ask = tools.get("ask_shop")
        for sql in _WRITES:
            with pytest.raises(ToolFailed):
                await perform(ask, sql=sql)
            assert await shop.state() == before, sql
            assert (await perform(ask, sql="select count(*) as n from orders;")).result == {
                "rows": [{"n": 3}]
            }


_ACTING = (
    "select pg_terminate_backend(pg_backend_pid())",
    'select pg_catalog . "pg_sleep" (60)',
    "select pg_notify('x', 'y')",
    "select pg_advisory_lock(1)",
    "select set_config('search_path', 'x', false)",
    "select pg_read_file('/etc/hostname')",
    "select lo_get(1), lo_import('/etc/hostname')",
    "select query_to_xml('select 1', true, true, '')",
    "select /* harmless */ count(*), Pg_Terminate_Backend /* ( */ (1) from orders",
    "select * from pg_logical_emit_message(true, 'x', 'y')",
)


async def test_functions_that_act_are_no_reading_whatever_the_transaction_allows(
    shop_dsn: str, tmp_path: Path
) -> None:
    async with shop_of("postgres", tmp_path, shop_dsn) as shop, shop.tools(tmp_path) as tools:
        for sql in _ACTING:
            with pytest.raises(ToolFailed, match=r"\(\) does more than to read"):
                await perform(tools.get("ask_shop"), sql=sql)
        fine = "select lower(max(customer)), now() is null, random() < 2, (select count(*) from lines) from orders"
        assert len((await perform(tools.get("ask_shop"), sql=fine)).result["rows"]) == 1


async def test_a_statement_that_breaks_its_own_connection_is_told_to_the_model_and_not_repeated(
    shop_dsn: str, tmp_path: Path
) -> None:
    async with shop_of("postgres", tmp_path, shop_dsn) as shop, shop.tools(tmp_path) as tools:
        await shop.execute(
            "CREATE FUNCTION leave() RETURNS boolean LANGUAGE sql AS 'SELECT pg_terminate_backend(pg_backend_pid())'"
        )
        with pytest.raises(ToolFailed, match="shop broke off while this was executed, and nothing was done"):
            await perform(tools.get("ask_shop"), sql="select leave()")
        assert (await perform(tools.get("ask_shop"), sql="select 1 as n")).result == {"rows": [{"n": 1}]}


async def test_answers_have_an_end(shop: Shop, tmp_path: Path) -> None:
    async with shop.tools(tmp_path) as tools:
        many = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 200) select i from n"
        found = await perform(tools.get("ask_shop"), sql=many)
        assert len(found.result["rows"]) == 50
        assert "first 50 rows" in found.result["note"]
        large = {"sqlite": "select zeroblob(60000000)", "postgres": "select repeat('x', 60000000)"}[shop.kind]
        with pytest.raises(ToolFailed, match="more than 50 MiB"):
            await perform(tools.get("ask_shop"), sql=large)


async def test_a_query_without_end_is_ended(shop: Shop, tmp_path: Path) -> None:
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
    async with shop.tools(tmp_path, source="seconds = 0.3") as tools:
        with pytest.raises(ToolFailed):  # and is not tried again: it would be as long
            await perform(tools.get("ask_shop"), sql=endless)


async def test_values_that_json_lacks_are_told_as_what_they_are(shop: Shop, tmp_path: Path) -> None:
    queries = {
        "sqlite": "select 9007199254740993 as big, x'00ff' as bytes, 1e999 as much, 1 as id, 2 as id",
        "postgres": (
            "select 9007199254740993 as big, '\\x00ff'::bytea as bytes, 'Infinity'::float8 as much, "
            "1 as id, 2 as id, 19.90::numeric as money, '2026-01-02'::date as day"
        ),
    }
    async with shop.tools(tmp_path) as tools:
        (row,) = (await perform(tools.get("ask_shop"), sql=queries[shop.kind])).result["rows"]
    assert (row["big"], row["bytes"], row["much"]) == ("9007199254740993", {"base64": "AP8="}, "inf")
    assert (row["id"], row["id_2"]) == (1, 2)
    assert (row.get("money", "19.90"), row.get("day", "2026-01-02")) == ("19.90", "2026-01-02")


@pytest.mark.parametrize(
    ("tool", "arguments", "objects"),
    [
        ("set_status", {"id": 1, "status": "solved"}, ["shop.orders/1"]),
        ("set_status", {"id": 1, "status": None}, ["shop.orders/1"]),
        ("set_status", {"id": 99, "status": "x"}, []),
        ("settle", {"status": "s", "customer": "ada"}, ["shop.orders/1", "shop.orders/3"]),
        ("add_order", {"id": 9, "customer": "eve", "status": None}, ["shop.orders/9"]),
        ("drop_order", {"id": 2}, ["shop.orders/2"]),
        ("move_order", {"id": 2, "to": 20}, ["shop.orders/2", "shop.orders/20"]),
        ("set_line", {"order_id": 1, "number": 2, "text": "cup"}, ["shop.lines/1,2"]),
    ],
)
async def test_each_row_that_a_write_touches_has_an_image_and_comes_back(
    tool: str, arguments: dict[str, Any], objects: list[str], shop: Shop, tmp_path: Path
) -> None:
    async with shop.tools(tmp_path) as tools:
        before = await shop.state()
        found = tools.get(tool)
        assert found.manifest.undo is Undo.RESTORE
        done = await perform(found, **arguments)
        assert sorted(image.object for image in done.images) == sorted(objects)
        assert (await shop.state() != before) == bool(objects)
        made = receipt(found, arguments, done)
        for image in reversed(done.images):
            now, digest = await found.binding.current(made, image, context())
            assert now == image.after
            assert digest == image.precondition
            await found.binding.restore(made, image, image.before, digest, context())
        assert await shop.state() == before


async def test_a_row_of_many_types_comes_back_exactly(tmp_path: Path, shop: Shop) -> None:
    values = {
        "sqlite": "(1, 9007199254740993, x'00ff', 1e999, 0.1, 'half', NULL)",
        "postgres": (
            "(1, 9007199254740993, '\\x00ff', 'NaN', 0.10000000000000000000001, "
            "'{\"a\": 1.50, \"b\": [9007199254740993]}', '2026-01-02 03:04:05.678901+02')"
        ),
    }
    types = ("int8", "bytea", "float8", "numeric", "jsonb", "timestamptz")
    columns = ", ".join(f"c{n} {kind if shop.kind == 'postgres' else ''}" for n, kind in enumerate(types))
    await shop.execute(f"CREATE TABLE wide (id integer PRIMARY KEY, {columns})")
    await shop.execute(f"INSERT INTO wide VALUES {values[shop.kind]}")  # noqa: S608
    look = "SELECT id, c0, c1, c2, c3, c4, c5 FROM wide"
    if shop.kind == "postgres":
        look = "SELECT id, c0, c1, c2::text, c3::text, c4::text, c5::text FROM wide"
    before = await shop.execute(look)
    rest = '[sql.shop.write.drop_wide]\nstatement = "delete from wide where id = :id"\n'
    rest += '[sql.shop.write.blank_wide]\nstatement = "update wide set c0 = 1, c1 = null, c2 = 1, c3 = 1, c4 = null"\n'
    async with shop.tools(tmp_path, rest=rest) as tools:
        for name, arguments in (("drop_wide", {"id": 1}), ("blank_wide", {})):
            done = await perform(tools.get(name), **arguments)
            assert await shop.execute(look) != before
            await undo(tools.get(name), arguments, done)
            assert await shop.execute(look) == before


async def test_s27_a_strangers_row_is_not_written_over(shop: Shop, tmp_path: Path) -> None:
    async with shop.tools(tmp_path) as tools:
        tool, arguments = tools.get("set_status"), {"id": 1, "status": "solved"}
        done = await perform(tool, **arguments)
        made, image = receipt(tool, arguments, done), done.images[0]
        _, digest = await tool.binding.current(made, image, context())
        await shop.execute("UPDATE orders SET customer = 'a stranger' WHERE id = 1")
        with pytest.raises(CannotUndo, match="somebody else"):
            await tool.binding.restore(made, image, image.before, digest, context())
        assert await shop.execute("SELECT customer, status FROM orders WHERE id = 1") == [
            ("a stranger", "solved")
        ]


async def test_what_sets_off_something_else_is_not_said_to_be_undoable(shop: Shop, tmp_path: Path) -> None:
    async with shop.tools(tmp_path) as tools:
        words = {
            name: tools.get(name).manifest
            for name in ("set_audited", "drop_parent", "add_nameless", "put_order")
        }
    assert {manifest.undo for manifest in words.values()} == {Undo.NONE}
    assert "the trigger audit" in words["set_audited"].best_effort
    assert "CASCADE" in words["drop_parent"].best_effort
    assert "no primary key" in words["add_nameless"].best_effort
    assert "ON CONFLICT" in words["put_order"].best_effort
    async with shop.tools(tmp_path, set_audited="complete = true") as tools:
        manifest = tools.get("set_audited").manifest
        assert manifest.undo is Undo.RESTORE
        assert "is not put back" in manifest.best_effort


async def test_a_keyed_write_happens_once_and_can_be_found_out(shop: Shop, tmp_path: Path) -> None:
    async with shop.tools(tmp_path) as tools:
        tool, arguments = tools.get("settle"), {"status": "paid", "customer": "bob"}
        assert tool.manifest.keyed
        assert tool.manifest.reconciles
        assert await tool.binding.reconcile(arguments, context(key="k-1")) == Absent()
        first = await tool.binding.perform(arguments, context(key="k-1"))
        assert await tool.binding.perform(arguments, context(key="k-1")) == first
        assert await tool.binding.reconcile(arguments, context(key="k-1")) == Happened(first)
        assert await shop.execute("SELECT total FROM orders WHERE id = 2") == [(3.5,)]
        await tool.binding.perform(arguments, context(key="k-2"))
        assert await shop.execute("SELECT total FROM orders WHERE id = 2") == [(4.5,)]


async def test_a_write_that_the_database_refuses_left_nothing(shop: Shop, tmp_path: Path) -> None:
    async with shop.tools(tmp_path, set_status="rows = 1", settle="rows = 1") as tools:
        before = await shop.state()
        with pytest.raises(ToolFailed, match="does not take it"):
            await perform(tools.get("add_order"), id=1, customer="x", status="x")
        with pytest.raises(ToolFailed, match="more than 1 rows"):
            await perform(tools.get("settle"), status="x", customer="ada")
        assert await shop.state() == before
        assert await shop.execute("SELECT count(*) FROM remit_keys") == [(0,)]


async def test_an_undo_that_the_database_refuses_says_why(shop: Shop, tmp_path: Path) -> None:
    async with shop.tools(tmp_path) as tools:
        tool, arguments = tools.get("move_order"), {"id": 2, "to": 20}
        done = await perform(tool, **arguments)
        image = next(image for image in done.images if image.after is None)
        refusing = {
            "sqlite": "CREATE TRIGGER few BEFORE INSERT ON orders BEGIN SELECT RAISE(ABORT, 'few'); END",
            "postgres": "ALTER TABLE orders ADD CONSTRAINT few CHECK (id > 2) NOT VALID",
        }
        await shop.execute(refusing[shop.kind])
        made = receipt(tool, arguments, done)
        _, digest = await tool.binding.current(made, image, context())
        with pytest.raises(CannotUndo, match=r"cannot be put back: .*few"):
            await tool.binding.restore(made, image, image.before, digest, context())


@pytest.mark.parametrize(
    ("rest", "sentence"),
    [
        ('[sql.shop.read.bad]\nquery = "select nothing from orders"', "not taken by the database"),
        ('[sql.shop.read.bad]\nquery = "delete from orders"', "is no query"),
        ('[sql.shop.write.bad]\nstatement = "select 1"', "changes nothing"),
        ('[sql.shop.write.bad]\nstatement = "delete from nowhere"', "not taken by the database|no table"),
        ('[sql.shop.read.bad]\nquery = "select 1; select 2"', "more than one statement"),
        ('[sql.shop.read.bad]\nquery = "select ?"', "parameters are written :name"),
        (
            '[sql.shop.read.bad]\nquery = "select :a"\nparameters = { b = "string" }',
            'describes the parameter "b"',
        ),
        (
            '[sql.shop.read.bad]\nquery = "select 1"\nrowz = 3',
            r'has "rowz", which means nothing \(nearest: "rows"\)',
        ),
        ('[sql.shop.read.bad]\nquery = "select 1"\nrows = "3"', "it takes a whole number"),
        ("[sql.shop.read.bad]\nrows = 3", 'needs "query"'),
        ('[sqll.shop]\nurl = ""', r"no kind of source \(nearest: \"sql\"\)"),
    ],
)
async def test_what_is_declared_wrongly_is_refused_when_it_is_opened(
    rest: str, sentence: str, shop: Shop, tmp_path: Path
) -> None:
    (tmp_path / "tools.toml").write_text(shop.toml(rest=rest))
    with pytest.raises(InvalidTool, match=sentence):
        await open_sources(tmp_path, Registry())


async def test_a_database_that_is_not_there_is_left_out_and_said(tmp_path: Path) -> None:
    (tmp_path / "tools.toml").write_text(
        '[sql.a]\nurl = "sqlite:///nowhere.db"\n[sql.a.read.x]\nquery = "select 1"\n'
        '[sql.b]\nurl = "postgresql://u@127.0.0.1:1/x"\n[sql.b.read.y]\nquery = "select 1"\n'
    )
    registry = Registry()
    left = await open_sources(tmp_path, registry)
    assert [each.source for each in left] == ["sql:a", "sql:b"]
    assert len(registry) == 0


async def test_a_password_does_not_stand_in_a_url(tmp_path: Path) -> None:
    (tmp_path / "tools.toml").write_text('[sql.b]\nurl = "postgresql://u:p@127.0.0.1/x"\nquery = "q"\n')
    with pytest.raises(InvalidSetting, match="holds a password"):
        await open_sources(tmp_path, Registry())
