"""Where a workspace is: the folder that holds its file of settings. It knows nothing of what is in either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.errors import BadWorkspace

if TYPE_CHECKING:
    from pathlib import Path

FILE = "remit.toml"


def find(start: Path) -> Path:
    """The workspace that `start` lies in: the nearest folder upwards that has a `remit.toml`."""
    place = start.resolve()
    for folder in (place, *place.parents):
        if (folder / FILE).is_file():
            return folder
    raise BadWorkspace(
        f"there is no {FILE} in {place} or above it, so this is no workspace.",
        "Make one with: remit new NAME, or name one with: --workspace FOLDER.",
    )


def at(folder: Path) -> Path:
    """The workspace that somebody named: this folder, and no other above it."""
    if (folder / FILE).is_file():
        return folder.resolve()
    raise BadWorkspace(f"{folder} is no workspace: it has no {FILE}.", f"Make one with: remit new {folder}")
