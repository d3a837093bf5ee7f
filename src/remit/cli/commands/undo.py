"""`remit undo`: take back what a run did, after a look at what that would be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from remit.cli import wording
from remit.cli.output import Span, table
from remit.cli.reports import difference_lines, undo_lines
from remit.cli.saying import insist, say
from remit.cli.terminal import Command, Terminal, now
from remit.domain.event import object_of

if TYPE_CHECKING:
    from remit.control.platform import Platform
    from remit.control.running.views import UndoView
    from remit.control.runs.views import RunView


@click.command(cls=Command)
@click.argument("run", default="")
@click.option(
    "--tainted-by", "source", default="", metavar="SOURCE", help="All that descends from a bad source."
)
@click.option("--days", default=30, show_default=True, help="With --tainted-by: how far back to look.")
@click.option(
    "--labelled", is_flag=True, help="With --tainted-by: take back only what a label says was made from it."
)
@click.option("--preview", is_flag=True, help="Only say what would be undone.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def undo(
    terminal: Terminal, run: str, source: str, days: int, *, labelled: bool, preview: bool, yes: bool
) -> int:
    """Take back what RUN did, the newest write first. What somebody else changed since is left alone, and named."""
    if bool(run) == bool(source):
        raise click.UsageError("say which run, or --tainted-by SOURCE.")
    if source:
        from remit.cli.recall import recall

        return recall(terminal, source, days, labelled=labelled, preview=preview, yes=yes)
    if not preview and (back := _called_back(terminal, run, yes=yes)) is not None:
        return back
    planned = terminal.ask(lambda platform: platform.undo_preview(run))
    if preview or not planned:
        terminal.answer(planned, lambda: _plan_lines(planned))
        return 0
    if not yes and terminal.as_json:
        raise click.UsageError("with --json nobody can be asked; look with --preview, then say --yes.")
    if not yes:
        for line in _plan_lines(planned):
            say(line)
        insist("Take this back?")
    view = terminal.ask(lambda platform: _take_back(platform, run))
    terminal.answer(view, lambda: _result_lines(view))
    if view.run.status == "parked":
        return 4
    left = object_of(view.result).get("left")
    return 0 if view.run.status == "succeeded" and not left else 1


def _called_back(terminal: Terminal, run: str, *, yes: bool) -> int | None:
    """Of a run that has not ended, what is held back is called back; None if there is nothing of that."""
    held = terminal.ask_office(lambda office: office.held(run))
    if not held:
        return None
    if not yes and terminal.as_json:
        raise click.UsageError("with --json nobody can be asked; look with remit inbox, then say --yes.")
    if not yes:
        for each in held:
            say(f"{each.tool}  {each.run} {each.path}: will be done {wording.when(each.due, now())}")
        insist("Call this back?")
    back = terminal.ask_office(lambda office: office.call_back(run))
    terminal.answer(back, lambda: [f"called back: {each.tool}  {each.path}" for each in back])
    return 0 if len(back) == len(held) else 1


async def _take_back(platform: Platform, run: str) -> RunView:
    platform.check_work()
    handle = await platform.undo(run)
    await platform.start_worker(only=handle.id)
    async for view in platform.watch(handle.id):
        if view.run.ended_at is not None or view.run.status == "parked":
            return view
    return await platform.show(handle.id)


def _plan_lines(planned: list[UndoView]) -> list[Any]:
    if not planned:
        return ["this run wrote nothing that the log knows how to undo"]
    at = now()
    rows = [
        (
            each.tool, ", ".join(each.objects) or each.path, wording.ago(each.at, at),
            Span(_fate(each), "good" if each.possible else "bad"), each.why,
        )
        for each in planned
    ]  # fmt: skip
    lines = table(("tool", "object", "written", "what happens", "why"), rows)
    for each in planned:
        if each.difference:
            lines += [f"  {', '.join(each.objects)} was changed since:", *difference_lines(each.difference)]
    return lines


def _fate(each: UndoView) -> str:
    """What undo would do about one write."""
    if not each.possible:
        return "cannot be undone"
    if each.done:
        return "nothing: it is as it was"
    asks = f", after {each.asks} agreed" if each.asks else ""
    return f"undo{'' if each.exact else ', best effort'}{asks}"


def _result_lines(view: RunView) -> list[str]:
    lines = undo_lines(view.result) if view.run.status == "succeeded" else []
    return [*lines, f"{view.run.status}: {view.run.id}  {view.message}".rstrip()]
