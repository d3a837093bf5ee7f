"""`remit release flag`: switch tools, routes and values for a share of runs, without a release."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from remit.cli import wording
from remit.cli.output import Span, table
from remit.cli.terminal import Command, Group, Terminal, now
from remit.domain.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.domain.flags import Flag


@click.group(cls=Group)
def flag() -> None:
    """Feature flags: tools, routes and values, each for a share of runs."""


@flag.command(name="list", cls=Command)
@click.pass_obj
def list_flags(terminal: Terminal) -> None:
    """List flags as they stand."""
    found = terminal.ask_office(lambda office: office.flags.list())
    terminal.answer(found, lambda: _table(found) if found else ["no flag is set"])


@flag.command(cls=Command)
@click.argument("name")
@click.option("--key", default="", help="A session or a run: also which side of the flag it meets.")
@click.pass_obj
def show(terminal: Terminal, name: str, key: str) -> None:
    """Show flag NAME, and what it comes to for a session or a run."""
    if key:
        met = terminal.ask_office(lambda office: office.flags.evaluate(name, key))
        terminal.answer(met, lambda: [f"{key} meets {met.variant}: {json.dumps(met.value)} ({met.reason})"])
        return
    found = terminal.ask_office(lambda office: office.flags.show(name))
    terminal.answer(found, lambda: _table([found]))


@flag.command(name="set", cls=Command)
@click.argument("name")
@click.option(
    "--tool", default="", metavar="TOOL", help="The tool that is on for the share, and off for the rest."
)
@click.option("--route", default="", metavar="ROUTE", help="The route that leads elsewhere for the share.")
@click.option("--to", default="", metavar="ROUTE", help="With --route: where it leads.")
@click.option(
    "--value", default="", metavar="JSON", help="What a flow is told that asks for it: run.flag(NAME)."
)
@click.option(
    "--otherwise", default="", metavar="JSON", help="With --value: what the rest is told; else its default."
)
@click.option(
    "--percent", type=click.IntRange(0, 100), default=100, show_default=True, help="The share of runs."
)
@click.option(
    "--agent", "agents", multiple=True, metavar="AGENT", help="Only for this agent; may be given again."
)
@click.option("--reason", default="", help="Why; it stands in the log.")
@click.pass_obj
def set_flag(
    terminal: Terminal, name: str, tool: str, route: str, to: str, value: str, otherwise: str, percent: int,
    agents: tuple[str, ...], reason: str,
) -> None:  # fmt: skip
    """Let flag NAME stand like this from now on. Runs under way meet it at their next step; who is in the share stays
    in it while it grows.
    """
    from remit.control.flagging.desk import FlagWish

    wish = FlagWish(
        name, tool, route, to, _json(value, "--value"), _json(otherwise, "--otherwise"), percent, agents, reason
    )  # fmt: skip
    made = terminal.ask_office(lambda office: office.flags.set(wish))
    terminal.answer(made, lambda: [f"{made.name}: {_said(made)}"])


@flag.command(name="off", cls=Command)
@click.argument("name")
@click.option("--reason", default="", help="Why; it stands in the log.")
@click.pass_obj
def off(terminal: Terminal, name: str, reason: str) -> None:
    """Take flag NAME away: everything is as it would be without it."""
    gone = terminal.ask_office(lambda office: office.flags.off(name, reason))
    terminal.answer(gone, lambda: [f"{gone.name} decides nothing any more"])


def _json(text: str, option: str) -> Any:
    """A value as it is typed; what is no JSON is told, because a text without its quotes might be one."""
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise InvalidInput(
            f"{option} is {text!r}, which is no JSON.", f"A text: {option} '\"{text}\"'"
        ) from None


def _table(flags: Sequence[Flag]) -> Iterator[str]:
    rows = [
        [
            each.name,
            _said(each),
            ", ".join(each.agents) or "all",
            Span(wording.ago(each.since, now()), "dim"),
            each.by,
        ]
        for each in flags
    ]
    yield from table(["flag", "what it says", "agents", "since", "by"], rows)


def _said(flag: Flag) -> str:
    share = f"{flag.percent} % of runs"
    match flag.kind.value:
        case "tool":
            return f"the tool {flag.target} is on for {share}"
        case "route":
            return f"the route {flag.target} leads to {flag.value} for {share}"
        case _:
            rest = "" if flag.otherwise is None else f", {json.dumps(flag.otherwise)} for the rest"
            return f"{json.dumps(flag.value)} for {share}{rest}"
