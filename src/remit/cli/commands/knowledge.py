"""`remit knowledge memory`: what agents and flows remember, and how a person forgets some of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from remit.cli import wording
from remit.cli.output import table
from remit.cli.saying import insist
from remit.cli.terminal import Command, Group, Terminal, now

if TYPE_CHECKING:
    from remit.control.inventory.views import MemoryView
    from remit.control.platform import Platform
    from remit.control.runs.views import RunView

_LONGEST = 60


@click.group(cls=Group)
def knowledge() -> None:
    """Look at what agents know beyond a conversation."""


@knowledge.group(cls=Group)
def memory() -> None:
    """List, show and forget what is remembered."""


@memory.command(name="list", cls=Command)
@click.argument("text", required=False, default="")
@click.option("--scope", default="", help="run, user, agent or team; or one of them, such as user:lea.")
@click.pass_obj
def list_items(terminal: Terminal, text: str, scope: str) -> None:
    """List what is remembered; with TEXT what fits it, the best first."""
    found = terminal.ask_office(lambda office: office.memories(scope, text))
    terminal.answer(found, lambda: _table(found))


@memory.command(cls=Command)
@click.argument("scope")
@click.argument("key")
@click.pass_obj
def show(terminal: Terminal, scope: str, key: str) -> None:
    """Show the item KEY of SCOPE (such as user:lea): its value, where it came from, who may see it."""
    found = terminal.ask_office(lambda office: office.memory(scope, key))
    terminal.answer(found, lambda: _lines(found))


@memory.command(cls=Command)
@click.argument("scope")
@click.argument("key", required=False, default="")
@click.option("--matching", default="", help="Everything that holds all of these words, instead of one KEY.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def forget(terminal: Terminal, scope: str, key: str, matching: str, *, yes: bool) -> int:
    """Forget KEY of SCOPE (user, team, user:lea, agent:triage). It is a run of its own: remit undo takes it back."""
    if bool(key) == bool(matching):
        raise click.UsageError("name either the KEY to forget, or words that occur: --matching TEXT.")
    if not yes and terminal.as_json:
        raise click.UsageError("with --json nobody can be asked whether it is meant; say --yes.")
    if not yes:
        insist(f"Forget {key or f'everything with {matching!r}'} of {scope}?", err=True)
    view = terminal.ask(lambda platform: _forget(platform, scope, key, matching))
    terminal.answer(view, lambda: _result_lines(view))
    if view.run.status == "parked":
        return 4
    return 0 if view.run.status == "succeeded" and view.result else 1


async def _forget(platform: Platform, scope: str, key: str, matching: str) -> RunView:
    platform.check_work()
    handle = await platform.forget(scope, key, matching=matching)
    await platform.start_worker(only=handle.id)
    async for view in platform.watch(handle.id):
        if view.run.ended_at is not None or view.run.status == "parked":
            return view
    return await platform.show(handle.id)


def _table(found: list[MemoryView]) -> list[Any]:
    if not found:
        return ["nothing is remembered"]
    at = now()
    rows = [
        (
            each.scope, each.key, _short(wording.value(each.value, _LONGEST)), each.integrity,
            wording.ago(each.at, at), wording.when(each.expires, at) if each.expires is not None else "",
        )
        for each in found
    ]  # fmt: skip
    return table(("scope", "key", "value", "integrity", "remembered", "until"), rows, flexible=2)


def _lines(found: MemoryView) -> list[str]:
    at = now()
    readers = "everybody" if found.readers is None else ", ".join(found.readers) or "nobody"
    lines = [
        f"{found.scope}/{found.key}", wording.value(found.value, 100_000),
        f"integrity: {found.integrity}", f"readers: {readers}", f"sources: {', '.join(found.sources) or 'unknown'}",
        f"remembered: {wording.ago(found.at, at)} by {found.run}",
    ]  # fmt: skip
    return [*lines, f"until: {wording.when(found.expires, at)}"] if found.expires is not None else lines


def _result_lines(view: RunView) -> list[str]:
    if view.run.status != "succeeded":
        return [f"{view.run.status}: {view.run.id}  {view.message}".rstrip()]
    if not view.result:
        return ["nothing of that is remembered"]
    return [*(f"forgot {key}" for key in view.result), f"take it back: remit undo {view.run.id}"]


def _short(text: str) -> str:
    return " ".join(text.split())
