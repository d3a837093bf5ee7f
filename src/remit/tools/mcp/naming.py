"""What the tools of a server are called here: by a prefix of ours, in letters that models take."""

from __future__ import annotations

import hashlib
import re

_LONGEST_NAME = 64
_STRANGE = re.compile(r"[^A-Za-z0-9_-]")


def tool_name(prefix: str, name: str) -> str:
    """A name that models take. What had to be changed or cut is told apart by a digest."""
    plain = _STRANGE.sub("_", prefix + name)
    if not plain or not (plain[0].isalpha() or plain[0] == "_"):
        plain = f"_{plain}"
    if len(plain) <= _LONGEST_NAME:
        return plain
    mark = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{plain[: _LONGEST_NAME - 9]}_{mark}"
