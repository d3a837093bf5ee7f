"""What counts as noticed, and what as argued, when the code is changed on purpose; and what is tried again."""

from __future__ import annotations

from pathlib import Path

from scripts.mutants_first import PATIENCE, affordable
from scripts.mutate import (
    ARGUED,
    LEAST,
    NEVER,
    SUITES,
    arguments_of,
    by_module,
    configuration,
    judge,
    renew_part,
)
from tests.architecture.tree import ROOT

REPORT = """
    remit.policy.memo.x_a__mutmut_1: killed
    remit.policy.memo.x_a__mutmut_2: survived
    remit.policy.memo.x_a__mutmut_3: timeout
    remit.policy.memo.x_a__mutmut_4: no tests
    remit.policy.cedar.x_a__mutmut_5: not checked
"""


def test_what_no_test_notices_is_argued_or_left() -> None:
    verdict = judge(REPORT, {"remit.policy.memo.x_a__mutmut_2": "the same"})
    assert (len(verdict.killed), verdict.argued) == (2, ["remit.policy.memo.x_a__mutmut_2"])
    assert verdict.left == ["remit.policy.memo.x_a__mutmut_4"], "what no test reaches is noticed by none"
    assert not verdict.passed
    good = REPORT.replace("survived", "killed").replace("no tests", "killed")
    assert not judge(good, {}).passed, "what was not tried is not known"
    assert judge(good.replace("not checked", "killed"), {}).passed


def test_each_module_has_its_figure() -> None:
    modules = by_module(REPORT, {})
    assert list(modules) == ["remit.policy.cedar", "remit.policy.memo"]
    assert modules["remit.policy.memo"].line == " 50.0%  2 killed, 2 left, 0 argued"
    assert modules["remit.policy.cedar"].line == "     -  0 killed, 0 left, 0 argued, 1 not tried"


def test_nothing_tried_is_nothing_passed() -> None:
    assert not judge("", {}).passed
    assert LEAST == 0.95


def test_every_argument_has_a_name_and_a_reason() -> None:
    argued = arguments_of(ARGUED.read_text("utf-8"))
    assert argued
    assert all(
        name.startswith("remit.") and "__mutmut_" in name and why.endswith(".")
        for name, why in argued.items()
    )


def test_the_code_and_the_tests_that_are_named_exist() -> None:
    assert all((ROOT / path).is_file() for path in NEVER)
    for package, suites in SUITES.items():
        assert (ROOT / "src" / "remit" / package).is_dir()
        assert all((ROOT / suite).exists() for suite in suites)
        assert f'"src/remit/{package}/*.py"' in configuration(package), "mutmut's star goes into folders, too"


def test_a_copy_is_renewed_where_it_differs_and_nowhere_else(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    (source / "deep").mkdir(parents=True)
    for name in ("same", "deep/other", "gone"):
        (source / name).write_text(name)
    assert len(renew_part(source, target)) == 3
    before = (target / "same").stat().st_mtime_ns
    (source / "deep" / "other").write_text("changed")
    (source / "gone").unlink()
    assert sorted(renew_part(source, target)) == [target / "deep" / "other", target / "gone"]
    assert (target / "deep" / "other").read_text() == "changed"
    assert (target / "same").stat().st_mtime_ns == before
    assert not (target / "gone").exists()
    assert renew_part(source / "same", tmp_path / "file") == [tmp_path / "file"]
    assert renew_part(source / "same", tmp_path / "file") == []


def test_tests_are_run_until_patience_ends_and_one_always() -> None:
    assert affordable([0.5, 0.5, PATIENCE, 1.0]) == 2
    assert affordable([PATIENCE * 9, 0.1]) == 1
    assert affordable([0.1] * 3) == 3
    assert affordable([]) == 0
