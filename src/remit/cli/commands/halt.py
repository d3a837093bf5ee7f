"""`remit halt` and `remit lift`: stop something at once, see what stands still, let it act again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from remit.cli import wording
from remit.cli.output import Span, table
from remit.cli.terminal import Command, Group, Terminal, now

if TYPE_CHECKING:
    from remit.control.containment.views import HaltView

_SCOPES = ("team", "agent", "tool", "model", "release", "principal", "run")


@click.group(cls=Group, invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="Everything, of every team on this database.")
@click.option("--team", default="", metavar="NAME", help="A team.")
@click.option("--agent", default="", metavar="NAME", help="An agent, and whoever acts for it.")
@click.option("--tool", default="", metavar="NAME", help="A tool: its calls are refused.")
@click.option("--model", default="", metavar="NAME", help="A model: routes go on without it.")
@click.option("--release", default="", metavar="RELEASE", help="Runs bound to this code: a name or a digest.")
@click.option("--principal", default="", metavar="NAME", help="Whatever is done on behalf of somebody.")
@click.option("--run", default="", metavar="RUN", help="A run and its children.")
@click.option(
    "--quarantine", is_flag=True, help="Reads stay possible; for everything else a person is asked."
)
@click.option("--for", "within", default="", metavar="TIME", help="Only for so long: 30m, 2h, 7d.")
@click.option("--reason", default="", help="Why; it stands in the log, and in every refusal.")
@click.pass_context
def halt(
    ctx: click.Context, *, everything: bool, quarantine: bool, within: str, reason: str, **named: str
) -> None:
    """Let something stand still, at once: runs park, calls under way are cancelled or become unknown."""
    if ctx.invoked_subcommand is not None:
        return
    chosen = [(scope, named[scope]) for scope in _SCOPES if named[scope]]
    chosen += [("all", "")] if everything else []
    if len(chosen) != 1:
        raise click.UsageError("say what to halt, and one thing only: --agent NAME, --run RUN, --all, …", ctx)
    terminal: Terminal = ctx.obj
    scope, target = chosen[0]
    made = terminal.ask_office(
        lambda office: office.halt(scope, target, reason=reason, quarantine=quarantine, within=within)
    )
    terminal.answer(made, lambda: _lines([made]))


@halt.command(name="list", cls=Command)
@click.option("--everything", is_flag=True, help="Also what was lifted or is over.")
@click.pass_obj
def list_halts(terminal: Terminal, *, everything: bool) -> None:
    """List what stands still, newest first."""
    found = terminal.ask_office(lambda office: office.halts(everything=everything))
    terminal.answer(found, lambda: _table(found))


@click.command(cls=Command)
@click.argument("name", metavar="HALT")
@click.option("--reason", default="", help="Why; it stands in the log.")
@click.pass_obj
def lift(terminal: Terminal, name: str, reason: str) -> None:
    """Let it act again: HALT is an id, or what stands still, such as agent:desk. Runs go on by themselves."""
    lifted = terminal.ask_office(lambda office: office.lift(name, reason))
    terminal.answer(lifted, lambda: _lines(lifted))


def _table(found: list[HaltView]) -> list[Any]:
    if not found:
        return ["nothing is halted"]
    at = now()
    rows = [
        (
            view.id, _what(view), Span(view.mode, "bad" if view.state == "standing" else "dim"), view.state, view.by,
            wording.ago(view.at, at), wording.when(view.until, at) if view.until is not None else "", view.reason,
        )
        for view in found
    ]  # fmt: skip
    return table(("halt", "what", "how", "state", "by", "since", "until", "why"), rows, flexible=7)


def _lines(found: list[HaltView]) -> list[str]:
    lines: list[str] = []
    for view in found:
        how = "is halted" if view.mode == "halt" else "is in quarantine"
        lines.append(f"{view.id}  {_what(view)} {how if view.state == 'standing' else 'acts again'}")
        if view.state == "standing":
            lines.append(f"  lift it: remit lift {view.id}")
        if view.warning:
            lines.append(f"  {view.warning}; the halt stands all the same")
    return lines


def _what(view: HaltView) -> str:
    return "everything" if view.scope == "all" else f"{view.scope} {view.target}"
