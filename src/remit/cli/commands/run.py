"""`remit run`: start a flow, execute it in this process, and follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli.commands.show import exit_code
from remit.cli.given import json_object
from remit.cli.saying import say
from remit.cli.terminal import Command, Terminal

if TYPE_CHECKING:
    from typing import Any

    from remit.control.platform import Platform
    from remit.control.runs.views import RunView


@click.command(cls=Command)
@click.argument("flow")
@click.option("--input", "given", default=None, metavar="JSON", help="Parameters by name; JSON, @file or -.")
@click.option("--ask", "question", default=None, metavar="TEXT", help="Ask an agent this, by its name.")
@click.option(
    "--attach", "files", multiple=True, metavar="FILE", help="Hand it a picture, a sound or a file."
)
@click.option(
    "--release", default="", metavar="RELEASE", help="By the code of this release; else as it stands."
)
@click.option("--detach", is_flag=True, help="Only submit it; a worker executes it.")
@click.option(
    "--wait", "patience", default=30.0, show_default=True, metavar="SECONDS",
    help="Follow it through pauses this short.",
)  # fmt: skip
@click.option(
    "--stream", is_flag=True, help="Also show answers while they come; with --json one object a line."
)
@click.pass_obj
def run(
    terminal: Terminal, flow: str, given: str | None, question: str | None, patience: float,
    files: tuple[str, ...], release: str, *, detach: bool, stream: bool,
) -> int:  # fmt: skip
    """Start FLOW, or an agent, and follow it until it ends or waits. If it waits, this exits with 4 and says why."""
    if given is not None and question is not None:
        raise click.UsageError("--ask TEXT is short for --input with the question in it; give one of them.")
    if detach and stream:
        raise click.UsageError("--detach leaves the run to a worker; there is nothing to --stream here.")
    parameters = json_object(given or "{}", "--input") if question is None else {"question": question}
    if files:
        parameters = _with_files(parameters, files)
    if detach:
        _submit(terminal, flow, parameters, release)
        return 0
    started: list[str] = []
    try:
        view = terminal.ask(
            lambda platform: _execute(platform, terminal, flow, parameters, patience, started, stream=stream),
            release=release,
        )
    except (KeyboardInterrupt, SystemExit):
        _say_where_it_is(started)
        raise
    if terminal.as_json and not stream:
        terminal.answer(view, list)
    return exit_code(view)


async def _execute(
    platform: Platform,
    terminal: Terminal,
    flow: str,
    given: dict[str, Any],
    patience: float,
    started: list[str],
    *,
    stream: bool,
) -> RunView:
    from remit.cli.following import follow, screen_for
    from remit.cli.streaming import heard, hearing_screen

    platform.check_work()
    handle = await platform.submit(flow, given, release="here")
    started.append(handle.id)
    if stream:
        with hearing_screen(as_json=terminal.as_json) as screen:
            async with heard(platform, handle.id, screen):
                await platform.start_worker(only=handle.id)
                return await follow(platform, handle.id, screen, patience=patience)
    await platform.start_worker(only=handle.id)
    with screen_for(as_json=terminal.as_json, stream=False) as screen:
        return await follow(platform, handle.id, screen, patience=patience)


def _with_files(given: dict[str, Any], files: tuple[str, ...]) -> dict[str, Any]:
    """The parameters with what is attached, read here: whoever executes the run needs no file of ours."""
    from remit.wire.attachment import Attachment

    if "attach" in given:
        raise click.UsageError("--input names what to attach already; give it there, or with --attach FILE.")
    return {**given, "attach": [Attachment.read(file) for file in files]}


def _submit(terminal: Terminal, flow: str, given: dict[str, Any], release: str) -> None:
    async def submit(platform: Platform) -> RunView:
        named = {"release": release} if release else {}
        handle = await platform.submit(flow, given, **named)
        return await platform.show(handle.id)

    view = terminal.ask(submit)
    terminal.answer(
        view, lambda: [f"submitted {view.run.id}; a worker executes it:  remit watch {view.run.id}"]
    )


def _say_where_it_is(started: list[str]) -> None:
    for run in started:
        say(f"left {run}: what it did is recorded; any worker continues it (remit worker)", err=True)
