"""`remit judge`: models that judge the work of other models, as instruments: what they say, and how far it is so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from remit.cli.commands.judge_labels import figure_text, label
from remit.cli.errors import DONE, INCONCLUSIVE, REFUSED
from remit.cli.output import Line, Span, table
from remit.cli.terminal import Command, Group, Terminal
from remit.cli.wording import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.judging.views import FaultView, JudgedView, JudgeView, JudgingView, StandingView
    from remit.control.platform import Platform

_STYLES = {"pass": "good", "better": "good", "fail": "bad", "worse": "bad"}
_MICRO = 1_000_000


@click.group(cls=Group)
def judge() -> None:
    """Let models judge work, and find out how far they can be trusted."""


@judge.command(name="list", cls=Command)
@click.pass_obj
def list_(terminal: Terminal) -> None:
    """List the judges of this workspace: judges/*.yaml, and those of its code."""

    async def ask(platform: Platform) -> list[JudgeView]:
        return platform.judging.judges()

    found = terminal.ask(ask)
    terminal.answer(found, lambda: _list(found))


@judge.command(cls=Command)
@click.argument("name")
@click.pass_obj
def show(terminal: Terminal, name: str) -> None:
    """Show the judge NAME: its rule, its models, what it is shown."""

    async def ask(platform: Platform) -> JudgeView:
        return platform.judging.judge(name)

    found = terminal.ask(ask)
    terminal.answer(found, lambda: _show(found))


@judge.command(cls=Command)
@click.argument("name")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option(
    "--input", "file", type=click.Path(path_type=Path), default=None, metavar="FILE",
    help='Judge the lines of this file instead: {"id": …, "input": …, "answer": …}.',
)  # fmt: skip
@click.option("--max-cost", type=float, default=None, metavar="USD", help="Refuse if it could cost more.")
@click.pass_obj
def run(
    terminal: Terminal, name: str, runs: tuple[str, ...], file: Path | None, max_cost: float | None
) -> int:
    """Let the judge NAME judge what came of runs. It is asked in a run of its own, which has no tool.

    Exits with 3 if it gave no verdict on any of them.
    """
    found = terminal.ask(lambda platform: platform.judging.run(name, runs, file, usd=max_cost))
    terminal.answer(found, lambda: _judged(found))
    return INCONCLUSIVE if any(not each.said for each in found.judged) else DONE


@judge.command(cls=Command)
@click.argument("run_", metavar="RUN")
@click.option(
    "--judge", "name", default="", metavar="NAME", help="The judge of the kind fault; else the only one."
)
@click.option("--max-cost", type=float, default=None, metavar="USD", help="Refuse if it could cost more.")
@click.pass_obj
def fault(terminal: Terminal, run_: str, name: str, max_cost: float | None) -> int:
    """Say whose fault it was that RUN came out wrong: by signs, and by a judge where these say too little.

    Exits with 3 if nothing points to anybody.
    """
    found = terminal.ask(lambda platform: platform.judging.fault(run_, name, usd=max_cost))
    terminal.answer(found, lambda: _fault(found))
    return DONE if found.agent else INCONCLUSIVE


@judge.command(cls=Command)
@click.argument("name", required=False, default="")
@click.pass_obj
def card(terminal: Terminal, name: str) -> int:
    """Show what judges are worth, or the judge NAME: its calibration card.

    Exits with 1 if the judge NAME may not gate.
    """

    async def ask(platform: Platform) -> list[StandingView]:
        return [await platform.judging.standing(name)] if name else await platform.judging.cards()

    found = terminal.ask(ask)
    terminal.answer(found, lambda: (line for each in found for line in _standing(each)))
    return REFUSED if name and not found[0].gates else DONE


@judge.command(cls=Command)
@click.argument("name")
@click.option("--labels", required=True, metavar="SET", help="The set of labels that it is held against.")
@click.option("--max-cost", type=float, default=None, metavar="USD", help="Refuse if it could cost more.")
@click.pass_obj
def calibrate(terminal: Terminal, name: str, labels: str, max_cost: float | None) -> int:
    """Hold the judge NAME against what people said: its card, sealed in the log.

    Exits with 1 if the card does not let it gate.
    """
    found = terminal.ask(lambda platform: platform.judging.calibrate(name, labels, usd=max_cost))
    terminal.answer(found, lambda: _standing(found))
    return DONE if found.gates else REFUSED


@judge.command(cls=Command)
@click.argument("name")
@click.option(
    "--items", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many golden items."
)
@click.option("--max-cost", type=float, default=None, metavar="USD", help="Refuse if it could cost more.")
@click.pass_obj
def check(terminal: Terminal, name: str, items: int, max_cost: float | None) -> int:
    """Put golden items to the judge NAME again. Where it says too seldom what people said, it is suspended.

    Exits with 1 if it is.
    """
    found = terminal.ask(lambda platform: platform.judging.check(name, items, usd=max_cost))
    said = f"{found.agreed} of {found.looked} as people said"
    why = (
        f"; suspended: {found.suspended}"
        if found.suspended
        else f"; {many(found.since, 'look')} since its card"
    )
    terminal.answer(found, lambda: [f"{name}: {said}{why}"])
    return REFUSED if found.suspended else DONE


@judge.command(cls=Command)
@click.argument("name")
@click.option("--reason", default="", help="Why, for those who read it later.")
@click.pass_obj
def suspend(terminal: Terminal, name: str, reason: str) -> None:
    """Let the judge NAME gate no more, until it is calibrated anew."""
    pos = terminal.ask(lambda platform: platform.judging.suspend(name, reason))
    terminal.answer({"judge": name, "pos": pos}, lambda: [f"{name} may not gate any more"])


judge.add_command(label)


def _standing(found: StandingView) -> Iterator[str]:
    state = Span("may gate", "good") if found.gates else Span("may not gate", "bad")
    why = f": {found.problem}" if found.problem else ""
    yield Line.of(Span(found.judge, "strong"), f"  {found.digest}  ", state, why).painted
    card = found.card
    if card is None:
        return
    simulated = "; by a simulated model" if card.simulated else ""
    unjudged = f"; {card.unjudged} without a verdict" if card.unjudged else ""
    yield f"  labels       {card.labels}@{card.version}, n = {card.n}{unjudged}{simulated}"
    for name, figure in (
        ("as people", card.share), ("sensitivity", card.sensitivity), ("specificity", card.specificity),
        ("other order", card.swap), ("itself", card.itself),
    ):  # fmt: skip
        yield f"  {name:<13}{figure_text(figure)}"
    yield f"  {'kappa':<13}{figure_text(card.kappa, percent=False)}"


def _list(found: list[JudgeView]) -> list[str]:
    if not found:
        return ["no judge is written; see docs/how-to/calibrate-a-judge.md"]
    return table(
        ("judge", "kind", "route", "votes", "models", "written in"),
        [
            (
                each.name, each.kind, each.route, str(each.votes),
                Span(each.problem, "bad") if each.problem else ", ".join(each.models), each.place,
            )
            for each in found
        ],
        flexible=4,
    )  # fmt: skip


def _show(found: JudgeView) -> Iterator[str]:
    yield Line.of(
        Span(found.name, "strong"), f"  {found.kind}, {many(found.votes, 'vote')}  ", found.digest
    ).painted
    yield f"route    {found.route}: {found.problem or ', '.join(found.models)}"
    yield f"shown    {', '.join(found.shows)}"
    if found.simulated:
        yield Line.of(Span("a simulated model answers for it", "waits")).painted
    yield ""
    yield from found.rubric.strip().split("\n")


def _fault(found: FaultView) -> Iterator[str]:
    if not found.agent and not found.step:
        yield "nothing points to anybody"
        return
    who = found.agent or "the flow's own code"
    by = "" if found.by == "signs" else f", says {found.by}"
    yield Line.of(
        Span(who, "strong"), f"  at {found.step}  ", f"confidence {found.confidence:.2f}{by}"
    ).painted
    for text, events in found.evidence:
        refs = "".join(f"  {each.removeprefix('run:')}" for each in events)
        yield Line.of(f"  {text}", Span(refs, "dim")).painted
    for other, weight in found.others:
        yield Line.of(Span(f"  or {other or 'the flow'} ({weight:.2f})", "dim")).painted


def _judged(found: JudgingView) -> Iterator[str]:
    for each in found.judged:
        yield _verdict(each)
    simulated = ", by a simulated model" if found.simulated else ""
    yield ""
    by = f"{found.judge} ({found.digest}){simulated}"
    yield f"{many(len(found.judged), 'thing')} judged by {by} in {', '.join(found.runs)}"


def _verdict(each: JudgedView) -> str:
    said = each.said or "no verdict"
    return Line.of(
        Span(f"{said:<10}", _STYLES.get(each.said, "waits")), f"  {each.matter}  ", Span(each.why, "dim")
    ).painted
