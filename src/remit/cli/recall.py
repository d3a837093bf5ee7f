"""`remit undo --tainted-by`: what descends from a bad source, and taking all of it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from remit.cli import wording
from remit.cli.output import Span, table
from remit.cli.reports import undo_lines
from remit.cli.saying import insist, say
from remit.cli.terminal import Terminal, now
from remit.domain.event import object_of

if TYPE_CHECKING:
    from remit.control.containment.views import RecallView
    from remit.control.platform import Platform
    from remit.control.runs.views import RunView


def recall(terminal: Terminal, source: str, days: int, *, labelled: bool, preview: bool, yes: bool) -> int:
    """Show what descends from a source; unless that was all, take it back, or only what labels name."""
    found = terminal.ask(lambda platform: platform.trace(source, days))
    meant = [each for each in found.effects if not labelled or each.how == "label"]
    if preview or not meant:
        terminal.answer(found, lambda: _lines(found))
        return 0
    if not yes and terminal.as_json:
        raise click.UsageError("with --json nobody can be asked; look with --preview, then say --yes.")
    if not yes:
        for line in _lines(found):
            say(line)
        insist(f"Take back the {len(meant)} that labels name?" if labelled else "Take all of this back?")
    view = terminal.ask(lambda platform: _take_back(platform, source, days, labelled=labelled))
    terminal.answer(view, lambda: [*undo_lines(view.result), f"{view.run.status}: {view.run.id}"])
    if view.run.status == "parked":
        return 4
    return 0 if view.run.status == "succeeded" and not object_of(view.result).get("left") else 1


async def _take_back(platform: Platform, source: str, days: int, *, labelled: bool) -> RunView:
    platform.check_work()
    handle = await platform.recall(source, days, labelled=labelled)
    await platform.start_worker(only=handle.id)
    async for view in platform.watch(handle.id):
        if view.run.ended_at is not None or view.run.status == "parked":
            return view
    return await platform.show(handle.id)


def _lines(found: RecallView) -> list[Any]:
    if not found.runs:
        return [f"nothing descends from {found.source}"]
    lines: list[Any] = [f"{len(found.runs)} runs had it in sight:"]
    for run, via in found.runs.items():
        state = "  still going on" if run in found.living else ""
        lines.append(f"  {run}  by {via}{state}")
    lines += [f"  remembered: {name} (by {run})" for name, run in found.memory.items()]
    for each in found.messages:
        lines.append(f"  {each.kind} that somebody may have read: {each.run} {each.path}".rstrip())
    at = now()
    rows = [
        (
            each.run, each.tool, ", ".join(each.objects) or each.path, wording.ago(each.at, at),
            each.how, Span("undo" if each.possible else "cannot be undone", "good" if each.possible else "bad"),
            each.why,
        )
        for each in found.effects
    ]  # fmt: skip
    return (
        [*lines, *table(("run", "tool", "object", "written", "found by", "what happens", "why"), rows)]
        if rows
        else lines
    )
