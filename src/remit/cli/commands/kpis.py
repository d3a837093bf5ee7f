"""`remit kpis`: key figures with their definitions, objectives and their error budgets, a month on a page."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from remit.cli.output import Span, table, width
from remit.cli.saying import say, say_document
from remit.cli.terminal import Command, Terminal
from remit.cli.wording import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.online.views import OnlineView, ScoreFigure
    from remit.control.reporting.views import Burn, Figure, KpisView

_FORMS = {".html": "html", ".htm": "html", ".md": "md", ".json": "json"}
_STYLES = {"burning": "bad", "spent": "bad", "ok": "good"}
_REFUSED = 1


@click.command(cls=Command)
@click.option(
    "--since", default="30d", show_default=True, metavar="DAY", help="30d, 4w or a date; days are of UTC."
)
@click.option("--until", default="", metavar="DAY", help="The last day; else today.")
@click.option("--agent", default="", help="Only tasks of this agent.")
@click.option("--flow", default="", help="Only tasks of this flow.")
@click.option("--only", default="", metavar="NAME", help="One figure: task_success, cost_per_success, …")
@click.option("--brief", is_flag=True, help="Without what each of them is.")
@click.option("--month", default="", metavar="YYYY-MM", help="The summary of a month instead.")
@click.option("--out", default="", metavar="FILE", help="With --month: write it as .html, .md or .json.")
@click.option(
    "--slo", is_flag=True, help="Objectives and error budgets instead; exits with 1 while one burns."
)
@click.option("--online", is_flag=True, help="What live runs were scored with instead, and how sure that is.")
@click.pass_obj
def kpis(
    terminal: Terminal, since: str, until: str, agent: str, flow: str, only: str, month: str, out: str,
    *, brief: bool, slo: bool, online: bool,
) -> None:  # fmt: skip
    """Say how well agents do: every figure with what it is made of and how sure it is."""
    if out and not month:
        raise click.UsageError("--out goes with --month.")
    if slo:
        _objectives(terminal)
    elif online:
        scores = terminal.ask_office(
            lambda office: office.online.figures(since=since, until=until, agent=agent, flow=flow)
        )
        terminal.answer(scores, lambda: _scores(scores))
    elif month:
        _month(terminal, month, out)
    else:
        found = terminal.ask_office(
            lambda office: office.reporting.kpis(since=since, until=until, agent=agent, flow=flow, only=only)
        )
        terminal.answer(found, lambda: _lines(found, define=not brief))


def _scores(found: OnlineView) -> Iterator[str]:
    from remit.control.reporting import words

    only = "".join(
        f", {kind} {name}" for kind, name in (("agent", found.agent), ("flow", found.flow)) if name
    )
    yield f"{found.since} to {found.until}{only}: {many(found.looked, 'task')} looked at"
    if not found.figures:
        yield "nothing was scored; see docs/how-to/score-live-runs.md"
        return
    hallucinating = (found.hallucinating,) if found.hallucinating is not None else ()
    yield from table(
        ("score", "runs", "mean", "in full", "95 %", "as people would say", "by"),
        [
            (
                each.metric, f"{each.n:,}", words.share(each.mean) if each.mean is not None else "",
                words.share(each.whole) if each.whole is not None else "", _between(each.low, each.high),
                _corrected(each), each.judge if each.gates or not each.judge else f"{each.judge} (no card)",
            )
            for each in (*found.figures, *hallucinating)
        ],
    )  # fmt: skip


def _between(low: float | None, high: float | None) -> str:
    return f"{100 * low:.1f} to {100 * high:.1f}" if low is not None and high is not None else ""


def _corrected(each: ScoreFigure) -> str:
    if each.corrected is None:
        return ""
    return f"{100 * each.corrected:.1f} % ({_between(each.corrected_low, each.corrected_high)})"


def _lines(found: KpisView, *, define: bool) -> Iterator[str]:
    only = "".join(
        f", {kind} {name}" for kind, name in (("agent", found.agent), ("flow", found.flow)) if name
    )
    yield f"{found.since} to {found.until}{only}: {many(found.tasks, 'task')} began"
    yield ""
    for figure in found.figures:
        yield from _figure(figure, define=define)
    if found.as_of.events:
        yield f"{found.as_of.events:,} events are not in this yet"


def _figure(figure: Figure, *, define: bool) -> Iterator[str]:
    from remit.control.reporting import words

    beside = (
        [each for each in (words.made_of(figure), _sure(figure)) if each] if figure.value is not None else []
    )
    yield f"{figure.title:<32}{words.value_of(figure):>14}  {', '.join(beside)}".rstrip()
    shown = [words.part(each) for each in figure.parts if each.value or each.unit != "count"]
    if shown:
        yield f"    {', '.join(shown)}"
    if figure.note:
        yield f"    {figure.note}"
    if define:
        yield from wrap(figure.definition, width() - 1, initial_indent="    = ", subsequent_indent="      ")


def _sure(figure: Figure) -> str:
    from remit.control.reporting import words

    return (
        f"95 %: {words.sure(figure)}" if figure.unit == "share" and words.sure(figure) else words.sure(figure)
    )


def _month(terminal: Terminal, month: str, out: str) -> None:
    form = _FORMS.get(Path(out).suffix.lower()) if out else "json" if terminal.as_json else "md"
    if form is None:
        raise click.UsageError(f"--out is written by its ending: {', '.join(_FORMS)}.")
    text = terminal.ask_office(lambda office: office.reporting.month_page(month, form))
    if not out:
        say_document(text)
        return
    try:
        Path(out).write_text(text, "utf-8")
    except OSError as wrong:
        from remit.domain.errors import InvalidInput

        raise InvalidInput(f"{out} cannot be written: {wrong.strerror}.") from None
    terminal.answer({"month": month, "file": out, "form": form}, lambda: [f"wrote {out}"])


def _objectives(terminal: Terminal) -> None:
    found = terminal.ask_office(lambda office: office.reporting.objectives())
    terminal.answer(found, lambda: _objective_lines(found))
    if any(each.burning for each in found):
        if not terminal.as_json:
            say("an error budget is burning", err=True)
        raise SystemExit(_REFUSED)


def _objective_lines(found: list[Burn]) -> list[str]:
    from remit.control.reporting import words

    if not found:
        return ["no objective is set; write [slo.NAME] in remit.toml, see docs/how-to/set-objectives.md"]
    lines = table(
        ("objective", "asks for", "missed", "budget left", "burn rates", "state"),
        [
            (
                each.name, words.wanted(each), f"{each.missed:,} of {each.tasks:,}", words.left(each),
                words.rates(each), Span(each.state, _STYLES.get(each.state, "")),
            )
            for each in found
        ],
        flexible=1,
    )  # fmt: skip
    return [*lines, *(f"{each.name} burns: {alert}" for each in found for alert in each.burning)]
