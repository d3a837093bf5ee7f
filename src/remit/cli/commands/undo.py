"""`remit undo`: take back what a run did, after a look at what that would be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from remit.cli import wording
from remit.cli.output import Span, table
from remit.cli.reports import undo_lines
from remit.cli.terminal import Command, Terminal, now
from remit.domain.event import object_of

if TYPE_CHECKING:
    from remit.control.platform import Platform
    from remit.control.views import RunView, UndoView


@click.command(cls=Command)
@click.argument("run")
@click.option("--preview", is_flag=True, help="Only say what would be undone.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def undo(terminal: Terminal, run: str, *, preview: bool, yes: bool) -> int:
    """Take back what RUN did, the newest write first. What somebody else changed since is left alone, and named."""
    planned = terminal.ask(lambda platform: platform.undo_preview(run))
    if preview or not planned:
        terminal.answer(planned, lambda: _plan_lines(planned))
        return 0
    if not yes and not terminal.as_json:
        for line in _plan_lines(planned):
            click.echo(line)
        click.confirm("Take this back?", abort=True)
    view = terminal.ask(lambda platform: _take_back(platform, run))
    terminal.answer(view, lambda: _result_lines(view))
    if view.run.status == "parked":
        return 4
    left = object_of(view.result).get("left")
    return 0 if view.run.status == "succeeded" and not left else 1


async def _take_back(platform: Platform, run: str) -> RunView:
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
            Span("undo" if each.exact else "undo, best effort" if each.possible else "cannot be undone",
                 "good" if each.possible else "bad"),
            each.why,
        )
        for each in planned
    ]  # fmt: skip
    return table(("tool", "object", "written", "what happens", "why"), rows)


def _result_lines(view: RunView) -> list[str]:
    lines = undo_lines(view.result) if view.run.status == "succeeded" else []
    return [*lines, f"{view.run.status}: {view.run.id}  {view.message}".rstrip()]
