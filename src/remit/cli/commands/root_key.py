"""`remit key rotate`: replacing the key under which all data keys lie."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from remit.cli import wording
from remit.cli.terminal import Command, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.office import Office
    from remit.control.protecting.views import RotationView


@click.command(cls=Command)
@click.option(
    "--retire", is_flag=True, help="Forget the older root keys, once nothing and nobody needs them."
)
@click.option(
    "--draft", type=click.Path(path_type=Path, dir_okay=False), default=None,
    help="Only write the next root key to this file, for REMIT_ROOT_KEY.",
)  # fmt: skip
@click.pass_obj
def rotate(terminal: Terminal, *, retire: bool, draft: Path | None) -> None:
    """Replace the root key: data keys are wrapped again, content is not touched. Can be stopped, and goes on."""
    if retire and draft is not None:
        raise click.UsageError("either --retire or --draft, not both.")
    if draft is not None:
        text = terminal.ask_office(lambda office: office.draft_root_key())
        _write(draft, text)
        terminal.answer({"draft": str(draft)}, lambda: _drafted(draft))
    elif retire:
        count = terminal.ask_office(lambda office: office.retire_root_keys())
        terminal.answer({"retired": count}, lambda: [_retired(count)])
    else:
        done = terminal.ask_office(_rotate)
        terminal.answer(done, lambda: _rotated(done))


async def _rotate(office: Office) -> RotationView:
    return await office.rotate_root_key()


def _write(file: Path, text: str) -> None:
    with os.fdopen(
        os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
    ) as opened:
        opened.write(f"{text}\n")


def _drafted(file: Path) -> Iterator[str]:
    yield f"wrote the next root key to {file}; it is not in use yet"
    yield "  set REMIT_ROOT_KEY to what stands there, for every process, then run: remit key rotate"


def _retired(count: int) -> str:
    if not count:
        return "there is no older root key"
    gone = wording.many(count, "older root key")
    return f"forgot {gone}; copies of data keys that were wrapped by one cannot be opened any more"


def _rotated(done: RotationView) -> Iterator[str]:
    yield f"the root key {done.root} is in use" if done.begun else f"went on with the root key {done.root}"
    yield f"  wrapped {wording.many(done.rewrapped, 'data key')} again"
    if done.older:
        yield "  the older one still opens what a running worker may have wrapped meanwhile"
        yield "  restart the workers one after the other, then: remit key rotate --retire"
