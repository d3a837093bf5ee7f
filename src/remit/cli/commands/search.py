"""`remit search`: what was said in runs, found again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from remit.cli import wording
from remit.cli.output import Line, Span
from remit.cli.terminal import Command, Terminal, now

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from remit.cli.saying import Painted
    from remit.control.searching.desk import SearchingDesk
    from remit.control.searching.views import HitView, SearchView

_PARTS = ("input", "question", "answer", "result", "error", "comment")
_MICRO = 1_000_000


@click.command(cls=Command)
@click.argument("text", nargs=-1, required=True)
@click.option(
    "--since", default="", metavar="TIME", help="How far back: 24h, 7d, 4w; else as far as there is anything."
)
@click.option("--flow", default="", help="Only in runs of this flow.")
@click.option("--agent", default="", help="Only what this agent asked, said or did.")
@click.option("--tool", default="", help="Only calls of this tool.")
@click.option("--model", default="", help="Only answers of this model.")
@click.option("--error", default="", help="Only failures with this code.")
@click.option("--part", type=click.Choice(_PARTS), default=None, help="Only this part of runs.")
@click.option("--status", default="", help="Only runs that stand here: failed, succeeded, …")
@click.option("--session", default="", help="Only runs of this session.")
@click.option("--release", default="", help="Only runs of this release.")
@click.option("--environment", default="", help="Only runs of this environment.")
@click.option("--purpose", default="", help="Only runs that were started for this.")
@click.option(
    "--min-cost",
    default=0.0,
    type=click.FloatRange(0),
    metavar="USD",
    help="Only runs that cost at least this.",
)
@click.option("--team", default="", help="Whose runs; your own team's are all that you can name.")
@click.option(
    "--by", type=click.Choice(["both", "words", "meaning"]), default="both", help="What has to fit."
)
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(1, 200), help="At most so many runs."
)
@click.pass_obj
def search(
    terminal: Terminal, text: tuple[str, ...], part: str | None, min_cost: float, **given: Any
) -> None:
    """Find where in runs TEXT was said: inputs, answers, what tools were given and gave, errors, comments.

    TEXT is words, in any order and with any signs between them; texts that say the same in other words are found too.
    """
    asked = " ".join(text)

    async def look(desk: SearchingDesk) -> SearchView:
        return await desk.search(asked, part=part or "", min_cost=round(min_cost * _MICRO), **given)

    if given["by"] != "words" and _has_model(terminal):
        found = terminal.execute(_with_model(terminal, look))
    else:
        found = terminal.ask_office(lambda office: look(office.searching))
    terminal.answer(found, lambda: _lines(found))


def _has_model(terminal: Terminal) -> bool:
    from remit.control import settings

    return bool(settings.load(terminal.place()).search.route)


async def _with_model(
    terminal: Terminal, look: Callable[[SearchingDesk], Awaitable[SearchView]]
) -> SearchView:
    """A model is asked through the gate, which needs the code of the workspace; where that is broken, without it."""
    from remit.domain.errors import RemitError

    note = ""
    try:
        async with terminal.platform() as platform:
            await platform.start_front()
            return await look(platform.searching)
    except RemitError as wrong:
        note = wrong.message
    async with terminal.office() as office:
        return replace(await look(office.searching), note=note)


def _lines(found: SearchView) -> list[Painted | str]:
    late = [f"({found.behind:,} events are not in the index yet)"] if found.behind else []
    late += [f"(compared by {found.model})"] if found.model else []
    late += [f"(the sentence model was not asked: {found.note})"] if found.note else []
    if not found.hits:
        return ["nothing that fits", *late]
    at = now()
    return [line.painted for hit in found.hits for line in _hit(hit, at)] + late


def _hit(hit: HitView, at: int) -> list[Line]:
    where = " · ".join(each for each in (hit.path or hit.flow, hit.part, wording.ago(hit.at, at)) if each)
    more = f" · {hit.more} more here" if hit.more else ""
    fits = "" if "words" in hit.by else " · by meaning"
    head = Line.of(
        Span(hit.event.removeprefix("run:").removeprefix("trace:"), "strong"),
        Span(f"  {where}{more}{fits}", "dim"),
    )
    return [head, Line.of("    ", *_marked(hit))]


def _marked(hit: HitView) -> list[str | Span]:
    """The snippet, with the words that were asked for standing out."""
    spans: list[str | Span] = []
    rest = hit.snippet
    while rest:
        places = [(at, word) for word in hit.matched if (at := rest.find(word)) >= 0]
        if not places:
            break
        at, word = min(places, key=lambda each: (each[0], -len(each[1])))
        spans += [rest[:at], Span(word, "strong")]
        rest = rest[at + len(word) :]
    return [*spans, rest]
