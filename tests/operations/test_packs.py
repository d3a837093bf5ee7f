"""Evidence packs as data: every row says what answers it or why nothing does, and what it names is really there."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from remit.domain.errors import InvalidInput
from remit.operations.evidence import catalog
from remit.operations.evidence.catalog import FRAMEWORKS, Mechanism, framework, mechanisms
from remit.operations.evidence.pack import Answer, Citation, Pack, Row, Seen
from remit.operations.evidence.page import page_of
from tests.architecture.tree import ROOT

PROMISED = ("owasp-agentic", "owasp-llm", "eu-ai-act", "nist-ai-rmf", "iso-42001", "soc2")


@cache
def names_in(file: str) -> frozenset[str]:
    """The tests that a file really has."""
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    found = ast.walk(ast.parse(path.read_text("utf-8")))
    return frozenset(node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def missing(named: dict[str, Mechanism]) -> list[str]:
    """Tests that are named and do not exist."""
    return [
        test
        for each in named.values()
        for test in each.tests
        if test.partition("::")[2] not in names_in(test.partition("::")[0])
    ]


def test_every_test_that_a_pack_names_exists() -> None:
    assert missing(mechanisms()) == []


def test_a_test_that_does_not_exist_is_noticed() -> None:
    there = "tests/operations/test_packs.py::test_every_test_that_a_pack_names_exists"
    for wrong in (there + "_not", "tests/operations/gone.py::test_x", "tests/operations/test_packs.py"):
        assert missing({"x": Mechanism("x", "", (), (there, wrong))}) == [wrong]


def test_the_files_fit_together_and_hold_what_was_promised() -> None:
    assert FRAMEWORKS == PROMISED
    assert catalog.faults() == []
    used = {each.name for name in FRAMEWORKS for row in framework(name).controls for each in row.mechanisms}
    assert used == set(mechanisms()), "a mechanism that no framework asks for"


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_rows_are_told_apart_and_something_is_not_covered(name: str) -> None:
    """A pack without a gap would not be believed, and would not be true."""
    asked = framework(name)
    assert len({row.id for row in asked.controls}) == len(asked.controls) >= 10
    assert any(row.gap for row in asked.controls)
    assert all(row.gap for row in asked.controls if row.status != "answered")


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_every_row_that_claims_something_cites_what_took_place_and_a_test(name: str) -> None:
    for row in framework(name).controls:
        if row.mechanisms:
            assert any(each.events for each in row.mechanisms), row.id
            assert all(each.tests for each in row.mechanisms), row.id


def test_what_does_not_fit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        name: {"control": [{"id": "A", "asks": "?"}, {"id": "B", "asks": "?", "by": ["nobody"]}]}
        for name in FRAMEWORKS
    }
    files["mechanisms"] = {"m": {"does": "x", "events": ["no.kind"], "tests": []}}  # pyright: ignore[reportArgumentType]
    monkeypatch.setattr(catalog, "_read", files.__getitem__)
    found = catalog.faults()
    assert found[:2] == ["m: no.kind is no kind of event", "m names no test"]
    assert "soc2 A says neither what answers it nor why nothing does" in found
    assert "soc2 B: there is no mechanism nobody" in found


def test_a_framework_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput, match="no framework") as refused:
        framework("soc3")
    assert "soc2" in str(refused.value.hint)


def test_words_from_outside_are_words_on_the_page() -> None:
    bad = "<script>alert('x')</script>"
    cited = Citation(f"run:{bad}#1", 0, bad, "00", 0, None)
    answer = Answer("m", bad, [Seen("step.done", 1, [cited])], [bad])
    row = Row(bad, bad, "in part", bad, 1, [answer])
    pack = Pack("x", bad, bad, bad, bad, 0, 0, bad, 1, bad, 1, [row], {"in part": 1})
    page = page_of(pack)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 12
    assert "http" not in page, "nothing is loaded from anywhere"
    assert "\u202e" not in page_of(
        Pack("x", "\u202e", bad, bad, bad, 0, 0, bad, 1, bad, 1, [row], {"in part": 1})
    )
