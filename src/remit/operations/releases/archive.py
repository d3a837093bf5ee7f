"""The archive of a release: the files of a workspace as blobs, each under a keyed digest of its content, and back into
a folder. It keeps no secret: what looks like one is refused by file and line. It does not know what the files mean.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.domain.errors import StoreCorrupt
from remit.domain.release_errors import UnfitArchive
from remit.policy.detectors.secret_values import secret_values
from remit.store.database import BlobRow
from remit.store.pen import open_blob, seal_blob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.store.database import Database
    from remit.store.keys import DataKey

LARGEST = 64 * 1024 * 1024
"""Bytes of all files together: a release is code and words, not data."""
_PEM = (".pem", ".key", ".p12", ".pfx")
_MARK = ".release"
"""Written last into an extracted folder: one without it is a torn one."""
_ABOUT = "A release, as it was made. It is executed from here, and made anew if anything in it is changed.\n"


def pack(files: Mapping[str, Path], key: DataKey) -> tuple[dict[str, Any], tuple[BlobRow, ...]]:
    """The archive of these files: what the log says of each, and the blobs that hold them."""
    told: dict[str, Any] = {}
    blobs: dict[bytes, BlobRow] = {}
    sizes: dict[str, int] = {}
    for name, path in files.items():
        content = path.read_bytes()
        sizes[name] = len(content)
        _refuse_secrets(name, content)
        blob = seal_blob(content, key)
        blobs[blob.id] = blob
        executable = bool(path.stat().st_mode & 0o100)
        told[name] = [hashlib.sha256(content).hexdigest(), blob.id.hex(), executable]
    if sum(sizes.values()) > LARGEST:
        largest = max(sizes, key=lambda name: sizes[name])
        raise UnfitArchive(
            f"the workspace has {sum(sizes.values()) // 1024**2} MB, and an archive holds {LARGEST // 1024**2}; the "
            f"largest file is {largest}.",
            "Name what is data and not code in releases.leave_out of remit.toml.",
        )
    return told, tuple(blobs.values())


async def extract(
    told: Mapping[str, Any], digest: str, database: Database, key: DataKey, folder: Path
) -> Path:
    """The folder that holds exactly these files; made once, and made anew if anything in it differs."""
    place = folder / digest[:24]
    if not await asyncio.to_thread(_is_whole, place, told):
        contents = {name: await _content(name, said, database, key) for name, said in told.items()}
        await asyncio.to_thread(_write, place, contents, told)
    return place


async def _content(name: str, said: Any, database: Database, key: DataKey) -> bytes:
    digest, blob, _ = said
    rows = await database.fetch("log.blob", bytes.fromhex(blob))
    if not rows:
        raise StoreCorrupt(f"the file {name} of the release is missing from the log.", "Restore a backup.")
    content = open_blob(BlobRow(*rows[0]), key)
    if hashlib.sha256(content).hexdigest() != digest:
        raise StoreCorrupt(f"the file {name} of the release is not what it was.", "remit doctor --deep")
    return content


def _is_whole(place: Path, told: Mapping[str, Any]) -> bool:
    """Whether the folder holds the release and nothing else that Python would read."""
    if not (place / _MARK).is_file():
        return False
    found = {
        path.relative_to(place).as_posix()
        for path in place.rglob("*")
        if (path.is_file() or path.is_symlink()) and "__pycache__" not in path.parts and path.name != _MARK
    }
    return found == set(told) and all(
        hashlib.sha256((place / name).read_bytes()).hexdigest() == said[0] for name, said in told.items()
    )


def _write(place: Path, contents: Mapping[str, bytes], told: Mapping[str, Any]) -> None:
    """Beside its place first, then there at once; whoever was faster wrote the same."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=place.parent))
    try:
        for name, content in contents.items():
            file = _inside(draft / "new", name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o700 if told[name][2] else 0o600)
        (draft / "new" / _MARK).write_text(_ABOUT)
        if place.exists():
            place.rename(draft / "old")
        (draft / "new").rename(place)
    except OSError:
        if not _is_whole(place, told):
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _inside(folder: Path, name: str) -> Path:
    """A file of the archive in its folder; what would lie outside was not written by us."""
    file = (folder / name).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise StoreCorrupt(f"the release names a file outside of its folder: {name}.")
    return file


def _refuse_secrets(name: str, content: bytes) -> None:
    if name.lower().endswith(_PEM):
        raise UnfitArchive(
            f"{name} looks like a key, and an archive holds no secret.",
            "Keep it where secrets.toml finds it, outside of the workspace, or name it in releases.leave_out.",
        )
    text = content.decode("utf-8", errors="replace")
    found = secret_values(text)
    if found:
        line = text.count("\n", 0, found[0].start) + 1
        kind = found[0].kind.replace("_", " ")
        raise UnfitArchive(
            f"{name}:{line} holds what looks like a secret ({kind}), and an archive holds none.",
            "Keep it in a secret store and name it in secrets.toml: whoever may read the log can read a release.",
        )
