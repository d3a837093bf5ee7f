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

    from remit.control.upkeep.bench import CheckReport

_STYLES = {"error": "bad", "warning": "waits"}


@click.command(cls=Command)
@click.option("--design", is_flag=True, help="Review the design, and fail whatever it leaves open.")
@click.option("--markdown", is_flag=True, help="With --design: the review as a page.")
@click.pass_obj
def check(terminal: Terminal, design: bool, markdown: bool) -> int:
    """Look at everything a workspace says: settings, code, agents, tools, models, secrets, budgets, rules, whether
    what takes two people is written as it is in force, and whether its design holds.

    Nothing is started or changed. Exits with 1 if there is an error; a warning is only named.
    """
    from remit.control import settings
    from remit.control.upkeep import bench, checking

    if markdown and not design:
        raise click.UsageError("--markdown is for the review of a design: remit check --design --markdown")

    place = terminal.place()
    try:
        chosen = settings.load(place)
    except RemitError as wrong:
        report = bench.unreadable(wrong)
    else:
        promised = settings.reporting_terms(chosen, place).objectives
        report = terminal.execute(checking.check(place, chosen, design=design, objectives=promised))
    terminal.answer(report, lambda: _page(report) if markdown else _lines(report))
    return DONE if report.ok else REFUSED


def _page(report: CheckReport) -> Iterator[str]:
    """The review as Markdown; what keeps it from being made stands where it would be."""
    from remit.control.designing.telling import markdown as page

    if report.design is None:
        yield from (f"- **{each.check}** {each.message}" for each in report.problems)
    else:
        yield from page(report.design)


def _lines(report: CheckReport) -> Iterator[str]:
    yield from _review(report)
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


def _review(report: CheckReport) -> Iterator[str]:
    """What there is to know of a design beside what is wrong with it, where that was asked for."""
    from remit.control.designing import telling

    review = report.design
    if review is None:
        return
    for answer in review.answers:
        state = Span("open    " if answer.open else "answered", "bad" if answer.open else "good")
        by = Span(f"  {answer.by}", "dim") if answer.by else ""
        yield Line.of(state, f" {answer.question} {answer.flow}: {answer.said}", by).painted
    for each in review.estimates:
        bounds = f"{telling.steps(each)} model calls, {telling.cost(each)}, {telling.time(each)}"
        hops = f"{each.hops} hops, {each.known} of them known"
        yield f"at most  {each.flow}: {bounds}; p95 about {each.p95:.0f} s over {hops}"
    for fault in review.accepted:
        yield Line.of(
            Span("accepted", "dim"), f" {fault.place}: {fault.kind.value} of {fault.about}: {fault.accepted}"
        ).painted
    yield from (f"note     {note}" for note in review.notes)
    yield ""


def _verdict(errors: int, warnings: int) -> str:
    if errors:
        return f"{errors} to mend, {warnings} to look at"
    return f"nothing to mend, {warnings} to look at" if warnings else "nothing is wrong"
