"""`remit release drift`: what shapes agents and is not what it was, and what they do otherwise than they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli import wording
from remit.cli.errors import DONE, REFUSED
from remit.cli.output import Line, Span, table
from remit.cli.terminal import Command, Terminal, now
from remit.domain.drift_events import FingerprintChanged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.drifting.views import DriftReport, DriftView


@click.command(cls=Command)
@click.option(
    "--since", default="7d", show_default=True, metavar="TIME", help="How far back, such as 7d or 12h."
)
@click.option("--agent", default="", help="Only this agent, or this flow.")
@click.pass_obj
def drift(terminal: Terminal, since: str, agent: str) -> int:
    """Say what drifted: prompts, models, tools, rules and code first, then success, steps, cost and the mix of tools.

    Exits with 1 if anything did.
    """
    found = terminal.ask_office(lambda office: office.drifting.report(since, agent))
    terminal.answer(found, lambda: _lines(found, now()))
    return REFUSED if found.found else DONE


def _lines(report: DriftReport, at: int) -> Iterator[str]:
    changed = [each for each in report.found if isinstance(each.finding, FingerprintChanged)]
    shifted = [each for each in report.found if not isinstance(each.finding, FingerprintChanged)]
    if not report.found:
        yield f"nothing drifted since {wording.clock_time(report.since, at)}"
    if changed:
        yield "changed:"
        yield from (line for each in changed for line in _finding(each, at))
    if shifted:
        yield "shifted:"
        yield from (line for each in shifted for line in _finding(each, at))
    if report.watched:
        yield ""
        rows = [
            (
                each.name, str(each.runs), wording.ago(each.since, at) if each.runs else "",
                "" if each.enough else "too few runs to say anything",
            )
            for each in report.watched
        ]  # fmt: skip
        yield from table(("looked at", "runs", "since", ""), rows)


def _finding(each: DriftView, at: int) -> Iterator[str]:
    style = "bad" if each.worse else "waits"
    yield Line.of("  ", Span(each.sentence, style), f"  ({wording.ago(each.at, at)})").painted
    finding = each.finding
    if finding.evidence:
        yield f"      such as {', '.join(finding.evidence)}"
    if not isinstance(finding, FingerprintChanged):
        yield (
            f"      {finding.statistic:.3g}, beyond {finding.threshold:.3g}: "
            f"by chance at most once in {finding.once_in:,} runs"
        )
