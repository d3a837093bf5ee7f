"""What `remit eval` does with suites themselves: lists, shows, drafts into them, takes in and gives out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from remit.cli.errors import DONE, REFUSED
from remit.cli.output import Line, Span, table
from remit.cli.terminal import Command, Terminal
from remit.cli.wording import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.platform import Platform
    from remit.control.suites.views import (
        AddedView,
        MovedView,
        ProblemView,
        ScenarioView,
        SuiteSummary,
        SuiteView,
    )

_SHORT = 12
_SUITE = "NAME"


@click.command(name="list", cls=Command)
@click.pass_obj
def list_(terminal: Terminal) -> int:
    """List the suites of this workspace: suites/*.yaml and suites/*.py. Exits with 1 if one has to be mended."""

    async def ask(platform: Platform) -> list[SuiteSummary]:
        return platform.suites.suites()

    found = terminal.ask(ask)
    terminal.answer(found, lambda: _list(found))
    return REFUSED if any(each.problems for each in found) else DONE


@click.command(cls=Command)
@click.argument("suite")
@click.argument("scenario", default="")
@click.pass_obj
def show(terminal: Terminal, suite: str, scenario: str) -> int:
    """Show a suite: how it is scored, and its scenarios; or one SCENARIO as it is written.

    Exits with 1 if the suite has to be mended.
    """
    if scenario:

        async def one(platform: Platform) -> ScenarioView:
            return platform.suites.scenario(suite, scenario)

        view = terminal.ask(one)
        terminal.answer(view, lambda: _scenario(view))
        return DONE

    async def ask(platform: Platform) -> SuiteView:
        return platform.suites.show(suite)

    found = terminal.ask(ask)
    terminal.answer(found, lambda: _show(found))
    return REFUSED if found.suite.problems else DONE


@click.command(cls=Command)
@click.option("--from-run", "run", metavar="RUN", required=True, help="The run that it is drafted from.")
@click.option("--suite", metavar=_SUITE, default="", help="The suite; else the one of the run's flow.")
@click.option("--name", metavar=_SUITE, default="", help="What the scenario is called.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="A tag; may be given again.")
@click.option("--family", metavar=_SUITE, default="", help="What it has in common with others.")
@click.option("--owner", metavar="WHO", default="", help="Who answers for it; else you.")
@click.option("--personal", metavar="FIELD", multiple=True, help="A field that holds who somebody is.")
@click.option(
    "--from-correction", "correction", is_flag=True, help="Only if a person corrected something in it."
)
@click.option("--dry-run", "dry", is_flag=True, help="Show it, and write nothing.")
@click.pass_obj
def add(
    terminal: Terminal, run: str, suite: str, name: str, tags: tuple[str, ...], family: str, owner: str,
    personal: tuple[str, ...], *, correction: bool, dry: bool,
) -> None:  # fmt: skip
    """Draft a scenario from a run: what it read becomes its world, what people agreed to its gold. What identifies
    somebody is replaced.
    """
    from remit.control.suites.adding import Wish

    wish = Wish(run, suite, name, tags, family, owner, personal, correction=correction, dry=dry)
    found = terminal.ask(lambda platform: platform.suites.add(wish))
    terminal.answer(found, lambda: _added(found))


@click.command(name="import", cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--suite", metavar=_SUITE, required=True, help="The suite that they are put into.")
@click.option("--target", metavar=_SUITE, default="", help="The agent or flow of a new suite.")
@click.pass_obj
def import_(terminal: Terminal, file: Path, suite: str, target: str) -> None:
    """Take scenarios in: lines of JSON, a data set or a log of Inspect AI, or its task (FILE.py@TASK)."""

    async def ask(platform: Platform) -> MovedView:
        return platform.suites.bring_in(file, suite, target)

    found = terminal.ask(ask)
    terminal.answer(found, lambda: _moved(found, "into"))


@click.command(cls=Command)
@click.argument("suite")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--form", metavar="FORM", default="", help="jsonl, or inspect; else by the ending: .jsonl or .py."
)
@click.pass_obj
def export(terminal: Terminal, suite: str, file: Path, form: str) -> None:
    """Write a suite as lines of JSON, or as a task of Inspect AI with its data set beside it."""

    async def ask(platform: Platform) -> MovedView:
        return platform.suites.take_out(suite, file, form)

    found = terminal.ask(ask)
    terminal.answer(found, lambda: _moved(found, "to"))


COMMANDS = (list_, show, add, import_, export)


def _list(found: list[SuiteSummary]) -> Iterator[str]:
    if not found:
        yield "there are no suites; write one in suites/NAME.yaml, or draft one: remit eval add --from-run RUN"
        return
    yield from table(
        ("suite", "about", "scenarios", "families", "trials", "owner", "version"),
        [
            (
                Span(each.name, "bad" if each.problems else "strong"), each.target, str(each.scenarios),
                str(each.families), str(each.trials), each.owner, Span(each.version[:_SHORT], "dim"),
            )
            for each in found
        ],
    )  # fmt: skip
    for each in found:
        if each.problems:
            yield ""
            yield from _problems(each.problems)


def _show(found: SuiteView) -> Iterator[str]:
    suite = found.suite
    yield Line.of(Span(suite.name, "strong"), f"  about {suite.target}  ", Span(suite.file, "dim")).painted
    if found.about:
        yield found.about.strip()
    harm = f", {suite.harm} in which harm can be done" if suite.harm else ""
    owner = f"  owner {suite.owner}" if suite.owner else ""
    families = "1 family" if suite.families == 1 else f"{suite.families} families"
    yield (
        f"{many(suite.scenarios, 'scenario')} of {families}{harm}, {many(suite.trials, 'trial')} each{owner}  "
        f"version {suite.version[:_SHORT]}"
    )
    yield ""
    for scorer in found.scorers:
        yield f"  scored by {scorer.name}: {', '.join(scorer.metrics)}"
    for rule in found.rules:
        yield f"  counts: {rule.metric}, {'not at all worse' if rule.harm else f'worse by less than {rule.margin:.1%}'}"
    yield ""
    yield from table(
        ("scenario", "family", "tags", "from", "place"),
        [
            (each.name, each.family, ", ".join(each.tags), each.provenance, Span(each.place, "dim"))
            for each in found.scenarios
        ],
    )
    if suite.problems:
        yield ""
        yield from _problems(suite.problems)


def _problems(found: tuple[ProblemView, ...]) -> Iterator[str]:
    for each in found:
        yield Line.of(
            Span("mend    ", "bad"), f"{each.place}: {each.message}", Span(f"  {each.hint}", "dim")
        ).painted


def _scenario(found: ScenarioView) -> Iterator[str]:
    yield Line.of(
        Span(found.scenario.place, "dim"), Span(f"  digest {found.scenario.digest[:_SHORT]}", "dim")
    ).painted
    yield from found.text.rstrip().splitlines()


def _added(found: AddedView) -> Iterator[str]:
    yield from found.text.rstrip().splitlines()
    yield ""
    if found.veiled:
        yield f"replaced: {', '.join(f'{count} {kind}' for kind, count in found.veiled.items())}"
    for note in found.notes:
        yield Line.of(Span("look    ", "waits"), note).painted
    yield f"{'added to' if found.kept else 'would be added to'} {found.file}"


def _moved(found: MovedView, where: str) -> Iterator[str]:
    for note in found.notes:
        yield Line.of(Span("note    ", "dim"), note).painted
    yield f"{many(found.scenarios, 'scenario')} {where} {found.file}"
