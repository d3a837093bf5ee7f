"""`remit eval`: suites, and what agents are worth by them. A word that is no command is the name of a suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli.commands import experiments, suites
from remit.cli.terminal import Group

if TYPE_CHECKING:
    from collections.abc import Iterable

_ON_A_SUITE = "run"
"""What is done with a suite that stands where a command would."""
_RUN = "r-"
"""What ids of experiments begin with."""


class _Eval(Group):
    """A group whose first word may be a suite."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[:1] == ["show"] and any(each.startswith(_RUN) for each in args[1:2]):
            args = ["experiment", *args[1:]]
        default = self.get_command(ctx, _ON_A_SUITE)
        if args and default is not None and self.get_command(ctx, args[0]) is None:
            return _ON_A_SUITE, default, args
        return super().resolve_command(ctx, args)


def _group(commands: Iterable[click.Command]) -> click.Group:
    group = _Eval(
        "eval", help="Find out what agents are worth: by suites of scenarios, before anybody depends on them."
    )
    for each in commands:
        group.add_command(each)
    return group


eval = _group((*suites.COMMANDS, *experiments.COMMANDS))  # noqa: A001 - the word of the command line
