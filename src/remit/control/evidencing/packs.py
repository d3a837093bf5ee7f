"""What can be asked about evidence packs: make one, write it signed, and judge one that was handed on. It needs no
code of the workspace.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import msgspec

from remit import __version__
from remit.domain.errors import Refused, StoreReadOnly
from remit.domain.evidence_errors import NotAnExport
from remit.operations.evidence.catalog import framework
from remit.operations.evidence.manifest import DATA, MANIFEST, PAGE, Judged, judge, manifest_text
from remit.operations.evidence.pack import Pack, build
from remit.operations.evidence.page import page_of
from remit.store.log_source import LogSource
from remit.store.signing import open_signer
from remit.store.verifying import reading
from remit.store.verifying.notes import MalformedNote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remit.control.ground.ground import Ground

__all__ = ["Judged", "Pack", "Written", "check", "make", "write"]


@dataclass(frozen=True, slots=True)
class Written:
    """A pack, and where it was written."""

    pack: Pack
    to: str
    key: str
    """The public key that checks it."""


async def make(ground: Ground, name: str, since: int = 0) -> Pack:
    """A framework held against the log as it is now."""
    asked = framework(name)
    signer = await open_signer(ground.database, ground.keys, ground.clock)
    async with ground.database.snapshot() as snapshot:
        source = await LogSource.of(snapshot, signer.origin)
        return await build(asked, source, __version__, ground.clock.now(), since)


async def write(ground: Ground, pack: Pack, to: Path) -> Written:
    """Write a pack as a page and as data, with a signed manifest; nothing is ever overwritten."""
    signer = await open_signer(ground.database, ground.keys, ground.clock)
    data = msgspec.json.format(msgspec.json.encode(asdict(pack)), indent=1)
    files = {DATA: data + b"\n", PAGE: page_of(pack).encode()}
    manifest = signer.sign(manifest_text(signer.origin, pack.framework, pack.made_at, files))
    _put({**files, MANIFEST: manifest.encode()}, to)
    return Written(pack, str(to), signer.public.text)


def check(folder: Path, key: str = "") -> Judged:
    """Judge a pack by its files alone."""
    try:
        return judge(folder, reading.key_of(key))
    except (reading.NotAnExport, MalformedNote) as wrong:
        raise NotAnExport(f"{wrong}.", "A key looks like NAME+ID+KEY; see them: remit audit key") from None
    except OSError as wrong:
        raise NotAnExport(
            f"{wrong.filename or folder} cannot be read: {wrong.strerror}.",
            "Name a folder that remit evidence --to wrote.",
        ) from None


def _put(files: Mapping[str, bytes], to: Path) -> None:
    try:
        to.mkdir(parents=True, exist_ok=True)
        if any(to.iterdir()):
            raise Refused(f"{to} is not empty, and a pack never overwrites anything.", "Name a new folder.")
        for name, body in files.items():
            (to / name).write_bytes(body)
    except OSError as wrong:
        raise StoreReadOnly(f"{to} cannot be written ({wrong.strerror}).", "Choose another place.") from wrong
