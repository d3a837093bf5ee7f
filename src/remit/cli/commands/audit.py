"""`remit audit`: prove what the log says, to people who do not take our word for it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from remit.cli import wording
from remit.cli.errors import DONE, REFUSED
from remit.cli.given import moment
from remit.cli.output import Line, Span
from remit.cli.terminal import Command, Group, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.auditing.audit import EventProof, ExportView

INCONCLUSIVE = 3
_EXITS = {"pass": DONE, "fail": REFUSED, "inconclusive": INCONCLUSIVE}
_SIGNS = {"pass": ("✓", "good"), "fail": ("✗", "bad"), "inconclusive": ("?", "waits")}
_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Group)
def audit() -> None:
    """Sign, export and verify the log."""


@audit.command(cls=Command)
@click.pass_obj
def checkpoint(terminal: Terminal) -> None:
    """Sign what the log is now, and anchor it. Workers do this by themselves, once a second."""
    from remit.control import settings
    from remit.control.auditing import audit as control

    anchors = settings.load(terminal.place()).audit.anchors
    made = terminal.ask_office(lambda office: control.checkpoint(office.ground, anchors))

    def lines() -> Iterator[str]:
        yield f"signed {wording.many(made.size, 'event')} at {_when(made.at)}; checkpoint {_short(made.root)}"
        yield f"key {made.key}"

    terminal.answer(made, lines)


@audit.command(cls=Command)
@click.option(
    "--to", "folder", type=_FOLDER, required=True, help="The folder to write; it must not hold anything."
)
@click.option("--run", default="", help="Only this run and its children.")
@click.option("--since", default="", metavar="DATE", help="Only streams that went on since then: 2026-11-01.")
@click.option("--team", default="", help="Only the streams of this team.")
@click.option(
    "--with-content", is_flag=True, help="Also write what the events say, readable by whoever has the files."
)
@click.pass_obj
def export(terminal: Terminal, folder: Path, run: str, since: str, team: str, *, with_content: bool) -> None:
    """Write the log for somebody who has only these files and remit audit verify."""
    from remit.control.auditing import audit as control

    if sum(map(bool, (run, since, team))) > 1:
        raise click.UsageError("--run, --since and --team exclude each other.")
    scope = control.Scope(run, team, moment(since))
    made = terminal.ask_office(
        lambda office: control.export(office.ground, folder, scope, content=with_content)
    )
    terminal.answer(made, lambda: _exported(made))


@audit.command(cls=Command)
@click.argument("folder", type=_FOLDER, required=False)
@click.option("--anchor", type=_FILE, default=None, help="Checkpoints that you hold, from an anchor.")
@click.option("--key", default="", help="The public key that you trust, or a file with it.")
@click.pass_obj
def verify(terminal: Terminal, folder: Path | None, anchor: Path | None, key: str) -> int:
    """Verify an exported FOLDER offline, or, without one, the log of this workspace.

    Exits with 1 if a verdict is fail, with 3 if none fails and one is inconclusive.
    """
    from remit.control import settings
    from remit.control.auditing import audit as control

    if folder is not None:
        report = control.verify_export(folder, anchor, key)
    else:
        anchors = settings.load(terminal.place()).audit.anchors
        report = terminal.ask_office(lambda office: control.verify_log(office.ground, anchor, key, anchors))
    said = asdict(report) | {"outcome": report.outcome}
    terminal.answer(said, lambda: _judged(said))
    return _EXITS[report.outcome]


@audit.command(cls=Command)
@click.option("--reason", required=True, help="Which backup, and why.")
@click.option("--anchor", type=_FILE, default=None, help="Checkpoints that you hold, from an anchor.")
@click.pass_obj
def restored(terminal: Terminal, reason: str, anchor: Path | None) -> None:
    """Declare that this database was restored from a backup, so that verification goes on from there.

    What the anchors hold of its lost end is a declared loss from then on, with who said so and why.
    """
    from remit.control import settings
    from remit.control.auditing.restoring import declare_restore

    anchors = settings.load(terminal.place()).audit.anchors
    made = terminal.ask_office(lambda office: declare_restore(office.ground, reason, anchor, anchors))

    def lines() -> Iterator[str]:
        yield f"declared by {made.by}: the log is what it was up to {wording.many(made.agreed, 'event')}"
        yield f"  what was signed after that, up to {made.lost} at {_when(made.until)}, is lost: {made.reason}"

    terminal.answer(made, lines)


@audit.command(cls=Command)
@click.argument("event")
@click.pass_obj
def show(terminal: Terminal, event: str) -> None:
    """Prove that EVENT (run:r-7f3k#4, team:default#2, workspace#1) is under the newest checkpoint."""
    from remit.control.auditing import audit as control

    proof = terminal.ask_office(lambda office: control.show(office.ground, event))
    terminal.answer(proof, lambda: _proof(proof))


@audit.command(cls=Command)
@click.option("--rotate", is_flag=True, help="Sign with a new key from here on; the old one introduces it.")
@click.pass_obj
def key(terminal: Terminal, *, rotate: bool) -> None:
    """Print the public keys that have signed, the first one first. Who trusts that one can follow to the others."""
    from remit.control.auditing import audit as control

    if rotate:
        terminal.ask_office(lambda office: control.rotate(office.ground))
    keys = terminal.ask_office(lambda office: control.public_keys(office.ground))
    terminal.answer({"keys": keys}, lambda: keys)


def _exported(made: ExportView) -> Iterator[str]:
    streams = wording.many(made.streams, "stream")
    yield f"wrote {wording.many(made.events, 'event')} of {streams} to {made.to} ({made.scope})"
    if made.contents or made.shredded:
        gone = f", {made.shredded} shredded" if made.shredded else ""
        yield f"with the content of {wording.many(made.contents, 'event')}{gone}; whoever has the files can read it"
    yield f"  verify it anywhere: remit audit verify {made.to} --anchor FILE --key {made.key}"


def _judged(said: dict[str, Any]) -> Iterator[str]:
    for verdict in said["verdicts"]:
        sign, style = _SIGNS[verdict["outcome"]]
        words = f" {verdict['question']:<13} {verdict['sentence']}"
        yield Line.of(Span(f"{sign} {verdict['outcome']:<12}", style), words).painted
    shown = [finding for finding in said["findings"] if len(said["findings"]) > 1]
    if shown:
        yield ""
    for finding in shown:
        yield f"  {finding['kind']}: {finding['message']}"
    if said["left_out"]:
        yield f"  and {said['left_out']} more"
    yield ""
    anchored = f", anchored at {_when(said['anchored_at'])}" if said["anchored_at"] else ""
    newest = f"; checkpoint {said['checkpoint']}" if said["checkpoint"] else ""
    yield f"{wording.many(said['events'], 'event')} in {wording.many(said['streams'], 'stream')}{anchored}{newest}"


def _proof(proof: EventProof) -> Iterator[str]:
    yield f"{proof.stream}#{proof.seq}  {proof.kind}  {proof.path}".rstrip()
    yield f"  written {_when(proof.at)}, hash {_short(proof.hash)}"
    yield f"  leaf {proof.leaf} of {proof.size}; the proof has {wording.many(len(proof.inclusion), 'node')}:"
    yield from (f"    {node}" for node in proof.inclusion)
    yield "  the checkpoint that it leads to:"
    yield from (f"    {line}".rstrip() for line in proof.note.splitlines())


def _when(at: int) -> str:
    return datetime.fromtimestamp(at / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _short(text: str) -> str:
    return f"{text[:4]}…{text[-2:]}"
