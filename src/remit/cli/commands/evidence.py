"""`remit evidence`: what a control framework asks for, answered with events of this log and tests of the platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from remit.cli import wording
from remit.cli.errors import DONE, REFUSED
from remit.cli.given import moment
from remit.cli.output import Line, Span
from remit.cli.terminal import Command, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.evidencing.packs import Judged, Pack

_EXITS = {"pass": DONE, "fail": REFUSED, "inconclusive": 3}
_STYLES = {"answered": ("✓", "good"), "in part": ("◐", "waits"), "not covered": ("✗", "bad")}
_SIGNS = {"pass": ("✓", "good"), "fail": ("✗", "bad"), "inconclusive": ("?", "waits")}
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(cls=Command)
@click.option(
    "--framework", "name", default="", metavar="NAME",
    help="owasp-agentic, owasp-llm, eu-ai-act, nist-ai-rmf, iso-42001 or soc2.",
)  # fmt: skip
@click.option(
    "--since", default="", metavar="DATE", help="Count and cite only events since then: 2026-11-01."
)
@click.option(
    "--to",
    "folder",
    type=_FOLDER,
    default=None,
    help="Write the pack to this folder: a page, data, a signed manifest.",
)
@click.option(
    "--check",
    "handed",
    type=_FOLDER,
    default=None,
    help="Judge a pack that was handed to you, by its files alone.",
)
@click.option("--key", default="", help="With --check: the public key that you trust, or a file with it.")
@click.pass_obj
def evidence(
    terminal: Terminal, name: str, since: str, folder: Path | None, handed: Path | None, key: str
) -> int:
    """Answer a control framework, row by row, with the events of this log that show it and the tests that prove it.

    With --check, exits with 1 if anything was altered, with 3 if no --key says whom to trust.
    """
    from remit.control.evidencing import packs

    if bool(name) == bool(handed):
        raise click.UsageError("say --framework NAME to make a pack, or --check FOLDER to judge one.")
    if handed is not None:
        judged = packs.check(handed, key)
        terminal.answer(judged, lambda: _judged(judged))
        return _EXITS[judged.outcome]
    begin = moment(since)
    pack = terminal.ask_office(lambda office: packs.make(office.ground, name, begin))
    if folder is None:
        terminal.answer(pack, lambda: _rows(pack))
        return DONE
    written = terminal.ask_office(lambda office: packs.write(office.ground, pack, folder))

    def lines() -> Iterator[str]:
        yield from _rows(pack)
        yield ""
        yield f"wrote {written.to}"
        yield f"  check it anywhere: remit evidence --check {written.to} --key {written.key}"

    terminal.answer(written, lines)
    return DONE


def _rows(pack: Pack) -> Iterator[str]:
    yield Line.of(Span(pack.title, "strong"), f"  {pack.edition}").painted
    longest = max(len(row.id) for row in pack.rows)
    for row in pack.rows:
        sign, style = _STYLES[row.status]
        events = f"{wording.many(row.events, 'event')}  " if row.answers else ""
        yield Line.of(
            Span(f"{sign} {row.status:<12}", style), f"{row.id:<{longest}}  {events}", Span(row.asks, "dim")
        ).painted
        if row.gap:
            yield Line.of(" " * (longest + 16), Span(f"not covered: {row.gap}", "dim")).painted
    counts = ", ".join(f"{count} {status}" for status, count in pack.counts.items())
    yield ""
    yield f"{counts}; {pack.covered} of {wording.many(pack.events, 'event')} under a checkpoint"


def _judged(judged: Judged) -> Iterator[str]:
    sign, style = _SIGNS[judged.outcome]
    files, proofs = wording.many(judged.files, "file"), wording.many(judged.proofs, "proof")
    said = judged.faults[0] if judged.faults else f"{files} as signed by {judged.signer}, {proofs} checked"
    yield Line.of(Span(f"{sign} {judged.outcome}", style), f"  {said}").painted
    yield from (f"  {fault}" for fault in judged.faults[1:])
    if judged.outcome == "inconclusive":
        yield "  whose signature that is, only a key can say that you have from elsewhere: --key KEY"
