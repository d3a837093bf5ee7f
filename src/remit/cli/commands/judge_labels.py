"""`remit judge label`: what people say of things, each for oneself; and the sets that are made of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from remit.cli.errors import DONE, PARKED
from remit.cli.output import Line, Span, table
from remit.cli.terminal import Command, Group, Terminal
from remit.cli.wording import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.labelling.views import AddedView, Figure, ItemView, QueueView, SetView
    from remit.control.office import Office

_READER = click.option(
    "--reader",
    "readers",
    multiple=True,
    metavar="NAME",
    help="A person or group who may see it; repeat for several.",
)
_NOTE = click.option("--note", default="", help="Why, for those who read it later.")


@click.group(cls=Group)
def label() -> None:
    """Let people label what agents did, and make sets of it."""


@label.command(name="list", cls=Command)
@click.pass_obj
def list_(terminal: Terminal) -> None:
    """List the queues of things to be labelled, and the sets that were made of them."""

    async def ask(office: Office) -> dict[str, list[QueueView] | list[SetView]]:
        return {"queues": await office.labelling.queues(), "sets": await office.labelling.sets()}

    found = terminal.ask_office(ask)
    terminal.answer(found, lambda: _list(found))


@label.command(name="open", cls=Command)
@click.argument("queue")
@click.option("--choices", default="pass,fail", show_default=True, metavar="A,B,…", help="The labels.")
@click.option("--labellers", default=1, show_default=True, help="So many people label each thing.")
@click.option("--ordinal", is_flag=True, help="The labels have an order, as they are given.")
@_READER
@click.pass_obj
def open_(
    terminal: Terminal, queue: str, choices: str, labellers: int, readers: tuple[str, ...], *, ordinal: bool
) -> None:
    """Open a QUEUE of things to be labelled."""
    words = [each.strip() for each in choices.split(",") if each.strip()]
    found = terminal.ask_office(
        lambda office: office.labelling.open(
            queue, words, labellers=labellers, readers=readers, ordinal=ordinal
        )
    )
    terminal.answer(found, lambda: _queue(found))


@label.command(cls=Command)
@click.argument("queue")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option(
    "--input", "file", type=click.Path(path_type=Path), default=None, metavar="FILE", help="Lines of a file."
)
@click.option(
    "--sample", type=click.IntRange(1, 10_000), default=None, metavar="N", help="So many runs by lot."
)
@click.option(
    "--flagged", is_flag=True, help="Of runs that failed, were refused something or went in circles."
)
@click.option("--days", default=7, show_default=True, help="Of so many days.")
@click.option("--flow", default="", help="Only runs of this flow.")
@click.option("--agent", default="", help="Only runs of this agent.")
@click.option("--seed", default=0, show_default=True, help="The same lot again.")
@click.pass_obj
def add(
    terminal: Terminal, queue: str, runs: tuple[str, ...], file: Path | None, sample: int | None, days: int,
    flow: str, agent: str, seed: int, *, flagged: bool,
) -> None:  # fmt: skip
    """Put things into a QUEUE: runs by name, runs by lot, or lines of a file, which may carry a label already."""
    if sum((bool(runs), file is not None, sample is not None)) != 1:
        raise click.UsageError("name runs, or a file (--input), or how many to draw by lot (--sample).")

    async def ask(office: Office) -> AddedView:
        desk = office.labelling
        if sample is not None:
            return await desk.sample(
                queue, sample, since_days=days, flow=flow, agent=agent, flagged=flagged, seed=seed
            )
        return await desk.add_file(queue, file) if file is not None else await desk.add_runs(queue, runs)

    found = terminal.ask_office(ask)
    known = f", {found.known} were there already" if found.known else ""
    terminal.answer(found, lambda: [f"{many(found.added, 'thing')} put into {queue}{known}"])


@label.command(cls=Command)
@click.argument("queue")
@click.pass_obj
def show(terminal: Terminal, queue: str) -> None:
    """Show a QUEUE: how far it has come, and how far its labellers agree."""
    found = terminal.ask_office(lambda office: office.labelling.queue(queue))
    terminal.answer(found, lambda: _queue(found))


@label.command(name="next", cls=Command)
@click.argument("queue")
@click.pass_obj
def next_(terminal: Terminal, queue: str) -> None:
    """Show what you have yet to label in a QUEUE, without what others said."""
    found = terminal.ask_office(lambda office: office.labelling.next(queue))
    terminal.answer(found, lambda: _item(found) if found is not None else ["nothing is left for you here"])


@label.command(cls=Command)
@click.argument("item")
@click.argument("said", metavar="LABEL")
@_NOTE
@click.pass_obj
def give(terminal: Terminal, item: str, said: str, note: str) -> int:
    """Say what ITEM is. Exits with 4 while others have yet to say so, or differ."""
    found = terminal.ask_office(lambda office: office.labelling.give(item, said, note))
    terminal.answer(found, lambda: [_stands(found)])
    return DONE if found.status == "settled" else PARKED


@label.command(cls=Command)
@click.argument("item")
@click.argument("said", metavar="LABEL")
@_NOTE
@click.pass_obj
def settle(terminal: Terminal, item: str, said: str, note: str) -> None:
    """Decide what ITEM is, where those who labelled it differ."""
    found = terminal.ask_office(lambda office: office.labelling.settle(item, said, note))
    terminal.answer(found, lambda: [_stands(found)])


@label.command(cls=Command)
@click.argument("queue")
@click.option("--as", "name", required=True, metavar="NAME", help="The name of the set.")
@_READER
@click.pass_obj
def freeze(terminal: Terminal, queue: str, name: str, readers: tuple[str, ...]) -> None:
    """Make a numbered set of what is settled in a QUEUE; somebody reviews it before it is used."""
    found = terminal.ask_office(lambda office: office.labelling.freeze(queue, name, readers))
    terminal.answer(found, lambda: _set(found))


@label.command(cls=Command)
@click.argument("name", metavar="SET[@VERSION]")
@click.option(
    "--verdict",
    type=click.Choice(["use", "redact", "refuse"]),
    default=None,
    help="What may be done with it.",
)
@_NOTE
@click.pass_obj
def review(terminal: Terminal, name: str, verdict: str | None, note: str) -> None:
    """Look through a set for personal data and secrets, and with --verdict say whether it may be used."""
    found = terminal.ask_office(
        lambda office: (
            office.labelling.review(name, verdict, note)
            if verdict is not None
            else office.labelling.set(name)
        )
    )
    terminal.answer(found, lambda: _set(found))


def _list(found: dict[str, list[QueueView] | list[SetView]]) -> Iterator[str]:
    queues: list[QueueView] = found["queues"]  # pyright: ignore[reportAssignmentType]
    sets: list[SetView] = found["sets"]  # pyright: ignore[reportAssignmentType]
    if not queues:
        yield "no queue is open; open one: remit judge label open NAME"
        return
    yield from table(
        ("queue", "labels", "each by", "open", "disputed", "settled", "for"),
        [
            (
                each.name, ", ".join(each.choices), str(each.labellers), str(each.open), str(each.disputed),
                str(each.settled), ", ".join(each.readers) or "admins",
            )
            for each in queues
        ],
    )  # fmt: skip
    if sets:
        yield ""
        yield from table(
            ("set", "of", "things", "standing", "made by", "reviewed by"),
            [
                (named(each), each.queue, str(each.items), each.status, each.made_by, each.reviewed_by)
                for each in sets
            ],
        )  # fmt: skip


def named(found: SetView) -> str:
    """A set by its name and number."""
    return f"{found.name}@{found.version}"


def _queue(found: QueueView) -> Iterator[str]:
    by = "one person" if found.labellers == 1 else f"{found.labellers} people, each without the others"
    yield Line.of(Span(found.name, "strong"), f"  {', '.join(found.choices)}; each by {by}").painted
    yield f"{found.open} open, {found.disputed} disputed, {found.settled} settled"
    how = found.agreement
    if how is None or not how.twice:
        return
    yield f"{many(how.twice, 'thing')} labelled by several of {how.people} people"
    for name, figure in (("same", how.share), ("kappa", how.kappa), ("alpha", how.alpha)):
        yield f"  {name:<8}{figure_text(figure, percent=name == 'same')}"


def figure_text(figure: Figure, *, percent: bool = True) -> str:
    """A figure with where it lies: `91.2 % (84.0 to 95.4, n = 102)`."""
    if figure.value is None:
        return "not measured"
    scale, unit, digits = (100, " %", 1) if percent else (1, "", 2)
    said = f"{figure.value * scale:.{digits}f}{unit}"
    if figure.low is None or figure.high is None:
        return said
    return f"{said} ({figure.low * scale:.{digits}f} to {figure.high * scale:.{digits}f}, n = {figure.n})"


def _item(found: ItemView) -> Iterator[str]:
    yield Line.of(
        Span(found.id, "strong"), f"  {found.queue}  {found.run}  ", Span(f"{found.left} left", "dim")
    ).painted
    matter = found.matter
    if matter is not None:
        for name, text in (("asked", matter.input), ("answer", matter.answer), ("or", matter.other)):
            if text:
                yield f"{name:<8}{text}"
        yield from (f"{'did':<8}{act}" for act in matter.acts)
    yield f"say so: remit judge label give {found.id} {'|'.join(found.choices)}"


def _stands(found: ItemView) -> str:
    said = ", ".join(f"{person}: {what}" for person, what in found.said.items())
    settled = f" as {found.label}" if found.label else ""
    return f"{found.id} is {found.status}{settled}{f' ({said})' if said else ''}"


def _set(found: SetView) -> Iterator[str]:
    yield Line.of(
        Span(f"{found.name}@{found.version}", "strong"), f"  {found.digest}  {found.status}"
    ).painted
    yield f"{many(found.items, 'thing')} of {found.queue}, for {', '.join(found.readers) or 'admins'}"
    if found.labels:
        yield ", ".join(f"{count} {name}" for name, count in found.labels.items())
    if found.found is not None:
        said = ", ".join(f"{count} × {name}" for name, count in found.found.items())
        yield f"found in it: {said or 'no personal data and no secret'}"
    if found.status == "waiting":
        yield f"review it: remit judge label review {found.name}@{found.version} --verdict use|redact|refuse"
