"""`remit inbox | approve | reject`: the questions that wait for a person, and what people say to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from remit.cli import wording
from remit.cli.cards import WHOLE, card_lines
from remit.cli.given import json_object, json_value
from remit.cli.saying import interactive, rated
from remit.cli.terminal import Command, Group, Terminal, now

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from remit.control.approving.views import InboxItem, InboxNumbers, Verdict
    from remit.control.office import Office

    Decided = tuple[InboxItem | None, Verdict]

_RUN_USES, _RUN_TIME = 10, "8h"


@click.group(cls=Group, invoke_without_command=True)
@click.option("--group", default=None, help="Only questions for this group.")
@click.option("--mine", is_flag=True, help="Only those asked of whoever's key this is.")
@click.pass_context
def inbox(context: click.Context, group: str | None, *, mine: bool) -> None:
    """List the questions that wait for a person, and what yes and no would do."""
    if context.invoked_subcommand is not None:
        return
    terminal = context.ensure_object(Terminal)
    items = [
        each for each in terminal.ask_office(lambda office: office.inbox(group)) if each.mine or not mine
    ]
    terminal.answer(items, lambda: _inbox_lines(items))


@inbox.command(cls=Command)
@click.argument("question")
@click.pass_obj
def show(terminal: Terminal, question: str) -> None:
    """Show one open QUESTION, with the digest of exactly what is decided about."""
    item = terminal.ask_office(lambda office: office.question(question))
    terminal.answer(
        item,
        lambda: [*card_lines(item, now(), WHOLE), *([f"    digest   {item.digest}"] if item.digest else [])],
    )


@inbox.command(cls=Command)
@click.argument("question")
@click.argument("text")
@click.pass_obj
def ask(terminal: Terminal, question: str, text: str) -> None:
    """Ask back: TEXT goes to whoever wanted it, and the answer stands on the card."""
    item = terminal.ask_office(lambda office: office.ask_back(question, text))
    terminal.answer(
        item, lambda: [f"asked {item.requester or 'whoever wanted it'}: {item.id} waits for the answer"]
    )


@inbox.command(cls=Command)
@click.argument("question")
@click.argument("text")
@click.pass_obj
def answer(terminal: Terminal, question: str, text: str) -> None:
    """Answer what was asked back about QUESTION."""
    item = terminal.ask_office(lambda office: office.answer(question, text))
    terminal.answer(item, lambda: [f"your answer stands on the card of {item.id}"])


@inbox.command(cls=Command)
@click.argument("question")
@click.option("--to", required=True, metavar="NAME", help="A user, or a group.")
@click.option("--comment", default="", help="Why; it stands in the log.")
@click.pass_obj
def delegate(terminal: Terminal, question: str, to: str, comment: str) -> None:
    """Hand QUESTION on to somebody else."""
    item = terminal.ask_office(lambda office: office.delegate(question, to, comment))
    terminal.answer(item, lambda: [f"{item.id} is asked of {item.assignee or item.group} now"])


@inbox.command(cls=Command)
@click.option("--days", default=30, show_default=True, help="How far to look back.")
@click.pass_obj
def stats(terminal: Terminal, days: int) -> None:
    """How often people are asked, how long they take, and whether they look before they agree."""
    found = terminal.ask_office(lambda office: office.inbox_numbers(days))
    terminal.answer(found, lambda: _numbers(found, days))


@inbox.command(cls=Command)
@click.option("--group", default="", help="Whom to ask; else whoever was asked last.")
@click.option("--tool", default="", help="The call of which tool; else the one that was asked about last.")
@click.option(
    "--arguments", default="", metavar="JSON", help="With these arguments; else those of a real one, spoilt."
)
@click.pass_obj
def canary(terminal: Terminal, group: str, tool: str, arguments: str) -> None:
    """Put a request that ought to be refused among the real ones. It performs nothing, whatever is said to it."""
    given = json_object(arguments, "--arguments") if arguments else None
    seeded = terminal.ask_office(lambda office: office.seed_canary(group, tool, given))
    terminal.answer(
        {"id": seeded}, lambda: [f"{seeded} is in the inbox; who decides about it is told what it was"]
    )


@inbox.command(cls=Command)
@click.argument("question")
@click.argument("rating", type=click.IntRange(1, 5))
@click.option("--note", default="", help="What was missing, or what helped.")
@click.pass_obj
def rate(terminal: Terminal, question: str, rating: int, note: str) -> None:
    """Say how well you could decide about QUESTION, from 1 (hardly) to 5 (with everything at hand)."""
    pos = terminal.ask_office(lambda office: office.rate(question, rating, note))
    terminal.answer({"id": question, "rating": rating, "pos": pos}, lambda: ["thank you"])


_RATING = click.option(
    "--rating", type=click.IntRange(1, 5), help="How well you could decide: 1 hardly, 5 well."
)
_NOTE = click.option("--note", default="", help="With --rating: what was missing, or what helped.")


@click.command(cls=Command)
@click.argument("question")
@click.option("--value", default=None, metavar="JSON", help="Approve this instead; JSON, @file or -.")
@click.option("--comment", default="", help="Why; it stands in the log.")
@click.option(
    "--digest", default="", help="Only if this is exactly what is decided about (remit inbox show)."
)
@click.option("--for-run", is_flag=True, help="And ask nobody again for this tool and agent in this run.")
@click.option("--uses", default=_RUN_USES, show_default=True, help="With --for-run: how often.")
@click.option("--for", "within", default=_RUN_TIME, show_default=True, help="With --for-run: for how long.")
@_RATING
@_NOTE
@click.pass_obj
def approve(
    terminal: Terminal, question: str, value: str | None, comment: str, digest: str, uses: int, within: str,
    rating: int | None, note: str, *, for_run: bool,
) -> None:  # fmt: skip
    """Say yes to QUESTION, an id from `remit inbox`."""
    if for_run and value is not None:
        raise click.UsageError("--for-run agrees to what was asked; it cannot be combined with --value.")
    edited = {} if value is None else {"value": json_value(value, "--value")}

    async def decide(office: Office) -> tuple[InboxItem | None, Verdict]:
        item = await _find(office, question)
        name = item.id if item else question
        if for_run:
            return item, await office.approve_for_run(
                name, uses=uses, within=within, comment=comment, digest=digest
            )
        return item, await office.approve(name, comment=comment, digest=digest, **edited)

    _decide(terminal, decide, rating, note)


@click.command(cls=Command)
@click.argument("question")
@click.option("--reason", default="", help="Why; the run is told, and it stands in the log.")
@_RATING
@_NOTE
@click.pass_obj
def reject(terminal: Terminal, question: str, reason: str, rating: int | None, note: str) -> None:
    """Say no to QUESTION, an id from `remit inbox`."""

    async def decide(office: Office) -> tuple[InboxItem | None, Verdict]:
        item = await _find(office, question)
        return item, await office.reject(item.id if item else question, reason)

    _decide(terminal, decide, rating, note)


def _decide(
    terminal: Terminal,
    decide: Callable[[Office], Coroutine[Any, Any, Decided]],
    rating: int | None,
    note: str,
) -> None:
    """Say yes or no, and how well that could be decided, where somebody says it or is asked now and then."""
    if note and rating is None:
        raise click.UsageError("--note goes with --rating.")

    async def decided(office: Office) -> Decided:
        item, said = await decide(office)
        if rating is not None and _ratable(said):
            await office.rate(said.id, rating, note)
        return item, said

    item, said = terminal.ask_office(decided)
    _say(terminal, item, said)
    if rating is None and _ratable(said) and _is_asked(terminal, said.id):
        given = rated("How well could you decide, from 1 (hardly) to 5 (well)? Enter says nothing")
        if given is not None:
            terminal.ask_office(lambda office: office.rate(said.id, given))


def _ratable(said: Verdict) -> bool:
    return not said.canary and bool(said.run) and said.status != "edited"


def _is_asked(terminal: Terminal, question: str) -> bool:
    """Whether the person is asked this time: of a terminal, so often as the workspace says, by the question's id."""
    if terminal.as_json or not interactive():
        return False
    from remit.control import settings

    percent = settings.load(terminal.place()).approvals.rating_percent
    return sum(question.encode()) * 37 % 100 < percent


async def _find(office: Office, question: str) -> InboxItem | None:
    """The one open question that is meant; none leaves it to control to say why."""
    found = await office.inbox()
    meant = [item for item in found if item.id == question] or [
        item for item in found if item.id.removeprefix("a-").startswith(question.removeprefix("a-"))
    ]
    return meant[0] if len(meant) == 1 else None


def _say(terminal: Terminal, item: InboxItem | None, said: Verdict) -> None:
    told: dict[str, Any] = {"id": said.id, "verdict": said.status}
    told |= {"run": said.run} if said.run else {}
    told |= {"needed": said.needed, "votes": said.votes} if said.needed > 1 else {}
    told |= {"canary": True} if said.canary else {}
    told |= {"grant": said.grant} if said.grant else {}
    terminal.answer(told, lambda: _said_lines(item, said))


def _said_lines(item: InboxItem | None, said: Verdict) -> Iterator[str]:
    if said.canary:
        blind = said.status == "approved"
        yield f"{said.id} was a canary: a request that ought to be refused. Nothing is performed."
        yield "  it was agreed to; look at what a card says before the next yes" if blind else "  well seen"
        return
    if said.status == "counted":
        yield f"your yes to {said.id} counts; {said.votes} of {said.needed} people have agreed"
        return
    if said.status == "edited":
        yield f"{said.id} is changed; somebody else has to agree to it as it is now"
        return
    yield f"{said.status} {said.id}"
    if item is not None:
        yield f"  {item.approve_means if said.status == 'approved' else item.reject_means}"
    if said.grant:
        yield f"  {said.grant} answers for this tool in this run from now on:  remit grant show {said.grant}"
    if said.run:
        yield f"  run {said.run} goes on as soon as a worker has it:  remit watch {said.run}"


def _inbox_lines(items: list[InboxItem]) -> Iterator[str]:
    if not items:
        yield "nothing waits for a person"
    for item in items:
        yield from card_lines(item, now())


def _numbers(found: InboxNumbers, days: int) -> Iterator[str]:
    rate = "-" if found.asks_per_100 is None else f"{found.asks_per_100:.1f}"
    blind = "-" if found.blind_rate is None else f"{100 * found.blind_rate:.0f} %"
    times = ", ".join(
        f"{name} {wording.duration(round(taken * wording.MICROSECONDS))}"
        for name, taken in found.decision_seconds.items()
    )
    yield f"the last {wording.many(days, 'day')}"
    yield f"  asked        {found.asked} in {wording.many(found.consequential, 'consequential call')}: {rate} per 100"
    yield (
        f"  decided      {found.approved} approved, {found.rejected} rejected, {found.expired} expired, "
        f"{found.withdrawn} withdrawn, {found.open} open"
    )
    yield f"  took         {times or '-'}"
    yield f"  by grants    {found.by_grant} needed nobody"
    yield f"  canaries     {found.canaries_approved} of {found.canaries} agreed to blindly: {blind}"
