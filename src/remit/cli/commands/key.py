"""`remit key`: the keys by which people and services act."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from remit.cli import wording
from remit.cli.commands.root_key import rotate
from remit.cli.commands.user import key_lines
from remit.cli.output import Span, table
from remit.cli.terminal import Command, Group, Terminal, now
from remit.domain.budgets import Budget
from remit.domain.errors import InvalidInput
from remit.domain.fronting import KeyScope, Pace

if TYPE_CHECKING:
    from remit.control.people.views import KeyView
    from remit.control.runs.views import CoverageView


@click.group(cls=Group)
def key() -> None:
    """Make, renew and revoke keys."""


key.add_command(rotate)


@key.command(cls=Command)
@click.option("--for", "person", default="", metavar="NAME", help="Somebody else, if you may; else yourself.")
@click.option(
    "--role", "roles", multiple=True, help="Limit it to this role or group; may be given several times."
)
@click.option("--expires", default="", metavar="TIME", help="How long it lives: 12h, 90d (the default).")
@click.option("--label", default="", help="What it is for.")
@click.option(
    "--for-agent", "agent", default="", metavar="NAME", help="A key for an agent, by which it comes in."
)
@click.option("--route", "routes", multiple=True, help="Only this route; may be given several times.")
@click.option("--tool", "tools", multiple=True, help="Only this tool; may be given several times.")
@click.option("--budget", type=float, default=None, metavar="USD", help="What the agent may spend with it.")
@click.option("--tokens", type=int, default=None, help="How many tokens it may use.")
@click.option(
    "--per", type=click.Choice(["day", "month"]), default=None, help="Budgets begin anew each day or month."
)
@click.option("--rpm", type=int, default=None, help="Requests in a minute.")
@click.option("--tpm", type=int, default=None, help="Tokens in a minute.")
@click.option("--at-once", type=int, default=None, help="Requests at the same time.")
@click.pass_obj
def new(
    terminal: Terminal, person: str, roles: tuple[str, ...], expires: str, label: str, agent: str, **limits: Any
) -> None:  # fmt: skip
    """Make a key. It is shown once."""
    if not agent:
        _refuse(limits)
        made = terminal.ask_office(
            lambda office: office.new_key(person, roles=roles, expires=expires, label=label)
        )
    else:
        if roles:
            raise InvalidInput("the key of an agent has no roles.", "Leave out --role.")
        scope = _scope(agent, limits)
        made = terminal.ask_office(
            lambda office: office.new_agent_key(scope, person, expires=expires, label=label)
        )
    terminal.answer(made, lambda: [*key_lines(made), *_limited(made.scope)])


@key.command(cls=Command)
@click.argument("name", metavar="KEY")
@click.option("--run", "run", required=True, metavar="NAME", help="The run or user action that it is for.")
@click.option("--user", default="", metavar="NAME", help="For whom; else for whom the key is.")
@click.option("--purpose", default="", help="What it is done for.")
@click.option("--data-class", default="", metavar="CLASS", help="The class of the data that is sent.")
@click.option("--budget", type=float, default=None, metavar="USD", help="What may be spent for it.")
@click.option("--tokens", type=int, default=None, help="How many tokens may be used for it.")
@click.option("--expires", default="1h", show_default=True, metavar="TIME", help="How long it counts.")
@click.pass_obj
def token(
    terminal: Terminal, name: str, run: str, user: str, purpose: str, data_class: str, expires: str,
    budget: float | None, tokens: int | None,
) -> None:  # fmt: skip
    """Sign a token: what is done with KEY beside it belongs to one run or user action, and to its budget."""
    purse = Budget(usd=budget, tokens=tokens) if budget is not None or tokens is not None else None
    made = terminal.ask_office(
        lambda office: office.run_token(
            name, run, user=user, purpose=purpose, data_class=data_class, budget=purse, expires=expires
        )
    )
    terminal.answer(
        {"token": made}, lambda: [made, "Send it as the header x-remit-run-token, beside the key."]
    )


@key.command(cls=Command)
@click.pass_obj
def agents(terminal: Terminal) -> None:
    """Show the agents that come in by keys, and how far each is covered, by the last exchanges."""
    found = terminal.ask_office(lambda office: office.coverage())
    terminal.answer(found, lambda: _covered(found))


@key.command(name="list", cls=Command)
@click.option("--for", "person", default="", metavar="NAME", help="Only those of NAME.")
@click.pass_obj
def list_keys(terminal: Terminal, person: str) -> None:
    """List keys, without their secrets."""
    found = terminal.ask_office(lambda office: office.keys(person))
    terminal.answer(found, lambda: _table(found))


@key.command(cls=Command)
@click.argument("name", metavar="KEY")
@click.option("--overlap", default="1h", show_default=True, help="How long the old one goes on.")
@click.option("--expires", default="", metavar="TIME", help="How long the new one lives; 90d if not said.")
@click.pass_obj
def renew(terminal: Terminal, name: str, overlap: str, expires: str) -> None:
    """Make a new key in place of KEY, which goes on for a while."""
    made = terminal.ask_office(lambda office: office.renew_key(name, overlap=overlap, expires=expires))
    terminal.answer(made, lambda: key_lines(made))


@key.command(cls=Command)
@click.argument("name", metavar="KEY")
@click.option("--reason", default="", help="Why; it stands in the log.")
@click.pass_obj
def revoke(terminal: Terminal, name: str, reason: str) -> None:
    """Let KEY open nothing any more."""
    view = terminal.ask_office(lambda office: office.revoke_key(name, reason))
    terminal.answer(view, lambda: [f"key {view.id} of {view.person} opens nothing any more"])


def _scope(agent: str, limits: dict[str, Any]) -> KeyScope:
    routes, tools, usd, tokens = limits["routes"], limits["tools"], limits["budget"], limits["tokens"]
    if limits["per"] and usd is None and tokens is None:
        raise InvalidInput("--per says how often a budget begins anew.", "Give --budget or --tokens as well.")
    purse = (
        Budget(usd=usd, tokens=tokens, per=limits["per"] or "")
        if usd is not None or tokens is not None
        else None
    )
    return KeyScope(
        agent, frozenset(routes) if routes else None, frozenset(tools) if tools else None, purse,
        pace=Pace(limits["rpm"], limits["tpm"], limits["at_once"]),
    )  # fmt: skip


def _refuse(limits: dict[str, Any]) -> None:
    given = next((name for name, said in limits.items() if said not in {None, ()}), "")
    if given:
        option = {"routes": "route", "tools": "tool"}.get(given, given.replace("_", "-"))
        raise InvalidInput(f"--{option} is for the key of an agent.", "Say which: --for-agent NAME")


def _limited(scope: dict[str, Any] | None) -> list[str]:
    """What an agent's key is for, and how it is used."""
    if scope is None:
        return []
    return [
        f"for the agent {scope['agent']}: {_limits(scope)}",
        "Give it to the agent as its API key, and this server as its base URL.",
    ]


def _limits(scope: dict[str, Any]) -> str:
    said = [
        f"routes {', '.join(scope['routes'])}" if "routes" in scope else "every route",
        f"tools {', '.join(scope['tools'])}" if "tools" in scope else "every tool that policy lets it use",
    ]
    budget, pace = scope.get("budget", {}), scope.get("pace", {})
    per = f" a {budget['per']}" if budget.get("per") else ""
    said += [f"${budget['usd']:g}{per}"] if "usd" in budget else []
    said += [f"{budget['tokens']:,} tokens{per}"] if "tokens" in budget else []
    words = {"requests": "requests a minute", "tokens": "tokens a minute", "at_once": "at once"}
    return ", ".join([*said, *(f"{limit:,} {words[name]}" for name, limit in pace.items())])


def _table(found: list[KeyView]) -> list[str]:
    if not found:
        return ["no keys"]
    rows = [
        (
            view.id, view.person, _for(view), view.label,
            "never" if view.expires_at is None else wording.when(view.expires_at, now()),
            Span(view.state, "" if view.state == "living" else "bad"),
        )
        for view in found
    ]  # fmt: skip
    return table(("key", "of", "roles", "label", "ends", "state"), rows, flexible=3)


def _covered(found: list[CoverageView]) -> list[str]:
    if not found:
        return ["no agent has come in yet: remit key new --for-agent NAME"]
    rows = [
        (
            view.agent if view.bound else f"{view.agent} (as it calls itself)".strip(), f"{view.models:,}",
            f"{view.tools:,}", f"{view.proposed:,}", f"{view.advised_against:,}",
        )
        for view in found
    ]  # fmt: skip
    head = ("agent", "model calls", "tool calls", "calls of its own tools", "advised against")
    said = "model calls and tools behind Remit are enforced; its own tools are advised, not enforced"
    return [*table(head, rows, flexible=0), said]


def _for(view: KeyView) -> str:
    if view.scope is not None:
        return f"agent {view.scope['agent']}: {_limits(view.scope)}"
    return ", ".join(view.roles) or "all of theirs"
