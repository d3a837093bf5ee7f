"""The table of commands, and the way in. A command's module is imported when it is used, so that help costs
nothing; what each command is for stands here, because help must not import it either.
"""

from __future__ import annotations

import difflib
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import click

from remit import __version__
from remit.cli.errors import guarded
from remit.cli.terminal import shared_options

if TYPE_CHECKING:
    from collections.abc import Sequence


class Entry(NamedTuple):
    """One command: where it lives and what it is for."""

    topic: str
    about: str


SECTIONS: dict[str, dict[str, Entry]] = {
    "Start": {
        "demo": Entry("demo", "Watch agents survive kill -9, ask you, and be taken back."),
        "new": Entry("new", "Make a workspace with a small flow and its test."),
        "check": Entry("check", "Find what is wrong with a workspace, before it runs."),
        "up": Entry("up", "Run the workspace: workers, supervised."),
        "worker": Entry("worker", "Run one worker until it is told to stop."),
    },
    "Runs": {
        "run": Entry("run", "Start a flow and follow it here."),
        "runs": Entry("runs", "List runs, newest first."),
        "show": Entry("show", "Show one run: its steps, waits and result."),
        "watch": Entry("show", "Follow one run until it ends."),
        "signal": Entry("orders", "Send a run a message it waits for."),
        "pause": Entry("orders", "Let nobody work on a run until it is resumed."),
        "resume": Entry("orders", "Let a paused run go on."),
        "cancel": Entry("orders", "Cancel a run and its children."),
        "undo": Entry("undo", "Take back what a run did."),
    },
    "People": {
        "inbox": Entry("inbox", "List the questions that wait for a person."),
        "approve": Entry("inbox", "Say yes to a question."),
        "reject": Entry("inbox", "Say no to a question."),
        "grant": Entry("grant", "Agree in advance, within bounds and for a while."),
        "user": Entry("user", "Add people and services, and give them roles."),
        "key": Entry("key", "Make, renew and revoke keys."),
    },
    "Containment": {
        "halt": Entry("halt", "Let an agent, a tool, a run or everything stand still."),
        "lift": Entry("halt", "Let it act again."),
    },
    "Acting": {
        "tools": Entry("tools", "List tools, and accept changed ones."),
        "mcp": Entry("mcp", "Look at the MCP servers behind this workspace."),
        "models": Entry("models", "List models, prices and routes."),
        "policy": Entry("policy", "Check the rules before anybody depends on them."),
        "knowledge": Entry("knowledge", "Look at what agents remember, and forget some of it."),
    },
    "Quality": {
        "eval": Entry("eval", "Find out what agents are worth, by suites of scenarios."),
        "judge": Entry("judge", "Let models judge work, and find out how far to trust them."),
        "redteam": Entry("redteam", "Try what a hijacked model could do here, without doing it."),
        "release": Entry("release", "Make releases, and lead new runs to them."),
    },
    "Insight": {
        "search": Entry("search", "Find what was said in runs, by words and by meaning."),
        "costs": Entry("costs", "Say what was spent on what, and what it will come to."),
        "kpis": Entry("kpis", "Say how well agents do, month by month."),
    },
    "History": {
        "replay": Entry("history", "Run a finished run again without any effect, and compare."),
        "fork": Entry("history", "Start a new run from a step of an old one."),
        "migrate-run": Entry("history", "Move a run to the code as it is now."),
    },
    "Evidence": {
        "audit": Entry("audit", "Sign, export and verify the log."),
        "evidence": Entry("evidence", "Answer a control framework with events and tests."),
    },
    "Upkeep": {
        "doctor": Entry("doctor", "Say what is wrong here, and what to do about it."),
        "migrate": Entry("upkeep", "Bring the database to the schema of this version."),
        "backup": Entry("upkeep", "Copy the data, or restore a copy."),
        "shred": Entry("shred", "Erase what there is about one subject, or forbid that."),
        "secret": Entry("secret", "Say which secrets there are, and whether they can be had."),
    },
}


class Table(click.Group):
    """A group that knows its commands by name and loads them on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [name for section in SECTIONS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - same
        for section in SECTIONS.values():
            if cmd_name in section:
                module = import_module(f"remit.cli.commands.{section[cmd_name].topic}")
                return getattr(module, cmd_name.replace("-", "_"))
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        names = self.list_commands(ctx)
        if args and args[0] not in names:
            near = difflib.get_close_matches(args[0], names, n=1, cutoff=0.5)
            nearest = f' (nearest: "{near[0]}")' if near else ""
            raise click.UsageError(f'there is no command "{args[0]}"{nearest}.', ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for title, section in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, entry.about) for name, entry in section.items()], col_max=12)


@click.command(
    cls=Table,
    name="remit",
    params=shared_options(),
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit: 0 done, 1 refused or failed, 2 bad usage, 3 inconclusive, 4 parked, 5 infrastructure.",
)
@click.version_option(__version__, message="remit %(version)s")
def remit() -> None:
    """Durable runs of plain Python flows: killed, restarted, waiting for people, and nothing done twice."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command; the exit code says how it went."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(guarded(lambda: _run(words), words))


def _run(words: list[str]) -> object:
    for word in words:
        if not word.isascii() and any("\ud800" <= letter <= "\udfff" for letter in word):
            raise click.UsageError(f"this is not UTF-8: {word!a}.")
    return remit.main(words, prog_name="remit", standalone_mode=False)
