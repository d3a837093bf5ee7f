"""`remit check`: what is wrong with a workspace, before anything of it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli.errors import DONE, REFUSED
from remit.cli.output import Line, Span
from remit.cli.terminal import Command, Terminal
from remit.domain.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.upkeep.checking import CheckReport

_STYLES = {"error": "bad", "warning": "waits"}


@click.command(cls=Command)
@click.pass_obj
def check(terminal: Terminal) -> int:
    """Look at everything a workspace says: settings, code, agents, tools, models, secrets, budgets, rules, and whether
    what takes two people is written as it is in force.

    Nothing is started or changed. Exits with 1 if there is an error; a warning is only named.
    """
    from remit.control import settings
    from remit.control.upkeep import checking

    place = terminal.place()
    try:
        chosen = settings.load(place)
    except RemitError as wrong:
        report = checking.unreadable(wrong)
    else:
        report = terminal.execute(checking.check(place, chosen))
    terminal.answer(report, lambda: _lines(report))
    return DONE if report.ok else REFUSED


def _lines(report: CheckReport) -> Iterator[str]:
    for problem in report.problems:
        word = Span(f"{problem.severity:<8}", _STYLES[problem.severity])
        remedy = Span(f"  {problem.remedy}", "dim") if problem.remedy else ""
        yield Line.of(word, f" {problem.check}: {problem.message}", remedy).painted
    if report.problems:
        yield ""
    seen = ", ".join(
        f"{count} {name}{'' if count == 1 else 's'}"
        for name, count in (
            ("agent", report.agents), ("flow", report.flows), ("tool", report.tools), ("rule", report.rules),
        )
    )  # fmt: skip
    errors = sum(problem.severity == "error" for problem in report.problems)
    warnings = len(report.problems) - errors
    yield f"{seen}: {_verdict(errors, warnings)}"


def _verdict(errors: int, warnings: int) -> str:
    if errors:
        return f"{errors} to mend, {warnings} to look at"
    return f"nothing to mend, {warnings} to look at" if warnings else "nothing is wrong"
