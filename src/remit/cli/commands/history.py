"""`remit replay | fork | migrate-run`: what can be done with the past of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli.errors import DONE, REFUSED
from remit.cli.given import json_object
from remit.cli.replays import golden_lines, made_again
from remit.cli.reports import fork_lines, replay_lines
from remit.cli.terminal import Command, Terminal

if TYPE_CHECKING:
    from remit.control.platform import Platform
    from remit.control.replaying.views import Wanted
    from remit.control.runs.views import RunView


@click.command(cls=Command)
@click.argument("run", default="")
@click.option(
    "--release", default="", metavar="RELEASE", help="By the code of this release; `own`: of the run's."
)
@click.option("--since", default="", metavar="TIME", help="Make the runs of so long again, such as 7d.")
@click.option("--only", "who", default="", metavar="NAME", help="With --since: of this flow or agent alone.")
@click.option("--limit", default=200, show_default=True, metavar="N", help="With --since: at most so many.")
@click.option("--again", is_flag=True, help="Make RUN again instead of repeating its journal.")
@click.option(
    "--environment", default="", metavar="SUITE:SCENARIO", help="Whose world answers what was not recorded."
)
@click.option(
    "--max-cost", type=float, default=None, metavar="USD", help="What models that are asked anew may cost."
)
@click.option("--golden", is_flag=True, help="Repeat the journals of the runs in replay.golden.")
@click.pass_obj
def replay(
    terminal: Terminal, run: str, release: str, since: str, who: str, limit: int, environment: str,
    max_cost: float | None, *, again: bool, golden: bool,
) -> int:  # fmt: skip
    """Run RUN again from its journal, performing nothing, and say whether the code still does the same.

    With --since or --again, runs are made again in the world as it was recorded: tools answer and models say what they
    did, what was never asked ends the comparison, and nothing is sent. Exits with 1 if the code is worse, or one RUN
    did something else; with 3 if nobody can tell.
    """
    if sum((bool(since), golden, bool(run))) != 1 or (again and not run):
        raise click.UsageError("one of these: a RUN, --since TIME, or --golden.")
    if (who or environment or max_cost is not None) and not (since or again):
        raise click.UsageError(
            "--only, --environment and --max-cost go with --since, or with a RUN and --again."
        )
    if golden:
        return _golden(terminal, release)
    if since or again:
        wanted = _wanted(since, who, run, limit, environment, max_cost)
        return made_again(terminal, wanted, release)
    if release == "own":
        release = terminal.ask_office(lambda office: office.releasing.of_run(run))
    report = terminal.ask(lambda platform: platform.replay(run), release=release)
    terminal.answer(report, lambda: replay_lines(report))
    return DONE if report.verdict == "equal" else REFUSED


def _wanted(
    since: str, who: str, run: str, limit: int, environment: str, max_cost: float | None
) -> Wanted:  # fmt: skip
    from remit.control.replaying.views import Wanted

    return Wanted(since or "7d", who, (run,) if run else (), limit, environment, max_cost)


def _golden(terminal: Terminal, release: str) -> int:
    found = terminal.ask(lambda platform: platform.replaying.golden(), release=release)
    terminal.answer(found, lambda: golden_lines(found))
    return REFUSED if found.diverged else DONE


@click.command(cls=Command)
@click.argument("run")
@click.option(
    "--at", "step", default=None, metavar="STEP", help="The first step to perform anew (see remit show)."
)
@click.option(
    "--live", is_flag=True, help="Really perform writes, each after asking; else they are simulated."
)
@click.option(
    "--input", "given", default=None, metavar="JSON",
    help="Begin at the start, with this input; JSON, @file or -.",
)  # fmt: skip
@click.pass_obj
def fork(terminal: Terminal, run: str, step: str | None, given: str | None, *, live: bool) -> None:
    """Start a new run that shares the past of RUN up to STEP, or one that begins anew with another input."""
    if (not step) == (given is None):
        raise click.UsageError(
            "a fork begins --at a STEP, with the past of the run up to there, or at the start with another --input."
        )
    other = None if given is None else json_object(given, "--input")

    async def begin(platform: Platform) -> RunView:
        handle = await platform.fork(run, at=step, live=live, input=other)
        return await platform.show(handle.id)

    view = terminal.ask(begin)
    terminal.answer(view, lambda: fork_lines(view, step))


@click.command(cls=Command)
@click.argument("run")
@click.option(
    "--rename", "renames", multiple=True, metavar="OLD=NEW", help="A step that has another name now."
)
@click.option(
    "--release", default="", metavar="RELEASE", help="To this release; else to the code as it stands."
)
@click.pass_obj
def migrate_run(terminal: Terminal, run: str, renames: tuple[str, ...], release: str) -> None:
    """Move a RUN that stopped at changed code, or waits, to other code; but for renames, its journal must fit."""
    table = dict(_pair(rename) for rename in renames)

    async def migrate(platform: Platform) -> RunView:
        await platform.migrate_run(run, table)
        return await platform.show(run)

    view = terminal.ask(migrate, release=release)
    what = release or "the present code"
    terminal.answer(view, lambda: [f"{view.run.id} follows {what} now; it is {view.run.status}"])


def _pair(rename: str) -> tuple[str, str]:
    old, equals, new = rename.partition("=")
    if not (old and equals and new):
        raise click.UsageError(f'--rename takes OLD=NEW, and this is "{rename}".')
    return old, new
