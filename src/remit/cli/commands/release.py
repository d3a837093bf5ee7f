"""`remit release`: keep the workspace as it stands, lead new runs to it, try it on a share of them, take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from remit.cli import wording
from remit.cli.commands.drift import drift
from remit.cli.commands.flag import flag
from remit.cli.errors import DONE, INCONCLUSIVE, REFUSED
from remit.cli.output import Span, table
from remit.cli.release_lines import canary_lines, diff_lines, page_lines, rehearsal_lines
from remit.cli.terminal import Command, Group, Terminal, now

if TYPE_CHECKING:
    from remit.control.releasing.views import ReleaseView

_DESPITE = click.option(
    "--despite-parked", is_flag=True, help="Although parked runs would not go on with it: they stay with theirs."
)  # fmt: skip


@click.group(cls=Group)
def release() -> None:
    """Releases, and the channels that lead to them: stable, canary, shadow."""


@release.command(cls=Command)
@click.option("--name", default="", help="What people call it; else the next number.")
@click.option("--note", default="", help="Why; it stands in the log.")
@click.pass_obj
def create(terminal: Terminal, name: str, note: str) -> None:
    """Keep the workspace as it stands, under the digest of everything that shapes behaviour."""
    made = terminal.ask(lambda platform: platform.releasing.create(name, note))

    def lines() -> list[str]:
        there = (
            f"; this very workspace is a release already, and stays {made.name}"
            if name not in {"", made.name}
            else ""
        )
        return [
            f"{made.name}  {made.digest[:12]}{there}",
            f"  what it is: remit release show {made.name}",
            f"  lead new runs to it: remit release promote {made.name}",
        ]

    terminal.answer(made, lines)


@release.command(name="list", cls=Command)
@click.pass_obj
def list_releases(terminal: Terminal) -> None:
    """List releases, newest first, with where channels lead and which runs are not over."""
    found = terminal.ask_office(lambda office: office.releasing.list())
    terminal.answer(found, lambda: _table(found))


@release.command(cls=Command)
@click.argument("name", metavar="RELEASE")
@click.option("--card", is_flag=True, help="Its agent card alone, as Markdown.")
@click.pass_obj
def show(terminal: Terminal, name: str, *, card: bool) -> None:
    """Show what RELEASE holds: a name, the beginning of a digest, or a channel."""
    page = terminal.ask_office(lambda office: office.releasing.show(name))
    if card:
        from remit.control.releasing.cards import markdown

        terminal.answer(page.card, lambda: markdown(page).splitlines())
        return
    terminal.answer(page, lambda: page_lines(page, now()))


@release.command(cls=Command)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW", default="")
@click.option("--text", is_flag=True, help="Also the changed files, line by line.")
@click.pass_obj
def diff(terminal: Terminal, old: str, new: str, *, text: bool) -> int:
    """Say what changed from OLD to NEW, or to the workspace as it stands; exits with 1 if anything did."""
    if new:
        found = terminal.ask_office(lambda office: office.releasing.diff(old, new))
    else:
        found = terminal.ask(lambda platform: platform.releasing.diff(old))
    terminal.answer(found, lambda: diff_lines(found, text=text))
    return REFUSED if found.changes else DONE


@release.command(cls=Command)
@click.argument("name", metavar="RELEASE")
@click.pass_obj
def rehearse(terminal: Terminal, name: str) -> int:
    """Replay the journals of parked runs against RELEASE, performing nothing; exits with 1 if any diverges."""
    found = terminal.ask(lambda platform: platform.releasing.rehearse(), release=name)
    terminal.answer(found, lambda: rehearsal_lines(found))
    return REFUSED if found.diverged else DONE


@release.command(cls=Command)
@click.argument("name", metavar="RELEASE")
@click.option("--reason", default="", help="Why; it stands in the log.")
@_DESPITE
@click.pass_obj
def promote(terminal: Terminal, name: str, reason: str, *, despite_parked: bool) -> None:
    """Lead all new runs to RELEASE, unless a parked run would not go on with it as it began."""
    found = terminal.ask(
        lambda platform: platform.releasing.promote(reason, despite_parked=despite_parked), release=name
    )
    terminal.answer(found, lambda: [*rehearsal_lines(found), f"{found.release[:12]} is stable now"])


@release.command(cls=Command)
@click.option(
    "--to",
    default="",
    metavar="RELEASE",
    help="Which one; else the canary ends, or the one before it is back.",
)
@click.option("--reason", default="", help="Why; it stands in the log.")
@click.pass_obj
def rollback(terminal: Terminal, to: str, reason: str) -> None:
    """Take back: end the canary that is under way; without one, lead new runs to the release before."""
    digest = terminal.ask_office(lambda office: office.releasing.roll_back(reason, to))
    terminal.answer(
        {"stable": digest}, lambda: [f"new runs go to {digest[:12] or 'the code as it stands'} now"]
    )


@release.command(cls=Command)
@click.argument("name", metavar="RELEASE", default="")
@_DESPITE
@click.pass_obj
def canary(terminal: Terminal, name: str, *, despite_parked: bool) -> int:
    """Try RELEASE on a share of new runs; without one, say what the canary came to so far.

    It is promoted, held or rolled back by itself, on evidence that stands in the log. Exits with 3 while that is open.
    """
    if name:
        begun = terminal.ask(
            lambda platform: platform.releasing.canary(despite_parked=despite_parked), release=name
        )
        terminal.answer(begun, lambda: canary_lines([begun], now()))
        return DONE
    found = terminal.ask_office(lambda office: office.releasing.canaries())
    terminal.answer(found, lambda: canary_lines(found, now()))
    return INCONCLUSIVE if any(each.status in {"running", "cleared", "held"} for each in found) else DONE


release.add_command(drift)
release.add_command(flag)


@release.command(cls=Command)
@click.argument("name", metavar="RELEASE", default="")
@click.option(
    "--percent", type=click.IntRange(0, 100), default=100, show_default=True, help="Of runs that are over."
)
@click.option("--reason", default="", help="Why; it stands in the log.")
@click.pass_obj
def shadow(terminal: Terminal, name: str, percent: int, reason: str) -> None:
    """Let RELEASE do a share of runs again once they are over, with no effect; without RELEASE, no more."""
    terminal.ask_office(lambda office: office.releasing.shadow(name, percent, reason))
    said = f"{name} gets copies of {percent} % of runs" if name else "no release gets copies any more"
    terminal.answer({"shadow": name, "percent": percent if name else 0}, lambda: [said])


def _table(found: list[ReleaseView]) -> list[Any]:
    if not found:
        return ["nothing is released; runs follow the code as it stands. Make one: remit release create"]
    at = now()
    rows = [
        (
            each.name, each.digest[:12], Span(", ".join(each.channels), "good"), str(each.live or ""),
            "yes" if each.served else "", wording.ago(each.at, at), each.by,
        )
        for each in found
    ]  # fmt: skip
    return table(("release", "digest", "channels", "runs", "served", "made", "by"), rows)
