"""`remit mcp`: the MCP servers behind this workspace, and what clients find at /mcp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli.errors import DONE, REFUSED
from remit.cli.output import Span, table
from remit.cli.saying import say
from remit.cli.terminal import Command, Group, Terminal

if TYPE_CHECKING:
    from remit.control.inventory.mcp_servers import McpServerView


@click.group(cls=Group, invoke_without_command=True)
@click.pass_context
def mcp(context: click.Context) -> None:
    """The MCP servers of the workspace: whether they are there, which era they speak, what of them waits."""
    if context.invoked_subcommand is None:
        terminal: Terminal = context.obj
        found = _servers(terminal)
        terminal.answer(found, lambda: _table(found))


@mcp.command(cls=Command)
@click.argument("name", required=False, default="")
@click.pass_obj
def check(terminal: Terminal, name: str) -> int:
    """Ask every server, or NAME, what it offers now. Exits with 1 if one is away, or a tool of it waits."""
    found = [each for each in _servers(terminal) if name in {"", each.name}]
    if name and not found:
        raise click.UsageError(f"there is no [mcp.{name}] in tools.toml.")
    terminal.answer(found, lambda: [line for each in found for line in _lines(each)])
    return REFUSED if any(each.state == "away" or each.quarantined for each in found) else DONE


@mcp.command(cls=Command)
@click.argument("name")
@click.pass_obj
def login(terminal: Terminal, name: str) -> None:
    """Sign in to NAME, a server that wants OAuth: shows a page where you agree, and keeps the tokens."""
    from remit.control.inventory.signing_in import sign_in

    def show(url: str) -> None:
        say(f"agree here: {url}")

    count = terminal.ask(lambda platform: sign_in(platform.parts, name, show))
    terminal.answer({"server": name, "tools": count}, lambda: [f"signed in to {name}: {count} tools"])


def _servers(terminal: Terminal) -> list[McpServerView]:
    from remit.control.inventory.mcp_servers import mcp_servers

    return terminal.ask(lambda platform: mcp_servers(platform.parts))


def _table(found: list[McpServerView]) -> list[str]:
    if not found:
        return ["no MCP servers; name one in tools.toml: [mcp.NAME] with a command or a url"]
    rows = [
        (
            each.name, each.line, Span(each.state, "bad" if each.state == "away" else ""), _era(each),
            str(len(each.tools)), Span(str(len(each.quarantined)), "bad" if each.quarantined else "dim"),
            ", ".join(each.passes_on) or "-", each.sign_in,
        )
        for each in found
    ]  # fmt: skip
    return table(("server", "line", "state", "era", "tools", "quarantined", "passes on", "sign-in"), rows)


def _lines(view: McpServerView) -> list[str]:
    if view.state == "away":
        return [f"{view.name} is away: {view.why}"]
    passed = f", and its {' and '.join(view.passes_on)}" if view.passes_on else ""
    lines = [f"{view.name} is there ({view.place}, {_era(view)}): {len(view.tools)} tools{passed}"]
    return lines + [f"  {each} waits: remit tools {each}" for each in view.quarantined]


def _era(view: McpServerView) -> str:
    return "-" if not view.version else f"{view.version}, sessions" if view.sessions else view.version
