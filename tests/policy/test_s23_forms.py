"""The one form of each kind of value, at its edges: what is told apart here is told apart by every contract (S23)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from remit.policy.provenance.parsers import KINDS, Known, known, number_of, parse, same_day


@pytest.mark.parametrize(
    ("value", "kind", "form"),
    [
        (None, "nothing", ""), (True, "boolean", "true"), (False, "boolean", "false"), (0, "number", "0"),
        (-0.0, "number", "0"), (100, "number", "100"), (1e3, "number", "1000"), (1.50, "number", "1.5"),
        (float("inf"), "number", "inf"), ([1], "text", "[1]"), ({"a": 1}, "text", "{'a': 1}"),
        ("", "text", ""), ("  ", "text", "  "), ("a\nb", "text", "a\nb"), ("x " * 101, "text", "x " * 101),
        ("x" * 2049, "text", "x" * 2049), ("x" * 200, "name", "x" * 200), (" Jane   DOE ", "name", "jane doe"),
        ("Ana.Silva@Example.ORG", "email", "ana.silva@example.org"), ("a@b", "name", "a@b"),
        ("a@b.c", "name", "a@b.c"),
        ("DE89 3704 0044 0532 0130 00", "iban", "DE89370400440532013000"), ("GB82WEST12345698765432", "iban",
         "GB82WEST12345698765432"), ("AB12CDEFGHIJKL", "id", "ab12cdefghijkl"), ("de89370400440532013000", "id",
         "de89370400440532013000"),
        ("https://Example.org", "url", "http://example.org"), ("http://example.org:80/A", "url",
        "http://example.org/A"),
        ("https://example.org:443/", "url", "http://example.org"), ("ftp://x.org/a?b#c", "url", "ftp://x.org/a?b#c"),
        ("example.org", "url", "http://example.org"), ("example.org:8080/x", "url", "http://example.org:8080/x"),
        ("report.txt", "path", "report.txt"), ("http://x?y", "name", "http://x?y"),
        ("/etc/hosts", "path", "/etc/hosts"),
        ("a/b c.pdf", "path", "a/b c.pdf"), ("+7", "number", "7"), ("-1.50", "number", "-1.5"), ("1.", "name", "1."),
        ("1234567890123456", "id", "1234567890123456"), ("007", "number", "7"),
        ("2026-11-20", "date", "2026-11-20"), ("2026-02-30", "id", "2026-02-30"),
        ("20.11.2026", "date", "2026-11-20"),
        ("20. 11. 2026", "date", "2026-11-20"), ("20/11/2026", "date", "2026-11-20"),
        ("11/20/2026", "date", "2026-11-20"),
        ("5/5/2026", "date", "2026-05-05"), ("5/6/2026", "name", "5/6/2026"), ("12/13/2026", "date", "2026-12-13"),
        ("12/12/2026", "date", "2026-12-12"), ("May 5", "date", "-05-05"), ("5 May", "date", "-05-05"),
        ("May 5th, 2026", "date", "2026-05-05"), ("5th of May 2026", "date", "2026-05-05"),
        ("May 32", "name", "may 32"),
        ("Foo 5", "name", "foo 5"), ("2026年5月6日", "date", "2026-05-06"), ("5月6号", "date", "-05-06"),
        ("13月6日", "name", "13月6日"), ("1月0日", "name", "1月0日"), ("12月31日", "date", "-12-31"),
        ("2026-11-20T10:00", "datetime", "2026-11-20T10:00:00"), ("2026-11-20 10:00:30z", "datetime",
         "2026-11-20T10:00:30+00:00"), ("2026-11-20T25:00", "id", "2026-11-20t25:00"),
        ("9:05", "time", "09:05"), ("23:59:59", "time", "23:59"), ("12:00 am", "time", "00:00"), ("12:30PM", "time",
         "12:30"), ("1:00 pm", "time", "13:00"), ("24:00", "id", "24:00"), ("14 Uhr", "time", "14:00"),
        ("14.30 Uhr", "time", "14:30"), ("14h", "time", "14:00"), ("14 h 05", "time", "14:05"),
        ("INV-2026#7", "id", "inv-2026#7"), ("a1 b2", "name", "a1 b2"), ("Q1", "id", "q1"), ("1", "number", "1"),
    ],
)  # fmt: skip
def test_s23_a_value_is_of_one_kind_and_has_one_form(value: Any, kind: str, form: str) -> None:
    assert known(value) == Known(kind, form)


@pytest.mark.parametrize(
    ("kind", "value", "form"),
    [
        ("money", "1,234.50", "1234.5"), ("money", "1.234,50", "1234.5"), ("money", "€ 12,5", "12.5"),
        ("money", "12 USD", "12"),
        ("money", "$1,000,000", "1000000"), ("money", "1’234,56 CHF", "1234.56"), ("money", "-3,20", "-3.2"),
        ("money", "12,345", "12345"), ("money", "twelve", None), ("money", "1,23,4", None), ("money", "+5%", "5"),
        ("number", 7, "7"), ("number", " 7 ", "7"), ("number", "x", None), ("name", 7, None),
        ("name", " Jane  Doe", "jane doe"),
        ("name", "INV-7x", "inv-7x"), ("text", "a", "a"), ("text", " a ", "a"), ("id", "abc", "abc"),
        ("id", "a b", None),
        ("id", "A", None), ("id", "x" * 128, "x" * 128), ("id", "x" * 129, None), ("email", "a@b.co", "a@b.co"),
        ("email", "nobody", None), ("boolean", True, "true"), ("boolean", "true", None), ("nothing", None, ""),
        ("url", "example.org", "http://example.org"), ("path", "Makefile", None),
        ("date", "5. Mai 2026", "2026-05-05"),
        ("kind", "x", None), ("number", [1], None),
    ],
)  # fmt: skip
def test_s23_a_value_is_read_as_what_it_is_asked_to_be(kind: str, value: Any, form: str | None) -> None:
    assert parse(kind, value) == form


def test_s23_a_value_that_says_too_little_counts_in_its_place_alone() -> None:
    assert [Known("name", form).short for form in ("abcde", "abcdef")] == [True, False]
    strong = {kind for kind in KINDS if Known(kind, "x" * 9).strong}
    typed = {kind for kind in (*KINDS, "nothing") if Known(kind, "x" * 9).typed}
    short = {kind for kind in (*KINDS, "nothing") if Known(kind, "x" * 9).short}
    assert strong == {"email", "iban", "url", "path"}
    assert typed == short == {"number", "date", "datetime", "time", "boolean", "nothing"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2026-05-05", "May 5", True), ("May 5", "2026-05-05", True), ("May 5", "5 May", True),
        ("2026-05-05", "2026-05-05", True),
        ("2026-05-05", "2025-05-05", False), ("May 5", "May 6", False), ("2026-05-05", "5", False), ("5", "5", False),
        ("2026-05-05T00:00", "May 5", False),
    ],
)  # fmt: skip
def test_s23_a_day_without_its_year_is_that_day_of_any(one: str, other: str, same: bool) -> None:
    assert same_day(known(one), known(other)) is same
    assert same_day(known(other), known(one)) is same


def test_s23_a_number_is_read_out_of_its_own_text_alone() -> None:
    assert [number_of(each) for each in (7, "7.50", -1.0)] == [Decimal(7), Decimal("7.5"), Decimal(-1)]
    assert [number_of(each) for each in ("7 USD", True, None, "x", [7])] == [None] * 5
