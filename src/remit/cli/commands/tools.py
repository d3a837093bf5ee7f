"""`remit tools`: what agents may act with, and the definitions that wait for somebody to accept them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli import wording
from remit.cli.output import Span, table
from remit.cli.terminal import Command, Terminal

if TYPE_CHECKING:
    from remit.control.inventory.views import ToolView


@click.command(cls=Command)
@click.argument("name", required=False, default="")
@click.option(
    "--accept", is_flag=True, help="Accept a changed definition of NAME, so that it may be called again."
)
@click.option("--digest", default="", help="With --accept: only if this is the definition that waits.")
@click.pass_obj
def tools(terminal: Terminal, name: str, digest: str, *, accept: bool) -> None:
    """List the tools of the workspace, or show NAME: what it takes, what it does, how it is undone, what changed."""
    if accept:
        if not name:
            raise click.UsageError("--accept needs the NAME of a tool.")
        view = terminal.ask(lambda platform: platform.accept_tool(name, digest))
        said = [f"{name} is accepted as it is now ({view.digest[:12]})"]
        if view.proposal:
            said = [
                f"proposed as {view.proposal}: it cannot be undone, so somebody else has to agree",
                f"  remit approve {view.proposal}",
            ]
        terminal.answer(view, lambda: said)
        return
    found = terminal.ask(lambda platform: platform.tools())
    if not name:
        terminal.answer(found, lambda: _table(found))
        return
    one = next((each for each in found if each.name == name), None)
    if one is None:
        raise click.UsageError(f'there is no tool "{name}".')
    terminal.answer(one, lambda: _lines(one))


def _table(found: list[ToolView]) -> list[str]:
    if not found:
        return ["no tools; write one with @tool, or describe a source in tools.toml"]
    rows = [
        (
            view.name, view.effect, view.source,
            "yes" if view.undo != "none" and not view.best_effort else "best effort" if view.undo != "none" else "no",
            wording.duration(round(view.hold * wording.MICROSECONDS)) if view.hold else "",
            Span(view.state, "bad" if view.state == "quarantined" else ""), _first_line(view.description),
        )
        for view in found
    ]  # fmt: skip
    return table(("tool", "effect", "source", "undo", "held", "state", "about"), rows)


def _lines(view: ToolView) -> list[str]:
    lines = [f"{view.name}  {view.effect}  {view.source}  {view.place}", *view.description.splitlines()]
    for name, schema in view.parameters.get("properties", {}).items():
        needed = "" if name in view.parameters.get("required", ()) else "  optional"
        role = f"  {view.roles[name]}" if name in view.roles else ""
        lines.append(f"  {name}: {schema.get('type', 'any')}{role}{needed}")
    undo = view.best_effort or {"none": "cannot be undone"}.get(view.undo, "can be undone")
    lines.append(f"undo: {undo}")
    if view.hold:
        held = wording.duration(round(view.hold * wording.MICROSECONDS))
        lines.append(f"held: its calls are done {held} after they are let, and can be called back until then")
    lines.append(f"digest: {view.digest}")
    if view.changes:
        lines += ["changed since it was accepted:", *(f"  {change}" for change in view.changes)]
        lines.append(f"accept it: remit tools {view.name} --accept")
    return lines


def _first_line(text: str) -> str:
    return (text.splitlines() or [""])[0]
