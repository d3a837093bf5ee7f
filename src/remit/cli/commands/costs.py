"""`remit costs`: what was spent on what, what it will come to, and which days stand out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli.output import Span, table
from remit.cli.terminal import Command, Terminal
from remit.cli.wording import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.reporting.views import BudgetView, CostsView

_WAYS = ("team", "agent", "flow", "purpose", "model", "prompt", "release", "day")
_STYLES = {"ok": "good", "likely over": "waits", "over": "bad"}


@click.command(cls=Command)
@click.option(
    "--by", type=click.Choice(_WAYS), default="agent", show_default=True, help="How costs are told apart."
)
@click.option(
    "--since", default="30d", show_default=True, metavar="DAY", help="30d, 4w or a date; days are of UTC."
)
@click.option("--until", default="", metavar="DAY", help="The last day; else today.")
@click.option("--agent", default="", help="Only calls of this agent.")
@click.option("--flow", default="", help="Only runs of this flow.")
@click.option(
    "--limit", default=30, show_default=True, type=click.IntRange(1, 10_000), help="At most so many rows."
)
@click.option("--budgets", is_flag=True, help="Also how budgets stand, and what is to be expected of them.")
@click.pass_obj
def costs(
    terminal: Terminal, by: str, since: str, until: str, agent: str, flow: str, limit: int, *, budgets: bool
) -> None:
    """Say what was spent on what, what a successful task cost, what the month will come to, which days stand out."""
    found = terminal.ask_office(
        lambda office: office.reporting.costs(
            by, since=since, until=until, agent=agent, flow=flow, with_budgets=budgets
        )
    )
    terminal.answer(found, lambda: _lines(found, limit, budgets=budgets))


def _lines(found: CostsView, limit: int, *, budgets: bool) -> Iterator[str]:
    from remit.control.reporting.words import change, money

    total = found.costs.total
    only = "".join(
        f", {kind} {name}" for kind, name in (("agent", found.agent), ("flow", found.flow)) if name
    )
    against = change(total.cost, total.before)
    yield (
        f"{found.since} to {found.until}{only}: {money(total.cost)} in {many(total.calls, 'model call')}"
        f"{f' ({against} against as many days before)' if against else ''}"
    )
    if total.simulated:
        yield f"  {money(total.simulated)} of it is simulated and was never paid"
    if total.succeeded:
        yield f"  {money(total.per_success or 0)} for each of {many(total.succeeded, 'task')} that succeeded"
    yield ""
    yield from _rows(found, limit)
    yield ""
    yield from _month(found)
    yield from _odd(found)
    if found.as_of.events:
        yield f"{found.as_of.events:,} events are not in this yet"
    if budgets:
        yield ""
        yield from _budgets(found.budgets)


def _rows(found: CostsView, limit: int) -> list[str]:
    from remit.control.reporting.words import change, money, share

    rows = found.costs.rows
    if not rows:
        return ["nothing was spent"]
    if found.by == "day":
        rows = sorted(rows, key=lambda row: row.part)
    lines = table(
        (found.by, "cost", "share", "before", "calls", "failed", "tokens", "succeeded", "for each"),
        [
            (
                row.part or f"no {found.by}", money(row.cost), share(row.share), change(row.cost, row.before),
                f"{row.calls:,}", f"{row.failed:,}", f"{row.tokens:,}",
                "" if row.succeeded is None else f"{row.succeeded:,}",
                money(row.per_success) if row.per_success is not None else "",
            )
            for row in rows[:limit]
        ],
        flexible=0,
    )  # fmt: skip
    return lines if len(rows) <= limit else [*lines, f"and {len(rows) - limit} more: --limit {len(rows)}"]


def _month(found: CostsView) -> Iterator[str]:
    from remit.control.reporting.words import money

    month = found.costs.month
    if month is None:
        return
    coming = month.forecast
    if coming is None:
        yield f"{month.month} so far: {money(month.spent)}; fewer than 7 whole days of use tell nothing of the rest"
        return
    yield (
        f"{month.month} so far: {money(month.spent)}; expected in all: {money(coming.expected)}, in four of five "
        f"cases {money(coming.low)} to {money(coming.high)} ({coming.method}, no trend)"
    )


def _odd(found: CostsView) -> Iterator[str]:
    from remit.control.reporting.words import money

    if not found.costs.judged:
        yield "whether a day stands out cannot be said: it takes 7 whole days of use before it"
    elif not found.costs.odd:
        yield "no day stands out"
    for odd in found.costs.odd:
        more = "more" if odd.distance > 0 else "less"
        yield (
            f"{odd.day} {odd.part or 'in all'}: {money(odd.cost)}, far {more} than the {money(odd.median)} that is the "
            f"median of {many(odd.likes, 'day')} like it"
        )


def _budgets(budgets: list[BudgetView]) -> list[str]:
    from remit.control.reporting.words import amount, money

    if not budgets:
        return ["no budget is set; see docs/how-to/set-a-budget.md"]
    rows: list[tuple[str | Span, ...]] = []
    for each in budgets:
        unit, coming = "money" if each.unit == "money" else "count", each.expected
        expected = f"{money(coming.expected)} ({money(coming.low)} to {money(coming.high)})" if coming else ""
        rows.append(
            (
                each.account, each.unit, each.per or "for good", amount(each.used, unit), amount(each.limit, unit),
                f"lasts until {each.lasts_until}" if each.lasts_until else expected,
                Span(each.state, _STYLES[each.state]),
            )
        )  # fmt: skip
    return table(("budget", "of", "per", "used", "limit", "expected", "state"), rows)
