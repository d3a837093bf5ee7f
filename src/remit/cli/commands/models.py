"""`remit models`: which models there are, what they cost, and whom each route would ask."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from remit.cli import wording
from remit.cli.output import table
from remit.cli.terminal import Command, Terminal

if TYPE_CHECKING:
    from remit.control.inventory.views import ModelsView, ModelUseView
    from remit.control.platform import Platform


@click.command(cls=Command)
@click.pass_obj
def models(terminal: Terminal) -> None:
    """List models and routes."""

    async def ask(platform: Platform) -> ModelsView:
        return replace(platform.models(), uses=await platform.model_uses())

    view = terminal.ask(ask)
    terminal.answer(view, lambda: [*_lines(view), *_uses(view.uses)])


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
