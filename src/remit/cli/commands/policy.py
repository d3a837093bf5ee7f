"""`remit policy`: what the rules of the workspace say, before anybody depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli.errors import DONE, REFUSED
from remit.cli.output import Line, Span
from remit.cli.terminal import Command, Group, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.policies import PolicyReport

_STYLES = {"away": "waits", "broken": "bad", "dead": "waits", "example": "bad"}


@click.group(cls=Group)
def policy() -> None:
    """Look at the rules in policies/."""


@policy.command(cls=Command)
@click.pass_obj
def check(terminal: Terminal) -> int:
    """Hold the rules against tools, agents and models, and against policies/examples.yaml.

    Exits with 1 if a rule does not fit or an example is contradicted; a rule that decides nothing is only named.
    """
    from remit.control import policies, settings

    place = terminal.place()
    chosen = settings.load(place)
    own = chosen.workspace
    report = terminal.execute(policies.check(place, chosen.code, own.team, own.environment))
    terminal.answer(report, lambda: _lines(report))
    return REFUSED if any(finding.kind in {"broken", "example"} for finding in report.findings) else DONE


def _lines(report: PolicyReport) -> Iterator[str]:
    for finding in report.findings:
        yield Line.of(Span(f"{finding.kind:<8}", _STYLES[finding.kind]), f" {finding.message}").painted
    if report.findings:
        yield ""
    rules = f"{report.rules} rule{'s' if report.rules != 1 else ''}"
    if not report.digest:
        yield f"{rules}; Remit would not start on them"
        return
    agreed = report.examples - sum(finding.kind == "example" for finding in report.findings)
    examples = f"{agreed} of {report.examples} examples agree" if report.examples else "no examples"
    yield f"{rules}, {examples}; policy {report.digest[:12]}"
