"""`remit grant`: consents given in advance, within bounds and for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli import wording
from remit.cli.output import Span, table
from remit.cli.terminal import Command, Group, Terminal, now

if TYPE_CHECKING:
    from remit.control.approving.views import GrantView


@click.group(cls=Group)
def grant() -> None:
    """Agree in advance to calls of a tool; a grant answers a question, and never a no."""


@grant.command(cls=Command)
@click.option("--tool", required=True, help="Calls of this tool.")
@click.option("--agent", default="", help="By this agent; else by whoever calls it.")
@click.option("--run", "run_id", default="", metavar="RUN", help="In this run and its children; else in all.")
@click.option(
    "--argument",
    "bounds",
    multiple=True,
    metavar="BOUND",
    help="NAME=VALUE, NAME<=N or NAME>=N; may be repeated.",
)
@click.option("--subject", default="", help="Whom it is about: what it bounds is erased with them.")
@click.option("--uses", required=True, type=int, help="How often.")
@click.option("--for", "within", required=True, metavar="TIME", help="For how long: 30m, 2h, 7d.")
@click.pass_obj
def new(
    terminal: Terminal, tool: str, agent: str, run_id: str, bounds: tuple[str, ...], subject: str, uses: int,
    within: str,
) -> None:  # fmt: skip
    """Agree in advance."""
    made = terminal.ask_office(
        lambda office: office.make_grant(
            tool, uses=uses, within=within, agent=agent, run=run_id, bounds=bounds, subject=subject
        )
    )
    terminal.answer(made, lambda: _lines(made))


@grant.command(name="list", cls=Command)
@click.pass_obj
def list_grants(terminal: Terminal) -> None:
    """List grants, newest first."""
    found = terminal.ask_office(lambda office: office.grants())
    terminal.answer(found, lambda: _table(found))


@grant.command(cls=Command)
@click.argument("name", metavar="GRANT")
@click.pass_obj
def show(terminal: Terminal, name: str) -> None:
    """Show one grant."""
    found = terminal.ask_office(lambda office: office.grant(name))
    terminal.answer(found, lambda: _lines(found))


@grant.command(cls=Command)
@click.argument("name", metavar="GRANT")
@click.option("--reason", default="", help="Why; it stands in the log.")
@click.pass_obj
def revoke(terminal: Terminal, name: str, reason: str) -> None:
    """Let a grant cover nothing any more; what is not claimed yet is asked about again."""
    found = terminal.ask_office(lambda office: office.revoke_grant(name, reason))
    terminal.answer(found, lambda: _lines(found))


def _table(found: list[GrantView]) -> list[str]:
    if not found:
        return ["no grants: every question is asked"]
    rows = [
        (
            view.id, view.tool, view.agent or "anybody", ", ".join(view.bounds), f"{view.used} of {view.uses}",
            wording.when(view.expires_at, now()), Span(view.state, "" if view.state == "living" else "dim"), view.by,
        )
        for view in found
    ]  # fmt: skip
    return table(("grant", "tool", "agent", "bounds", "used", "until", "state", "by"), rows, flexible=3)


def _lines(view: GrantView) -> list[str]:
    return [
        f"{view.id}  {view.state}  {view.used} of {view.uses} used",
        f"  tool   {view.tool}" + (f" called by {view.agent}" if view.agent else ""),
        *([f"  run    {view.run}"] if view.run else []),
        *([f"  only   {', '.join(view.bounds)}"] if view.bounds else []),
        f"  until  {wording.when(view.expires_at, now())}",
        f"  by     {view.by}, {wording.ago(view.at, now())}",
    ]
