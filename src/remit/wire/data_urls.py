"""`data:` URLs, the form in which some dialects carry pictures and documents inside a message."""

from __future__ import annotations

_START = "data:"
_MARK = ";base64"


def split(url: str) -> tuple[str, str] | None:
    """The media type and the base64 text; None for any other URL, which is then kept as it is."""
    if not url.startswith(_START):
        return None
    head, comma, data = url.partition(",")
    media_type = head[len(_START) : -len(_MARK)]
    if not comma or not head.endswith(_MARK) or ";" in media_type:
        return None
    return media_type, data


def join(media_type: str, data: str) -> str:
    """The URL that holds base64 `data`."""
    return f"{_START}{media_type}{_MARK},{data}"
