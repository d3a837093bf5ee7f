"""`remit shred`: erasing what there is about somebody, proving it, and forbidding it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from remit.cli import wording
from remit.cli.output import table
from remit.cli.saying import insist, say_document
from remit.cli.terminal import Command, Group, Terminal, now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.protecting.views import DeletionView, Erasure, HoldView, ReceiptView, Swept

_FILE = click.Path(path_type=Path, dir_okay=False)
_REASON = click.option("--reason", required=True, help="Why; it stands in the log.")


class _WithSubject(Group):
    """A word that is no command is a subject."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        word = next((arg for arg in args if not arg.startswith("-")), None)
        if word is not None and word not in self.commands:
            args = ["subject", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_WithSubject, subcommand_metavar="SUBJECT | COMMAND …")
def shred() -> None:
    """Erase what there is about SUBJECT (a person, a case): its keys are destroyed, and the log stays provable."""


@shred.command(cls=Command)
@click.argument("subject")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--receipt", type=_FILE, default=None, help="Write the signed receipt to this file as well.")
@click.pass_obj
def subject(terminal: Terminal, subject: str, *, yes: bool, receipt: Path | None) -> None:
    """Erase a subject; what `remit shred SUBJECT` does, for subjects that are called like a command."""
    if not yes and terminal.as_json:
        raise click.UsageError("with --json nobody can be asked whether it is meant; say --yes.")
    if not yes:
        insist(f"Nothing about {subject} can be read again afterwards. Go on?", err=True)
    done = terminal.ask_office(lambda office: office.erase(subject))
    if done is not None and receipt is not None:
        receipt.write_text(f"{done.receipt}\n", "utf-8")
    terminal.answer(_as_value(subject, done), lambda: _erased(subject, done, receipt))


@shred.command(cls=Command)
@click.argument("subject")
@_REASON
@click.pass_obj
def hold(terminal: Terminal, subject: str, reason: str) -> None:
    """Forbid that anything about SUBJECT is destroyed, by a person or by a rule."""
    held = terminal.ask_office(lambda office: office.hold(subject, reason))
    terminal.answer(
        held, lambda: [f"{subject} is held; nothing about it can be destroyed until it is released"]
    )


@shred.command(cls=Command)
@click.argument("subject")
@_REASON
@click.pass_obj
def release(terminal: Terminal, subject: str, reason: str) -> None:
    """End the hold on SUBJECT."""
    held = terminal.ask_office(lambda office: office.release(subject, reason))
    terminal.answer(held, lambda: [f"{subject} is no longer held; the rules apply to it again"])


@shred.command(cls=Command)
@click.pass_obj
def holds(terminal: Terminal) -> None:
    """List the holds that are open."""
    found = terminal.ask_office(lambda office: office.holds())
    terminal.answer(found, lambda: _hold_lines(found))


@shred.command(name="list", cls=Command)
@click.pass_obj
def list_deletions(terminal: Terminal) -> None:
    """List what was erased, newest first. Names are gone; what stands there is a keyed tag."""
    found = terminal.ask_office(lambda office: office.deletions())
    terminal.answer(found, lambda: _deletion_lines(found))


@shred.command(cls=Command)
@click.argument("deletion", required=False, default="")
@click.option("--public-key", is_flag=True, help="Print the key that it is verified with instead.")
@click.pass_obj
def receipt(terminal: Terminal, deletion: str, *, public_key: bool) -> None:
    """Print the signed receipt of a DELETION."""
    if public_key:
        key = terminal.ask_office(lambda office: office.receipt_key())
        terminal.answer({"public_key": key}, lambda: [key])
        return
    text = terminal.ask_office(lambda office: office.deletion_receipt(deletion))
    say_document(text)


@shred.command(cls=Command)
@click.argument("file", type=_FILE)
@click.option("--key", "public_key", default="", help="The public key that you hold; else the receipt's own.")
@click.pass_obj
def verify(terminal: Terminal, file: Path, public_key: str) -> None:
    """Check a receipt. It needs the file and nothing else: no workspace, no database."""
    from remit.control.protecting.protection import verify_receipt

    checked = verify_receipt(file, public_key)
    value = {"pinned": checked.pinned, "digest": checked.digest, "receipt": checked.receipt}
    terminal.answer(value, lambda: _checked_lines(checked))


@shred.command(cls=Command)
@click.pass_obj
def expired(terminal: Terminal) -> None:
    """Apply the rules of [capture] and [retention] now, as a worker does by itself now and then."""
    done = terminal.ask(lambda platform: platform.sweep())
    terminal.answer(done, lambda: _swept_lines(done))


# --- in words -------------------------------------------------------------------------------------------------


def _as_value(subject: str, done: Erasure | None) -> dict[str, Any]:
    if done is None:
        return {"subject": subject, "keys": 0}
    return {
        "subject": subject, "keys": len(done.keys), "deletion": done.id, "counts": done.counts,
        "left": [{"path": each.path, "outcome": each.outcome, "why": each.why} for each in done.left],
        "receipt": done.receipt,
    }  # fmt: skip


def _erased(subject: str, done: Erasure | None, file: Path | None) -> Iterator[str]:
    if done is None:
        yield f"there is nothing about {subject}"
        return
    yield f"destroyed {wording.many(len(done.keys), 'key')} of {subject}"
    gone = [wording.many(count, what) for what, count in _named(done.counts) if count]
    if gone:
        yield f"  with them: {', '.join(gone)}"
    for each in done.left:
        yield f"  not cleaned: {each.path}: {each.why}"
    yield f"  receipt {done.id}" + (f" in {file}" if file else f": remit shred receipt {done.id}")


def _named(counts: dict[str, int]) -> list[tuple[str, int]]:
    names = {
        "runs": "run",
        "events": "event",
        "blobs": "blob",
        "memory": "remembered item",
        "reductions": "reduced event",
    }
    return [(names.get(name, name), count) for name, count in counts.items()]


def _hold_lines(found: list[HoldView]) -> list[str]:
    if not found:
        return ["nothing is held"]
    rows = [
        [each.subject or "(unreadable)", each.by, wording.ago(each.at, now()), each.reason] for each in found
    ]
    return table(["subject", "by", "since", "reason"], rows)


def _deletion_lines(found: list[DeletionView]) -> list[str]:
    if not found:
        return ["nothing was erased yet"]
    rows = [
        [each.id, each.subject, str(each.keys), each.by, wording.ago(each.started_at, now()),
         "done" if each.done_at is not None else "not finished"]
        for each in found
    ]  # fmt: skip
    return table(["deletion", "subject", "keys", "by", "when", "state"], rows, flexible=1)


def _checked_lines(checked: ReceiptView) -> Iterator[str]:
    receipt = checked.receipt
    yield f"the receipt {receipt['id']} is whole and signed" + (
        " with the key that you hold"
        if checked.pinned
        else f" with the key that it names: {checked.public_key}"
    )
    when = datetime.fromtimestamp(receipt["finished"] / 1_000_000, UTC)
    yield f"  {wording.many(len(receipt['keys']), 'key')} of {receipt['subject']} destroyed by {receipt['by']}"
    yield f"  finished {when:%Y-%m-%d %H:%M:%S} UTC, digest {checked.digest}"
    if not checked.pinned:
        yield "  whose key that is, only the workspace can say: remit shred receipt --public-key"


def _swept_lines(done: Swept) -> Iterator[str]:
    for each in done.expired:
        what = f"{each.rule} data" if each.rule else "content"
        yield f"destroyed {what} of {wording.many(len(each.runs), 'run')} older than {each.days} days"
        if each.held:
            yield f"  spared by a hold: {wording.many(each.held, 'run')}"
    if done.reduced:
        yield f"reduced {wording.many(len(done.reduced), 'run')} by the rules of their data classes"
    if not done.expired and not done.reduced:
        yield "nothing was due"
