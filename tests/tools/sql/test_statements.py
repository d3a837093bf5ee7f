"""Reading SQL: what is text stays text, what is a parameter is bound, and one statement is one."""

from __future__ import annotations

from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.tools.sql.statement import StatementError, Verb, read_statement

_PIECES = (
    "':no'",
    '":no"',
    "-- :no\n",
    "/* :no ; */",
    "'it''s :no'",
    ":yes",
    "1",
    "(",
    ")",
    ",",
    "::int",
    "x",
)
_pieces = st.lists(st.sampled_from(_PIECES), max_size=8)


@given(_pieces)
def test_only_what_is_sql_is_a_parameter(pieces: list[str]) -> None:
    statement = read_statement("select " + " ".join(pieces))
    sql = statement.sql()
    assert sql.names == (("yes",) if ":yes" in pieces else ())
    assert sql.text.count("$1") == pieces.count(":yes")
    kept = [piece for piece in pieces if piece[0] in "'\""]
    assert all(piece in sql.text for piece in kept)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        statement = read_statement(text)
    except StatementError as wrong:
        assert str(wrong)  # noqa: PT017 - both ends are fine
        return
    assert read_statement(statement.sql().text.replace("$", ":p")).verb is statement.verb


@given(st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20))
def test_a_quoted_text_reaches_the_database_as_it_is(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    database: Any = apsw.Connection(":memory:")
    sql = read_statement(f"select {quoted} as a, :b as b").sql()
    rows = list(database.execute(sql.text, {"1": "x"}))
    assert rows == [(text, "x")]


@pytest.mark.parametrize(
    ("text", "verb", "table", "alias"),
    [
        ("UPDATE shop.orders AS o SET a = 1", Verb.UPDATE, "shop.orders", "o"),
        ('delete from "Odd name" where x', Verb.DELETE, '"Odd name"', ""),
        ("insert into t values (1);", Verb.INSERT, "t", ""),
        ("insert into t as x (a) values (1)", Verb.INSERT, "t", "x"),
        ("with a as (select 1) select * from a", Verb.READ, "", ""),
        ("with a as (delete from t returning 1) select * from a", Verb.OTHER, "", ""),
        ("truncate t", Verb.OTHER, "", ""),
    ],
)
def test_what_a_statement_does(text: str, verb: Verb, table: str, alias: str) -> None:
    found = read_statement(text)
    assert (found.verb, found.table, found.alias) == (verb, table, alias)


@pytest.mark.parametrize(
    "text", ["", ";", "select 1; select 2", "select 'open", "select ?", "select $1", "delete from"]
)
def test_what_is_no_statement_is_refused(text: str) -> None:
    with pytest.raises(StatementError):
        read_statement(text)


def test_the_condition_is_the_one_of_the_statement_itself() -> None:
    where = "d = 'where' and (e = :x or f in (select 1))"
    text = f"update t set a = (select b from u where u.c = 1) where {where} returning g"  # noqa: S608 - it is read, not executed
    found = read_statement(text)
    assert "".join(token.text for token in found.where or ()).strip() == where
    assert found.returning
    assert found.sets(["a"])
    assert not found.sets(["d"])
