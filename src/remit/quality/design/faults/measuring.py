"""Faults of how a workspace is measured: suites that are too small for the margin they are to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.quality.design.findings import Fault, FaultKind
from remit.quality.gating.preflight import preflight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.quality.design.blueprint import Blueprint


def small_suite(plan: Blueprint) -> Iterator[Fault]:
    """Suites that cannot see what they are there to see."""
    for suite in plan.suites:
        found = preflight(suite.rules, suite.scenarios)
        if not found.enough:
            yield Fault(
                FaultKind.SMALL_SUITE, suite.name, suite.file,
                f"{found.sentence}: until then a gate on {suite.name} says neither yes nor no",
                "Add scenarios (remit eval add --from-run RUN), or give the metric a margin that is enough.",
            )  # fmt: skip
