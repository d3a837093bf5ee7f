"""A month as one file that needs nothing else: a page without script, without anything from elsewhere, in which
every name is escaped; the same as Markdown; the same as JSON. It writes what `months` put together, and looks
nothing up.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from remit.control.reporting import words
from remit.domain.clock import MICROSECONDS
from remit.domain.visible import seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.control.reporting.views import BudgetView, MonthView
    from remit.insight.kpis import Figure

_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--paper:#fff;--accent:#0b57a4}
@media(prefers-color-scheme:dark){
:root{--ink:#e6edf3;--soft:#9aa4af;--line:#30363d;--paper:#0d1117;--accent:#7ab7ff}}
body{font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
body{max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}
h2{font-size:1.15rem;margin:2.4rem 0 .6rem}p{margin:.4rem 0}.soft,caption{color:var(--soft)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}caption{text-align:left;padding:.3rem 0}
th,td{text-align:left;padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right}th{font-weight:600;color:var(--soft)}svg{width:100%;height:6rem}rect{fill:var(--accent)}
dt{font-weight:600;margin-top:.7rem}dd{margin:0}.wide{overflow-x:auto}@media print{body{max-width:none;margin:0}}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_NUMBERS = frozenset(
    {"this month", "the month before", "cost", "share", "succeeded", "for each", "calls", "used", "limit"}
)


class Table(NamedTuple):
    """Rows of plain text under heads; what stands in a cell is escaped by whoever writes it."""

    title: str
    about: str
    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]


def page(view: MonthView, form: str) -> str:
    """The month in one of the three forms."""
    match form:
        case "json":
            return msgspec.json.format(msgspec.json.encode(view), indent=2).decode() + "\n"
        case "md":
            return _markdown(view)
        case _:
            return _html(view)


# --- what it says ---------------------------------------------------------------------------------------------


def _title(view: MonthView) -> str:
    return f"{view.workspace}, team {view.team}: {view.month}"


def _subtitle(view: MonthView) -> str:
    at = datetime.fromtimestamp(view.written_at // MICROSECONDS, UTC).strftime("%Y-%m-%d %H:%M UTC")
    state = "the month is over" if view.over else "so far, the month is not over"
    behind = f"; {view.as_of.events:,} events are not in it yet" if view.as_of.events else ""
    return f"Written {at}; {state}{behind}. Days are those of UTC."


def _summary(view: MonthView) -> list[str]:
    """The sentences that somebody reads who reads nothing else."""
    known = {each.name: each for each in view.figures}
    success, automation, cost = known["task_success"], known["automation"], known["cost_per_success"]
    if not view.tasks:
        return ["No task began in this month."]
    began = "1 task began" if view.tasks == 1 else f"{view.tasks:,} tasks began"
    said = [f"{began}. {_told('Of those that count, succeeded', success)}."]
    said.append(f"{_told('Nobody had to be asked in', automation)}.")
    said.append(
        f"Models cost {words.money(view.costs.cost)}{_against(view.costs.cost, view.costs.before)}; "
        f"a successful task cost {words.value_of(cost)}."
    )
    if view.costs.simulated:
        said.append(f"{words.money(view.costs.simulated)} of it is simulated and was never paid.")
    if view.expected is not None and view.expected.forecast is not None:
        coming = view.expected.forecast
        said.append(
            f"The month is expected to come to {words.money(coming.expected)}, in four of five cases "
            f"{words.money(coming.low)} to {words.money(coming.high)} ({coming.method})."
        )
    burning = [each.name for each in view.objectives if each.state in {"burning", "spent"}]
    if burning:
        said.append(f"Error budgets that burn or are spent: {', '.join(burning)}.")
    return said


def _told(what: str, figure: Figure) -> str:
    sure = f", which is {words.sure(figure)} with 95 %" if words.sure(figure) else ""
    return f"{what}: {words.value_of(figure)} ({words.made_of(figure)}{sure})" if figure.value is not None else (
        f"{what}: {figure.state}"
    )  # fmt: skip


def _against(now: int, before: int) -> str:
    changed = words.change(now, before)
    return f" ({changed} against as many days before)" if changed else ""


def _tables(view: MonthView) -> list[Table]:
    absent = [(each.title, each.note) for each in view.figures if each.state == "not measured"]
    found = [
        _figures(view),
        Table("Not measured", "What these are made of is recorded nowhere here.", ("figure", "why"), absent),
        _agents(view),
        _models(view),
    ]
    if view.budgets:
        about = "As they stand now."
        heads = ("budget", "used", "limit", "expected", "state")
        found.append(Table("Budgets", about, heads, [_budget(each) for each in view.budgets]))
    if view.objectives:
        heads = ("objective", "asks for", "missed", "budget left", "burn rates", "state")
        rows = [
            (each.name, words.wanted(each), f"{each.missed:,} of {each.tasks:,}", words.left(each), words.rates(each),
             "; ".join((each.state, *each.burning)))
            for each in view.objectives
        ]  # fmt: skip
        found.append(Table("Objectives", "As they stand now.", heads, rows))
    if view.odd:
        heads = ("day", "what", "cost", "median of its likes")
        rows = [
            (each.day.isoformat(), each.part or "everything", words.money(each.cost),
             f"{words.money(each.median)}, of {each.likes} days")
            for each in view.odd
        ]  # fmt: skip
        about = "More than 3.5 times as far from the median of their likes as days usually are."
        found.append(Table("Days that stand out", about, heads, rows))
    return found


def _figures(view: MonthView) -> Table:
    before = {each.name: each for each in view.before}
    rows = [
        (each.title, words.value_of(each), words.value_of(before[each.name]), words.made_of(each), words.sure(each),
         "; ".join([*map(words.part, each.parts), *([each.note] if each.note else [])]))
        for each in view.figures
        if each.state != "not measured"
    ]  # fmt: skip
    heads = ("figure", "this month", "the month before", "made of", "sure to", "beside it")
    about = 'What each of them is, stands below. "sure to" is the 95 % interval of a share (Wilson).'
    return Table("Key figures", about, heads, rows)


def _agents(view: MonthView) -> Table:
    rows = [
        (part or "no agent", words.money(cost), _share_of(cost, view),
         "" if done is None else f"{done:,}", words.money(per) if per is not None else "")
        for part, cost, done, per in view.by_agent
    ]  # fmt: skip
    heads = ("agent", "cost", "share", "succeeded", "for each")
    return Table(
        "Cost by agent", "The ten dearest. Tasks are those of the agent that a run asked first.", heads, rows
    )


def _models(view: MonthView) -> Table:
    rows = [
        (part or "unknown", words.money(cost), _share_of(cost, view), f"{calls:,}")
        for part, cost, calls in view.by_model
    ]  # fmt: skip
    return Table(
        "Cost by model",
        "The ten dearest, by the model that served.",
        ("model", "cost", "share", "calls"),
        rows,
    )


def _share_of(cost: int, view: MonthView) -> str:
    return words.share(cost / view.costs.cost) if view.costs.cost else ""


def _budget(budget: BudgetView) -> tuple[str, ...]:
    unit = "money" if budget.unit == "money" else "count"
    per = f" a {budget.per}" if budget.per else ""
    coming = budget.expected
    expected = (
        f"{words.money(coming.expected)} ({words.money(coming.low)} to {words.money(coming.high)})"
        if coming
        else ""
    )
    expected = f"lasts until {budget.lasts_until}" if budget.lasts_until is not None else expected
    used, limit = words.amount(budget.used, unit), words.amount(budget.limit, unit)
    return f"{budget.account} {budget.unit}{per}", used, limit, expected, budget.state


# --- as a page ------------------------------------------------------------------------------------------------


def _html(view: MonthView) -> str:
    body = [
        f"<h1>{_safe(_title(view))}</h1>", f'<p class="soft">{_safe(_subtitle(view))}</p>',
        *(f"<p>{_safe(each)}</p>" for each in _summary(view)),
        "<h2>Cost by day</h2>", _bars(view), *(_html_table(each) for each in _tables(view)),
        "<h2>What the figures are</h2>", "<dl>",
        *(f"<dt>{_safe(each.title)}</dt><dd>{_safe(each.definition)}</dd>" for each in view.figures), "</dl>",
    ]  # fmt: skip
    head = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_safe(_title(view))}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
    )
    return "\n".join([head, "<body><main>", *body, "</main></body></html>", ""])


def _html_table(table: Table) -> str:
    heads = "".join(f"<th scope='col'{_aligned(head)}>{_safe(head)}</th>" for head in table.heads)
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td{_aligned(head)}>{_safe(cell)}</td>" for head, cell in zip(table.heads, row, strict=True)
        )
        + "</tr>\n"
        for row in table.rows
    )
    rows = rows or f"<tr><td colspan='{len(table.heads)}'>nothing</td></tr>"
    return (
        f"<h2>{_safe(table.title)}</h2><div class='wide'><table><caption>{_safe(table.about)}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>\n{rows}</tbody></table></div>"
    )


def _aligned(head: str) -> str:
    return " class='n'" if head in _NUMBERS else ""


def _bars(view: MonthView) -> str:
    """A bar for each day, and the same in numbers for whoever does not see it."""
    most = max((cost for _, cost in view.daily), default=0)
    if not most:
        return "<p>nothing was spent</p>"
    heights = [max(1, round(100 * cost / most)) if cost > 0 else 0 for _, cost in view.daily]
    bars = "".join(
        f"<rect x='{n * 10}' y='{100 - heights[n]}' width='8' height='{heights[n]}'>"
        f"<title>{day} {_safe(words.money(cost))}</title></rect>"
        for n, (day, cost) in enumerate(view.daily)
    )
    rows = "".join(
        f"<tr><td>{day}</td><td class='n'>{_safe(words.money(cost))}</td></tr>" for day, cost in view.daily
    )
    return (
        f"<svg role='img' aria-label='cost of each day, at most {_safe(words.money(most))}' preserveAspectRatio='none' "
        f"viewBox='0 0 {len(view.daily) * 10} 100'>{bars}</svg>"
        f"<details><summary>in numbers</summary><table>{rows}</table></details>"
    )


def _safe(text: str) -> str:
    """A text of others: whatever steers, hides or turns it around stands as its escape, and no markup is left."""
    return escape(seen(text))


# --- as Markdown ----------------------------------------------------------------------------------------------


def _markdown(view: MonthView) -> str:
    lines = [f"# {_plain(_title(view))}", "", _plain(_subtitle(view)), ""]
    lines += [_plain(each) for each in _summary(view)]
    for table in _tables(view):
        lines += ["", f"## {table.title}", "", table.about, "", *_grid(table.heads, table.rows)]
    lines += [
        "",
        "## Cost by day",
        "",
        *_grid(("day", "cost"), [(f"{day}", words.money(cost)) for day, cost in view.daily]),
    ]
    lines += ["", "## What the figures are", ""]
    lines += [f"- **{_plain(each.title)}**: {_plain(each.definition)}" for each in view.figures]
    return "\n".join([*lines, ""])


def _grid(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(map(_plain, heads))} |", f"|{'---|' * len(heads)}",
        *(f"| {' | '.join(_plain(cell) for cell in row)} |" for row in rows),
    ]  # fmt: skip


_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>|#"})


def _plain(text: str) -> str:
    """A text of others in Markdown: none of it is markup."""
    return seen(text).translate(_MARKS)
