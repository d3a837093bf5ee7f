"""Bodies that were packed, unpacked up to a limit: a few kilobytes must not become gigabytes."""

from __future__ import annotations

import zlib

from remit.server.faults import BodyTooLarge, RequestFault, WrongMedia

_GZIP = 16 + zlib.MAX_WBITS
_PLAIN = frozenset({"", "identity"})


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The body as it was before it was packed; raises for what is too large, broken, or packed in another way."""
    encoding = encoding.strip().lower()
    if encoding in _PLAIN:
        return body
    if encoding not in {"gzip", "x-gzip"}:
        raise WrongMedia(
            f"the body is packed as {encoding[:40]}; gzip is read here.", "Send it by gzip or plain."
        )
    parts: list[bytes] = []
    room, rest = limit, body
    try:
        while rest:  # a file of gzip may be several, one behind the other
            opener = zlib.decompressobj(_GZIP)
            part = opener.decompress(rest, room + 1)
            room -= len(part)
            if room < 0:
                raise BodyTooLarge(f"the request is larger than {limit:,} bytes once it is unpacked.")
            parts.append(part)
            if not opener.eof:
                raise RequestFault("the body ends before its gzip does.", "Send it again.")
            rest = opener.unused_data
    except zlib.error:
        raise RequestFault("the body says that it is gzip, and is none.", "Send it again.") from None
    return parts[0] if len(parts) == 1 else b"".join(parts)
