"""What counts as noticed, and what as argued, when the code is changed on purpose."""

from __future__ import annotations

from scripts.mutate import ARGUED, LEAST, SUITES, arguments_of, configuration, judge
from tests.architecture.tree import ROOT

REPORT = """
    remit.policy.memo.x_a__mutmut_1: killed
    remit.policy.memo.x_a__mutmut_2: survived
    remit.policy.memo.x_a__mutmut_3: timeout
    remit.policy.memo.x_a__mutmut_4: no tests
    remit.policy.memo.x_a__mutmut_5: not checked
"""


def test_what_no_test_notices_is_argued_or_left() -> None:
    verdict = judge(REPORT, {"remit.policy.memo.x_a__mutmut_2": "the same"})
    assert (len(verdict.killed), verdict.argued) == (2, ["remit.policy.memo.x_a__mutmut_2"])
    assert verdict.left == ["remit.policy.memo.x_a__mutmut_4"], "what no test reaches is noticed by none"
    assert not verdict.passed
    assert judge(REPORT.replace("survived", "killed").replace("no tests", "killed"), {}).passed


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
    for package, suites in SUITES.items():
        assert (ROOT / "src" / "remit" / package).is_dir()
        assert all((ROOT / suite).is_dir() for suite in suites)
        assert f"src/remit/{package}/" in configuration(package)
