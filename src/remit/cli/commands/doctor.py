"""`remit doctor`: what is wrong here, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli.errors import DONE, REFUSED
from remit.cli.output import Line, Span
from remit.cli.terminal import Command, Terminal
from remit.domain.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.finding import Finding

_WORDS = {"ok": ("ok", "good"), "warning": ("warning", "waits"), "broken": ("broken", "bad")}


@click.command(cls=Command)
@click.option("--deep", is_flag=True, help="Also read the whole log and check every event.")
@click.option("--rebuild", is_flag=True, help="First derive lists, traces and figures from the log anew.")
@click.pass_obj
def doctor(terminal: Terminal, *, deep: bool, rebuild: bool) -> int:
    """Look at versions, files, disk, database, workers, runs and clocks. Exits with 1 if one is broken."""
    if rebuild:
        terminal.ask_office(lambda office: office.observing.rebuild())
    findings = terminal.execute(_examine(terminal, deep=deep))
    terminal.answer(findings, lambda: _lines(findings))
    return REFUSED if any(finding.state == "broken" for finding in findings) else DONE


async def _examine(terminal: Terminal, *, deep: bool) -> list[Finding]:
    """What the platform says of itself; where that does not start, the office; else the ground and the reason."""
    from remit.control.finding import Finding
    from remit.control.upkeep.health import examine_ground

    place = terminal.place()
    try:
        async with terminal.platform() as platform:
            return await platform.doctor(deep=deep)
    except RemitError as wrong:
        broken = Finding("workspace", "broken", wrong.message, wrong.hint)
    try:
        async with terminal.office() as office:
            return [broken, *await office.doctor(deep=deep)]
    except RemitError:
        return [*examine_ground(place), broken]


def _lines(findings: list[Finding]) -> Iterator[str]:
    names = max(len(finding.name) for finding in findings)
    for finding in findings:
        word, style = _WORDS[finding.state]
        yield Line.of(Span(f"{word:<8}", style), f" {finding.name:<{names}}  {finding.message}").painted
        if finding.remedy:
            yield f"{'':<{names + 11}}{finding.remedy}"
    broken = sum(finding.state == "broken" for finding in findings)
    warnings = sum(finding.state == "warning" for finding in findings)
    yield ""
    yield _verdict(broken, warnings)


def _verdict(broken: int, warnings: int) -> str:
    if broken:
        return f"{broken} broken, {warnings} to look at"
    return f"nothing is broken; {warnings} to look at" if warnings else "everything is well"
