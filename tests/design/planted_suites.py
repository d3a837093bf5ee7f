"""Planted: suites that cannot see what they are there to see."""

from __future__ import annotations

from remit.quality.design.findings import FaultKind as Kind
from tests.design.planting import Planted, agent


def suite(count: int, margins: str = "", families: int = 0) -> str:
    """A suite of so many scenarios, each of a family of its own if nothing else is said."""
    said = "".join(
        f"  - name: case-{number}\n    question: Is it {number}?\n    gold: {{answer: {{contains: yes}}}}\n"
        + (f"    family: f{number % families}\n" if families else "")
        for number in range(count)
    )
    return f"target: clerk\n{margins}scenarios:\n{said}"


WIDE = "margins: {success: 0.2}\n"
CLERK = agent("clerk")
SMALL = [
    Planted(
        Kind.SMALL_SUITE, "a handful for three points", CLERK,
        files={"suites/few.yaml": suite(5)}, mended={"suites/few.yaml": suite(60, WIDE)},
    ),
    Planted(
        Kind.SMALL_SUITE, "as many as that, and all alike", CLERK,
        files={"suites/alike.yaml": suite(60, WIDE, families=6)}, mended={"suites/alike.yaml": suite(60, WIDE)},
    ),
    Planted(
        Kind.SMALL_SUITE, "a margin that is too fine", CLERK,
        files={"suites/fine.yaml": suite(60, "margins: {success: 0.05}\n")},
        mended={"suites/fine.yaml": suite(60, WIDE)},
    ),
]  # fmt: skip
