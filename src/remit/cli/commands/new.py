"""`remit new`: a workspace to start from."""

from __future__ import annotations

from pathlib import Path

import click

from remit.cli.terminal import Command, Terminal


@click.command(cls=Command)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", default="", help="Its name; else the folder's.")
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab"]),
    default=None,
    help="A workflow that checks every change, too.",
)
@click.pass_obj
def new(terminal: Terminal, folder: Path, name: str, ci: str | None) -> None:
    """Make a workspace in FOLDER: settings, a flow that survives crashes, an agent without a key, and tests.

    With --ci, a workspace that is there already gets the workflow alone.
    """
    from remit.control.workspace.founding import create

    written = create(folder, name, ci or "")

    def lines() -> list[str]:
        files = [f"  {path}" for path in written]
        start = (
            f"""cd {folder} · remit check · remit run hello --input '{{"name": "Ada"}}' · python -m pytest"""
        )
        if len(written) == 1:
            return ["wrote", *files]
        return [f"made the workspace {folder}", *files, "", f"What now:  {start}"]

    terminal.answer({"workspace": str(folder), "files": [str(path) for path in written]}, lines)
