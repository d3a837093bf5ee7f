"""What `remit eval` does with experiments: makes them, goes on with them, shows them, waives what says nothing, and
writes down what they rest on.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from remit.cli import wording
from remit.cli.errors import DONE, INCONCLUSIVE, INFRASTRUCTURE, REFUSED
from remit.cli.measuring import experiment_lines, goes, progress_on
from remit.cli.output import Span, table
from remit.cli.saying import say
from remit.cli.terminal import Command, Terminal, now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.control.evaluating.views import (
        BundleView,
        ExperimentSummary,
        ExperimentView,
        RecomputedView,
        Watch,
        Wish,
    )
    from remit.control.platform import Platform

_EXITS = {"": DONE, "pass": DONE, "fail": REFUSED, "inconclusive": INCONCLUSIVE}
_STYLES = {"pass": "good", "fail": "bad", "inconclusive": "waits"}
_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_SHORT = 12


def _reports(command: Callable[..., Any]) -> Callable[..., Any]:
    """The files that others read."""
    for option, about in (
        ("--markdown", "Write a page for a pull request."),
        ("--junit", "Write JUnit XML."),
    ):
        command = click.option(option, type=_FILE, default=None, help=about)(command)
    return command


@click.command(name="run", cls=Command)
@click.argument("suite")
@click.option("--against", default="", metavar="ARM", help="Compare: an experiment, a folder or a release.")
@click.option("--gate", is_flag=True, help="Something depends on it: refuse what could not find out.")
@click.option("--trials", type=click.IntRange(1, 1000), default=None, help="Goes at each scenario.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="What chance is drawn from."
)
@click.option("--only", default="", metavar="GLOB", help="Scenarios whose name, or a tag, fits.")
@click.option(
    "--max-cost", type=float, default=None, metavar="USD", help="Begin nothing more once this is spent."
)
@click.option("--parallel", type=click.IntRange(1), default=8, show_default=True, help="Goes at once.")
@click.option(
    "--variants", type=click.IntRange(1), default=None, help="Of how many variants this is the best."
)
@click.option("--fresh", is_flag=True, help="Make goes again that were made before.")
@click.option("--anyway", is_flag=True, help="With --gate: though the suite cannot see what it asks about.")
@_reports
@click.pass_obj
def run(
    terminal: Terminal, suite: str, against: str, trials: int | None, seed: int, only: str, max_cost: float | None,
    parallel: int, variants: int | None, junit: Path | None, markdown: Path | None, *, gate: bool, fresh: bool,
    anyway: bool,
) -> int:  # fmt: skip
    """Put SUITE to the code as it stands, perhaps against other code.

    Exits with 1 if it is worse, with 3 if nobody can tell, with 5 if the ground gave way under all of it.
    """
    from remit.control.evaluating.views import Wish

    wish = Wish(
        against, gate, trials, seed, only, max_cost, parallel, fresh=fresh, anyway=anyway, variants=variants
    )
    return _ended(terminal, junit, markdown, lambda platform, watch: _made(platform, suite, wish, watch))


async def _made(platform: Platform, suite: str, wish: Wish, watch: Watch) -> ExperimentView:
    if wish.against:
        before = await platform.evaluating.preflight(suite, wish.against, wish.only)
        say(before.sentence, err=True)
    return await platform.evaluating.run(suite, wish, watch)


@click.command(cls=Command)
@click.argument("experiment")
@_reports
@click.pass_obj
def resume(terminal: Terminal, experiment: str, junit: Path | None, markdown: Path | None) -> int:
    """Go on with an EXPERIMENT whose process died. What it had made it does not make again."""
    return _ended(
        terminal, junit, markdown, lambda platform, watch: platform.evaluating.resume(experiment, watch=watch)
    )


@click.command(cls=Command)
@click.option("--suite", default="", help="Only of this suite.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="How many.")
@click.pass_obj
def experiments(terminal: Terminal, suite: str, limit: int) -> None:
    """List experiments, the newest first."""
    found = terminal.ask_office(lambda office: office.experiments.experiments(suite, limit))
    terminal.answer(found, lambda: _listed(found))


@click.command(name="experiment", cls=Command, hidden=True)
@click.argument("experiment")
@_reports
@click.pass_obj
def one(terminal: Terminal, experiment: str, junit: Path | None, markdown: Path | None) -> int:
    """Show an EXPERIMENT: what it came to, and why. Exits as making it did; a waived one counts as passed."""
    view = terminal.ask_office(lambda office: office.experiments.show(experiment))
    return _told(terminal, view, junit, markdown)


@click.command(cls=Command)
@click.argument("experiment")
@click.option("--reason", required=True, help="Why it may pass all the same; others read it.")
@click.pass_obj
def waive(terminal: Terminal, experiment: str, reason: str) -> None:
    """Let a change pass although its EXPERIMENT says nothing. Whoever does so answers for it by name, in the log."""
    view = terminal.ask_office(lambda office: office.experiments.waive(experiment, reason))
    terminal.answer(
        view, lambda: [f"waived {view.id}: {view.waiver.by if view.waiver else ''} answers for it"]
    )


@click.command(cls=Command)
@click.argument("experiment")
@click.option(
    "--to", "folder", type=_FOLDER, required=True, help="The folder to write; it must not hold anything."
)
@click.pass_obj
def bundle(terminal: Terminal, experiment: str, folder: Path) -> int:
    """Write all that an EXPERIMENT rests on, for remit audit verify and remit eval recompute."""
    made = terminal.ask_office(lambda office: office.experiments.bundle(experiment, folder))
    terminal.answer(made, lambda: _bundled(made))
    return DONE if made.same else REFUSED


@click.command(cls=Command)
@click.argument("folder", type=_FOLDER)
@click.pass_obj
def recompute(terminal: Terminal, folder: Path) -> int:
    """Add up the experiment in FOLDER again, from its files alone. Exits with 1 if it does not come out the same."""
    from remit.control.evaluating.book import ExperimentBook

    found = ExperimentBook.recompute(folder)
    terminal.answer(found, lambda: _recomputed(found))
    return DONE if found.same else REFUSED


@click.command(cls=Command, hidden=True)
@click.option("--release", default="", help="Its code instead of the folder's.")
@click.pass_obj
def arm(terminal: Terminal, release: str) -> None:
    """Make goes for another process, over standard input and output."""
    terminal.ask(lambda platform: platform.evaluating.serve(), release=release)


COMMANDS = (run, resume, experiments, one, waive, bundle, recompute, arm)


def _ended(
    terminal: Terminal, junit: Path | None, markdown: Path | None,
    work: Callable[[Platform, Watch], Any],
) -> int:  # fmt: skip
    for file in filter(None, (junit, markdown)):
        if not file.absolute().parent.is_dir():  # said before anything is spent
            raise click.UsageError(f"{file} cannot be written: there is no folder {file.parent}.")
    with progress_on(quiet=terminal.as_json) as watch:

        async def made(platform: Platform) -> ExperimentView:
            return await work(platform, watch)

        view: ExperimentView = terminal.ask(made)
    return _told(terminal, view, junit, markdown)


def _told(terminal: Terminal, view: ExperimentView, junit: Path | None, markdown: Path | None) -> int:
    from remit.control.evaluating.reporting import report

    for file, form in ((junit, "junit"), (markdown, "markdown")):
        if file is not None and view.outcome:
            report(view, form, file)
    terminal.answer(view, lambda: experiment_lines(view))
    if not view.outcome:
        return INFRASTRUCTURE if view.status == "failed" else REFUSED
    if view.lost:
        return INFRASTRUCTURE
    return DONE if view.waiver is not None and view.verdict == "inconclusive" else _EXITS[view.verdict]


def _listed(found: list[ExperimentSummary]) -> list[str]:
    if not found:
        return ["no experiment was made yet; make one: remit eval SUITE"]
    rows = [
        (
            each.id, each.suite, each.arm[:_SHORT], each.against[:_SHORT] or "–", each.status,
            Span(each.verdict, _STYLES.get(each.verdict, "")), each.by, wording.ago(each.at, now()),
        )
        for each in found
    ]  # fmt: skip
    return table(
        ("experiment", "suite", "code", "against", "status", "verdict", "by", "made"), rows, flexible=1
    )


def _bundled(made: BundleView) -> Iterator[str]:
    yield f"wrote {wording.many(made.events, 'event')} of {made.experiment} to {made.to}, with what they say"
    same = "come out the same" if made.same else "DO NOT come out the same"
    yield f"  its {goes(made.rows)} were added up again: the figures {same}"
    yield f"  verify it anywhere: remit audit verify {made.to} --key {made.key}"
    yield f"  add it up anywhere: remit eval recompute {made.to}"


def _recomputed(found: RecomputedView) -> Iterator[str]:
    yield f"{found.experiment}: {goes(found.rows)} come to {found.verdict or 'no verdict'}"
    yield from (f"  {reason}" for reason in found.reasons)
    if found.same:
        yield "every figure is as it stands in the log"
    else:
        yield f"these do not come out as they stand in the log: {', '.join(found.differs)}"
