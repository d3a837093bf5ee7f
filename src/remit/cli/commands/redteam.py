"""`remit redteam`: what a hijacked model could do in this workspace, tried without doing it. A word that is no
command is the name of an agent or flow.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from remit.cli.commands import attacks
from remit.cli.errors import DONE, REFUSED
from remit.cli.output import Line, Span, cut, width
from remit.cli.terminal import Command, Group, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.redteam import Finding, WorstCase

_STYLES = {"allowed": "bad", "asked": "waits", "denied": "good"}
_NARROWEST = 60


_BY_ITSELF = "play"
"""What is done where no command stands."""


class _RedTeam(Group):
    """A group that plays attacks unless it is told something else."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--help" not in args and not any(each in self.commands for each in args):
            args = [_BY_ITSELF, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_RedTeam)
def redteam() -> None:
    """Attack this workspace, without any effect."""


for _command in attacks.COMMANDS:
    redteam.add_command(_command)


@redteam.command(cls=Command)
@click.option("--agent", metavar="NAME", default="", help="Only this agent, or this flow.")
@click.option(
    "--runs",
    metavar="N",
    default=50,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="How many recorded runs to attack.",
)
@click.pass_obj
def worst_case(terminal: Terminal, agent: str, runs: int) -> int:
    """Put an attacker's calls to the rules and contracts of this workspace: every tool within reach of every agent, and
    what flows call with a model's words. Nothing is performed, and no model is asked.

    Exits with 1 if a call that acts would get through and redteam.toml does not accept it by name.
    """
    found = terminal.ask(lambda platform: platform.worst_case(agent, runs))
    terminal.answer(found, lambda: _lines(found))
    return REFUSED if any(_is_open(finding) for finding in found.findings) else DONE


def _is_open(finding: Finding) -> bool:
    return finding.reach.value == "allowed" and not finding.waived


def _lines(found: WorstCase) -> Iterator[str]:
    last = ("", "")
    for finding in found.findings:
        if (finding.who, finding.tool) != last:
            last = (finding.who, finding.tool)
            yield Line.of(
                Span(finding.who, "strong"), f"  {finding.tool}  ", Span(finding.effect, "dim")
            ).painted
            for same in _alike([each for each in found.findings if (each.who, each.tool) == last]):
                yield from _finding(same)
    if not found.findings:
        yield "no tool that acts is within reach of a model here"
    for note in found.notes:
        yield Line.of(Span("note    ", "dim"), f"  {note}").painted
    counts = ", ".join(f"{count} {reach}" for reach, count in found.counts.items())
    left = sum(_is_open(finding) for finding in found.findings)
    accepted = sum(bool(finding.waived) for finding in found.findings)
    yield ""
    yield f"{found.attempts} calls tried from {_many(found.scenarios, 'request')}: {counts}"
    said = f"{_many(left, 'way')} through" if left else "no way through"
    yield f"{said}{f'; {accepted} accepted in redteam.toml' if accepted else ''}"


def _alike(findings: list[Finding]) -> Iterator[list[Finding]]:
    """Modes that come to the same, together."""
    groups: dict[str, list[Finding]] = {}
    for each in findings:
        same = [each.reach.value, each.rule, each.text, each.waived, each.arguments]
        groups.setdefault(json.dumps(same, default=str), []).append(each)
    yield from groups.values()


def _finding(alike: list[Finding]) -> Iterator[str]:
    finding, modes = alike[0], ", ".join(each.mode.value for each in alike)
    reach = finding.reach.value if not finding.waived else "accepted"
    rule = f"{finding.rule} ({finding.place})" if finding.rule and finding.place else finding.rule
    why = finding.waived or ": ".join(part for part in (rule, finding.text) if part)
    style = _STYLES[finding.reach.value] if not finding.waived else "waits"
    said = cut(f"{modes}: {why}" if why else modes, max(_NARROWEST, width() - 12))
    yield Line.of("  ", Span(f"{reach:<8}", style), f"  {said}").painted
    if _is_open(finding):
        arguments = ", ".join(f"{name}={json.dumps(value)}" for name, value in finding.arguments.items())
        yield f"{'':<12}{cut(f'{finding.tool}({arguments})', max(_NARROWEST, width() - 12))}"
        yield f"{'':<12}{' '.join(finding.remedies)}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
