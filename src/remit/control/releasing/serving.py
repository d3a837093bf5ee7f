"""The code of a release, taken out of its archive and loaded in place of the workspace's own. One process serves one
release (S14). It does not know which runs belong to it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.control.ground.ground import folder_of
from remit.control.releasing.booking import book_of
from remit.control.workspace.code import Released, load_code

if TYPE_CHECKING:
    from pathlib import Path

    from remit.control.ground.ground import Ground
    from remit.control.workspace.code import Code


async def extracted(ground: Ground, wanted: str) -> Path:
    """The folder that holds a release and nothing else."""
    book = book_of(ground)
    return await book.extract(await book.find(wanted), folder_of(ground.workspace) / "releases")


async def code_of(ground: Ground, wanted: str) -> Code:
    """The code of a release, loaded into this process."""
    book = book_of(ground)
    release = await book.find(wanted)
    created = await book.created(release)
    home = await book.extract(release, folder_of(ground.workspace) / "releases")
    code = load_code(home, created.settings.get("code", ()))
    return replace(code, released=Released(release.digest, home, release.policy))
