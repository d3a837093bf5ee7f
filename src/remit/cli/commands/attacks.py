"""What `remit redteam` does with packs of attacks: plays them, tells what came of them, writes them down as suites."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from remit.cli import wording
from remit.cli.errors import DONE, INCONCLUSIVE, REFUSED
from remit.cli.output import Line, Span, cut, table, width
from remit.cli.saying import say
from remit.cli.terminal import Command, Terminal, now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.redteaming.views import PackedView, PackView, ReportSummary, ReportView, Result, Watch

_EXITS = {"pass": DONE, "fail": REFUSED, "inconclusive": INCONCLUSIVE}
_STYLES = {
    "pass": "good", "fail": "bad", "inconclusive": "waits", "reached": "bad", "needs a person": "waits",
    "refused": "good", "untried": "waits", "accepted": "waits", "not tried": "dim",
}  # fmt: skip
_FILE = click.Path(path_type=Path, dir_okay=False)
_PACKS = click.option(
    "--pack", "packs", multiple=True, metavar="NAME", help="A pack, or all; again for another."
)
_SEED = click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="What chance is drawn from."
)
_MONEY = click.FloatRange(0, min_open=True)
_NARROWEST = 60
_SHOWN = 20
_WORTH_TELLING = 50


@click.command(cls=Command)
@click.argument("agent", default="")
@_PACKS
@_SEED
@click.option(
    "--real", is_flag=True, help="Put them to the models of the routes: can they be talked into it?"
)
@click.option("--max-cost", type=_MONEY, default=None, metavar="USD", help="With --real: what that may cost.")
@click.option("--markdown", type=_FILE, default=None, help="Write the report as a page.")
@click.pass_obj
def play(
    terminal: Terminal, agent: str, packs: tuple[str, ...], seed: int, real: bool, max_cost: float | None,
    markdown: Path | None,
) -> int:  # fmt: skip
    """Play attacks on this workspace, or on one agent or flow of it: through the real gate, with a model that does what
    the attacker wants, and without any effect. The report is sealed in the log.

    Exits with 1 if a harm is reached that redteam.toml does not accept by name, with 3 if an attack could not be
    played.
    """
    from remit.control.redteaming.desk import Orders

    if max_cost is not None and not real:
        raise click.UsageError("--max-cost goes with --real: nothing else costs anything.")
    wanted, quiet = Orders(agent, packs or ("all",), seed, real=real, max_cost=max_cost), terminal.as_json
    view = terminal.ask(lambda platform: platform.red_team.play(wanted, None if quiet else _progress()))
    return _told(terminal, view, markdown)


@click.command(cls=Command)
@click.pass_obj
def packs(terminal: Terminal) -> None:
    """The packs of attacks that there are, and what each tries."""

    async def found() -> list[PackView]:
        from remit.control.redteaming.book import RedTeamBook

        return RedTeamBook.packs()

    known = terminal.execute(found())
    rows = [(each.name, ", ".join(each.owasp), each.title) for each in known]
    terminal.answer(known, lambda: table(("PACK", "OWASP", "WHAT IT TRIES"), rows))


@click.command(cls=Command)
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="How many.")
@click.pass_obj
def reports(terminal: Terminal, limit: int) -> None:
    """The reports that were made, the newest first."""
    found = terminal.ask_office(lambda office: office.red_team_reports.reports(limit))
    terminal.answer(found, lambda: _listed(found))


@click.command(cls=Command)
@click.argument("wanted", metavar="REPORT", default="")
@click.option("--markdown", type=_FILE, default=None, help="Write the report as a page.")
@click.pass_obj
def report(terminal: Terminal, wanted: str, markdown: Path | None) -> int:
    """A report again, and what changed since the one before; without an id the last one about everything."""
    view = terminal.ask_office(lambda office: office.red_team_reports.report(wanted))
    return _told(terminal, view, markdown)


@click.command(cls=Command)
@click.argument("agent", default="")
@_PACKS
@_SEED
@click.option(
    "--suite", default="redteam", show_default=True, metavar="NAME", help="What the suites are called."
)
@click.pass_obj
def export(terminal: Terminal, agent: str, packs: tuple[str, ...], seed: int, suite: str) -> None:
    """Write attacks down as suites, one for each agent, for a real model: remit eval NAME --max-cost USD."""
    from remit.control.redteaming.desk import Orders

    wanted = Orders(agent, packs or ("all",), seed)
    found = terminal.ask(lambda platform: platform.red_team.export(wanted, suite))
    terminal.answer(found, lambda: _packed(found))


COMMANDS = (play, packs, reports, report, export)


def _progress() -> Watch:
    told = 0

    def watch(done: int, size: int) -> None:
        nonlocal told
        if (tenth := 10 * done // max(1, size)) != told and size >= _WORTH_TELLING:
            told = tenth
            say(f"{done} of {wording.many(size, 'attack')}", err=True)

    return watch


def _told(terminal: Terminal, view: ReportView, markdown: Path | None) -> int:
    if markdown is not None:
        from remit.control.suites.adding import write

        write(markdown, view.markdown)
    terminal.answer(view, lambda: _lines(view))
    return _EXITS[view.verdict]


def _lines(view: ReportView) -> Iterator[str]:
    rows = [
        (
            each.pack, Span(each.verdict, _STYLES[each.verdict]),
            *(str(count) if count else "·" for count in each.counts.values()), each.why,
        )
        for each in view.standings
    ]  # fmt: skip
    yield from table(("PACK", "VERDICT", "REACHED", "ASKED", "REFUSED", "UNTRIED", "WHY"), rows)
    report = view.report
    shown = [each for each in report.results if each.outcome.value in {"reached", "untried"}]
    for each in shown[:_SHOWN]:
        yield from _result(each)
    if len(shown) > _SHOWN:
        yield f"and {len(shown) - _SHOWN} more; all of them: remit redteam report {report.id} --json"
    yield from _changed(view)
    for note in report.notes:
        yield Line.of(Span("note    ", "dim"), f"  {note}").painted
    yield ""
    open_, accepted = len(report.open), sum(bool(each.waived) for each in report.results)
    said = f"{wording.many(open_, 'harm')} reached" if open_ else "no harm reached"
    said = f"{said}{f'; {accepted} accepted in redteam.toml' if accepted else ''}"
    gaps = f", {wording.many(len(report.gaps), 'gap')} in what could be tried" if report.gaps else ""
    yield f"{wording.many(len(report.results), 'attack')} played: {said}{gaps}"
    yield Line.of(Span(view.verdict, _STYLES[view.verdict]), f"  {report.id}").painted


def _result(each: Result) -> Iterator[str]:
    word = "accepted" if each.waived else each.outcome.value
    yield Line.of("  ", Span(f"{word:<9}", _STYLES[word]), " ", Span(each.id, "strong")).painted
    wide = max(_NARROWEST, width() - 12)
    yield f"{'':<12}{cut(f'{each.tries}; {each.harm}', wide)}"
    why = each.waived or f"{each.why}{f' (run {each.run})' if each.run else ''}"
    yield f"{'':<12}{cut(why, wide)}"


def _changed(view: ReportView) -> Iterator[str]:
    differ = view.changes
    for word, names in differ.named:
        if names:
            yield cut(f"{word} since {differ.before}: {', '.join(names)}", max(_NARROWEST, width()))


def _listed(found: list[ReportSummary]) -> list[str]:
    if not found:
        return ["no attack was ever played here; play them: remit redteam"]
    rows = [
        (
            each.id, wording.when(each.at, now()), "all" if each.whole else "part", str(each.tried), str(each.open),
            str(each.untried),
        )
        for each in found
    ]  # fmt: skip
    return table(("REPORT", "WHEN", "ABOUT", "PLAYED", "OPEN", "UNTRIED"), rows)


def _packed(found: PackedView) -> Iterator[str]:
    for name, file in zip(found.suites, found.files, strict=True):
        yield f"wrote {file}; put it to a real model: remit eval {name} --max-cost 1.00"
    yield f"{wording.many(found.scenarios, 'scenario')}"
    for note in found.notes:
        yield Line.of(Span("note    ", "dim"), f"  {note}").painted
