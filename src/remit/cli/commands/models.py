"""`remit models`: which models there are, what they cost, and whom each route would ask."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from remit.cli import wording
from remit.cli.errors import DONE, REFUSED
from remit.cli.output import Line, Span, table
from remit.cli.terminal import Command, Group, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.inventory.views import DeprecationView, ModelsView, ModelUseView
    from remit.control.platform import Platform

_NONE_END = "no model ends, as far as models.toml says: [deprecations.NAME]"


@click.group(cls=Group, invoke_without_command=True)
@click.pass_context
def models(context: click.Context) -> None:
    """List models and routes."""
    if context.invoked_subcommand is not None:
        return
    terminal: Terminal = context.obj

    async def ask(platform: Platform) -> ModelsView:
        return replace(platform.models(), uses=await platform.model_uses())

    view = terminal.ask(ask)
    terminal.answer(view, lambda: [*_lines(view), *_uses(view.uses)])


@models.command(cls=Command)
@click.pass_obj
def deprecations(terminal: Terminal) -> int:
    """Say which models end, who depends on them, and what their replacements were tried with.

    Exits with 1 if one that a route asks has ended, or will within 60 days without its replacement having passed.
    """
    found = terminal.ask(lambda platform: platform.deprecations())
    terminal.answer(found, lambda: [line for each in found for line in _ending(each)] or [_NONE_END])
    return REFUSED if any(each.is_pressing for each in found) else DONE


def _ending(each: DeprecationView) -> Iterator[str]:
    when = f"ends on {each.date}, in {wording.many(each.days_left, 'day')}"
    if each.days_left <= 0:
        when = f"ended on {each.date}"
    replacement = each.replacement or "nothing is to take its place"
    style = "bad" if each.is_pressing else "strong"
    yield Line.of(Span(each.model, style), f"  {when} → {replacement}").painted
    if each.note:
        yield f"  {each.note}"
    yield f"  routes: {', '.join(each.routes) or 'none'}; agents: {', '.join(each.agents) or 'none'}"
    callers = f", by {', '.join(each.callers)}" if each.callers else ""
    yield f"  {wording.many(each.calls, 'call')} in 30 days{callers}"
    for suite in each.suites:
        shown = Span(suite.verdict, "good" if suite.verdict == "pass" else "waits")
        yield Line.of(f"  {suite.suite}: ", shown, f"  {suite.experiment}").painted


def _uses(uses: list[ModelUseView]) -> list[str]:
    """What agents of other frameworks used them for: what their providers had cached, and what was given again."""
    rows = [
        (
            each.route, each.model, f"{each.calls:,}", f"{each.cached_share:.0%}", f"{each.hits:,}",
            wording.money(each.avoided),
        )
        for each in uses
    ]  # fmt: skip
    heads = ("route", "model", "calls in 7 days", "cached there", "given again", "saved")
    return ["", *table(heads, rows)] if rows else []


def _lines(view: ModelsView) -> list[str]:
    routes = [
        (route.name, " → ".join(route.order) or "nobody", "; ".join(route.eliminated))
        for route in view.routes
    ]
    listed = [
        (
            f"{model.name} (simulated)" if model.simulated else model.name, model.provider,
            f"{model.window:,}" if model.window else "unknown", _price(model.input), _price(model.output),
            ", ".join(filter(None, (
                f"cassette {model.cassette}" if model.cassette else "",
                f"rests {model.resting:.0f} s" if model.resting else "",
            ))),
        )
        for model in view.models
    ]  # fmt: skip
    return [
        *table(("route", "asks", "not"), routes),
        "",
        *table(("model", "provider", "window", "in / M", "out / M", ""), listed),
        "",
        f"prices: {view.book}",
    ]


def _price(rate: int | None) -> str:
    return "unknown" if rate is None else wording.money(rate)
