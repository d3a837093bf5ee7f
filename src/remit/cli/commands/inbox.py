"""`remit inbox | approve | reject`: the questions that wait for a person, and the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from remit.cli import wording
from remit.cli.given import json_value
from remit.cli.output import Line, Span
from remit.cli.terminal import Command, Terminal, now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.office import Office
    from remit.control.views import InboxItem

_LONGEST_VALUE = 400


@click.command(cls=Command)
@click.option("--group", default=None, help="Only questions for this group.")
@click.pass_obj
def inbox(terminal: Terminal, group: str | None) -> None:
    """List the questions that wait for a person, and what yes and no would do."""
    items = terminal.ask_office(lambda office: office.inbox(group))
    terminal.answer(items, lambda: _inbox_lines(items))


@click.command(cls=Command)
@click.argument("question")
@click.option("--value", default=None, metavar="JSON", help="Approve this instead; JSON, @file or -.")
@click.option("--comment", default="", help="Why; it stands in the log.")
@click.pass_obj
def approve(terminal: Terminal, question: str, value: str | None, comment: str) -> None:
    """Say yes to QUESTION, an id from `remit inbox`."""
    edited = {} if value is None else {"value": json_value(value, "--value")}

    async def decide(office: Office) -> InboxItem | None:
        item = await _find(office, question)
        await office.approve(item.id if item else question, comment=comment, **edited)
        return item

    _say(terminal, "approved", question, terminal.ask_office(decide))


@click.command(cls=Command)
@click.argument("question")
@click.option("--reason", default="", help="Why; the run is told, and it stands in the log.")
@click.pass_obj
def reject(terminal: Terminal, question: str, reason: str) -> None:
    """Say no to QUESTION, an id from `remit inbox`."""

    async def decide(office: Office) -> InboxItem | None:
        item = await _find(office, question)
        await office.reject(item.id if item else question, reason)
        return item

    _say(terminal, "rejected", question, terminal.ask_office(decide))


async def _find(office: Office, question: str) -> InboxItem | None:
    """The one open question that is meant; none leaves it to control to say why."""
    meant = [
        item
        for item in await office.inbox()
        if item.id.removeprefix("a-").startswith(question.removeprefix("a-"))
    ]
    return meant[0] if len(meant) == 1 else None


def _say(terminal: Terminal, verdict: str, question: str, item: InboxItem | None) -> None:
    decided: dict[str, Any] = {"id": item.id if item else question, "verdict": verdict}
    if item is not None:
        decided["run"] = item.run

    def lines() -> Iterator[str]:
        yield f"{verdict} {decided['id']}"
        if item is not None:
            yield f"  {item.approve_means if verdict == 'approved' else item.reject_means}"
            yield f"  run {item.run} goes on as soon as a worker has it:  remit watch {item.run}"

    terminal.answer(decided, lines)


def _inbox_lines(items: list[InboxItem]) -> Iterator[str]:
    if not items:
        yield "nothing waits for a person"
    for item in items:
        yield from _item_lines(item, now())


def _question(item: InboxItem) -> str:
    match item.kind:
        case "human":
            return f"may {item.name} go on?" if item.name else f"{item.flow} asks for a decision"
        case "unknown":
            return f"did {item.name} take place?"
        case "write":
            return f"may the fork really perform {item.name}?"
        case "approval":
            return (
                f"may {item.value.get('agent') or item.value.get('for') or 'the run'} do this: {item.name}?"
            )


def _asked_about(item: InboxItem) -> Iterator[tuple[str, str]]:
    """The value, or of a write the call that is meant and the key under which the world may know it."""
    match item.value:
        case {"step": str(step), "arguments": _} if item.kind in {"unknown", "write"}:
            yield "step", step
            yield "with", wording.value(item.value["arguments"], _LONGEST_VALUE)
            if "idempotency_key" in item.value:
                yield "key", item.value["idempotency_key"]
        case {"rule": str(rule), "reason": reason} if item.kind == "approval":
            call = item.value
            what = call.get("tool") or call.get("undo") or item.name
            yield "what", wording.call(str(what), call.get("arguments") or {}, _LONGEST_VALUE)
            yield "why you", f"{reason or rule} ({rule})"
            yield (
                "undo",
                "can be undone" if call.get("undo") not in {"none", "", None} else "cannot be undone",
            )
        case value:
            yield "value", wording.value(value, _LONGEST_VALUE)


def _item_lines(item: InboxItem, now: int) -> Iterator[str]:
    due = f", answer by {wording.when(item.due, now)}" if item.due is not None else ""
    group = Span(f"for {item.group or 'anybody'}", "waits")
    asked = f"   asked {wording.ago(item.asked_at, now)}{due}"
    yield Line.of(Span(item.id, "strong"), f"  {_question(item)}  ", group, asked).painted
    for label, text in (
        ("run", f"{item.run} ({item.flow})"),
        *_asked_about(item),
        ("approve", item.approve_means),
        ("reject", item.reject_means),
    ):
        yield Line.of("    ", Span(f"{label:<9}", "dim"), text).painted
    yield ""
