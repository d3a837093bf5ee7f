"""The root key in a file of the workspace, created at the first start and readable by its owner only."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from remit.domain.errors import StoreReadOnly, WrongKey
from remit.store.key_providers.root import KEY_BYTES, RootKey

if TYPE_CHECKING:
    from pathlib import Path


def key_from_file(path: Path, *, create: bool) -> RootKey:
    """Read the root key, or make one where there is none yet."""
    if create and not path.exists():
        _create(path)
    try:
        secret = bytes.fromhex(path.read_text("ascii").strip())
    except FileNotFoundError:
        raise WrongKey(
            f"the root key {path} is missing, and without it nothing in the log can be read.",
            "Copy it back from where it is kept safe, or name it in REMIT_ROOT_KEY.",
        ) from None
    except (ValueError, OSError) as wrong:
        raise WrongKey(f"the root key {path} cannot be read: {wrong}.") from None
    if len(secret) != KEY_BYTES:
        raise WrongKey(f"the root key {path} has {len(secret)} bytes; it needs {KEY_BYTES}.")
    return RootKey(secret)


def _create(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
        ) as file:
            file.write(os.urandom(KEY_BYTES).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # appears whole or not at all, and never replaces another process's key
    except FileExistsError:
        pass
    except OSError as wrong:
        raise StoreReadOnly(
            f"the key file {path} cannot be written: {wrong.strerror}.",
            "Give this user write access to the folder, or choose another workspace.",
        ) from None
    finally:
        with suppress(OSError):  # there may be no folder to remove it from
            draft.unlink()
