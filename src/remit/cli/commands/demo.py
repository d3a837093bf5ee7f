"""`remit demo`: a team of agents survives kill -9, asks a person, and is taken back, before your eyes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from remit import __version__
from remit.cli import saying
from remit.cli.errors import DONE, REFUSED
from remit.cli.output import Line, Span
from remit.cli.terminal import Command, Terminal

if TYPE_CHECKING:
    from remit.cli.demo.story import Proof


@click.command(cls=Command)
@click.option(
    "--keep", type=click.Path(path_type=Path), default=None, help="Keep the workspace in this new folder."
)
@click.option("--yes", is_flag=True, help="Agree to everything, do not ask.")
@click.pass_obj
def demo(terminal: Terminal, keep: Path | None, *, yes: bool) -> int:
    """Kill a worker in the middle of a refund, agree to another one, take it back, and count what really happened."""
    proof = terminal.execute(_perform(terminal, keep, yes=yes))
    terminal.answer(proof, lambda: [*_verdict(proof), "", _what_now(proof, keep)])
    return DONE if proof.holds else REFUSED


async def _perform(terminal: Terminal, keep: Path | None, *, yes: bool) -> Proof:
    from remit.cli.demo.stage import staged
    from remit.cli.demo.story import perform
    from remit.control import settings
    from remit.control.platform import Platform

    def say(line: Line) -> None:
        if not terminal.as_json:
            saying.say(line.painted)

    def consent(question: str) -> bool:
        if yes or terminal.as_json or not sys.stdin.isatty():
            say(Line.of(f"   {question}  {'yes' if yes else 'nobody is here to ask, so: yes'}"))
            return True
        return saying.agreed(f"   {question}", default=True)

    async with (
        staged(keep) as stage,
        Platform.open(stage.workspace, worker=False, chosen=settings.load(stage.workspace, {})) as platform,
    ):
        made_up = "  ·  simulated model: nothing here asks a real one"
        say(Line.of(Span(f"Remit {__version__}", "strong"), f"  ·  workspace {stage.workspace}{made_up}"))
        say(Line.of(""))
        return await perform(platform, stage, say, consent)


def _verdict(proof: Proof) -> list[str]:
    held = sum(check.holds for check in proof.checks)
    counted = f"{held} of {len(proof.checks)} counts are as they must be"
    if not proof.holds:
        return ["", f"the proof does not hold: only {counted}"]
    return ["", f"the proof holds: {counted}; nothing was lost or done twice"]


def _what_now(proof: Proof, keep: Path | None) -> str:
    look = f"cd {keep} && remit show {proof.killed}" if keep else "remit demo --keep desk"
    return f"What now:  {look} · remit new my-team · docs/tutorial/first-run.md"
