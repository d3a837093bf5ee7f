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
    from remit.control.protecting.views import MovedKeyView, RotationView


@click.command(cls=Command)
@click.option(
    "--retire", is_flag=True, help="Forget the older root keys, once nothing and nobody needs them."
)
@click.option(
    "--draft", type=click.Path(path_type=Path, dir_okay=False), default=None,
    help="Only write the next root key to this file, for REMIT_ROOT_KEY; with --to environment, the one of now.",
)  # fmt: skip
@click.option(
    "--to", type=click.Choice(["file", "environment", "vault", "aws"]), default=None,
    help="Only have the same root key kept elsewhere, named as in [keys]: --to vault key=remit address=https://…",
)  # fmt: skip
@click.argument("place", nargs=-1, metavar="[NAME=VALUE]...")
@click.pass_obj
def rotate(
    terminal: Terminal, *, retire: bool, draft: Path | None, to: str | None, place: tuple[str, ...]
) -> None:
    """Replace the root key: data keys are wrapped again, content is not touched. Can be stopped, and goes on."""
    _check(retire=retire, draft=draft, to=to, place=place)
    if to == "environment" and draft is not None:
        text = terminal.ask_office(lambda office: office.current_root_key())
        _write(draft, text)
        terminal.answer({"draft": str(draft)}, lambda: _drafted(draft, "the root key"))
    elif to is not None:
        said = dict(each.split("=", 1) for each in place)
        moved = terminal.ask_office(lambda office: office.move_root_key(to, said))
        terminal.answer(moved, lambda: _moved(moved))
    elif draft is not None:
        text = terminal.ask_office(lambda office: office.draft_root_key())
        _write(draft, text)
        terminal.answer({"draft": str(draft)}, lambda: _drafted(draft, "the next root key"))
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


def _check(*, retire: bool, draft: Path | None, to: str | None, place: tuple[str, ...]) -> None:
    if retire and (draft is not None or to is not None):
        raise click.UsageError("--retire goes alone.")
    if to == "environment" and draft is None:
        raise click.UsageError(
            "a variable is set by somebody else: --to environment --draft FILE writes what to set."
        )
    if draft is not None and to not in {None, "environment"}:
        raise click.UsageError(
            f"--draft goes alone, or with --to environment; --to {to} writes the key there itself."
        )
    wrong = next((each for each in place if to is None or "=" not in each), None)
    if wrong is not None:
        raise click.UsageError(
            f'"{wrong}" names no place; such as: --to vault key=remit address=https://vault:8200'
        )


def _moved(done: MovedKeyView) -> Iterator[str]:
    after, before = (place.removeprefix("the root key ") for place in (done.after, done.before))
    yield (
        f"the root key is kept here, too: {after}"
        if done.moved
        else f"the root key was kept here already: {after}"
    )
    yield f"  {before} still has it; every process takes it from there until remit.toml says:"
    yield from (f"    {line}" for line in done.settings)
    yield "  then restart every process, and make the old copy worthless: remit key rotate, remit key rotate --retire"


def _drafted(file: Path, what: str) -> Iterator[str]:
    yield f"wrote {what} to {file}" + ("; it is not in use yet" if what != "the root key" else "")
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
