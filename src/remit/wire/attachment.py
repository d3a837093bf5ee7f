"""What a model is handed beside the words of a question: a picture, a sound or a file, and how people are told of it.

It turns one into a part of a message, and says which plain values are one, so that no page shows its bytes and nobody
reads words out of them. It must not know who is asked, nor where it is kept.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from remit.domain.errors import InvalidInput, TooLarge
from remit.wire.media import media_type_of, media_type_of_address
from remit.wire.messages import Audio, File, Image, message_to_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.wire.messages import Message

Json = Any
LARGEST = 64 * 1024 * 1024
"""Bytes of a file that are read at all; how many the log accepts is a setting."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture, a sound or a file, with its content. What nobody says of its kind, its name or first bytes do."""

    data: bytes = field(repr=False)
    media_type: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        given = type(self.data)
        if given is not bytes or not self.data:
            what = "is empty" if given is bytes else f"has a {given.__name__} for its bytes"
            raise InvalidInput(f"the attachment {self.name or 'without a name'} {what}.")
        kind = self.media_type or _kind_of(self.name, self.data)
        if not _MEDIA_TYPE.fullmatch(kind):
            raise InvalidInput(f'"{kind}" is no media type.', 'Such as "image/png", "application/pdf".')
        object.__setattr__(self, "media_type", kind)

    @classmethod
    def read(cls, path: str | Path, media_type: str = "") -> Attachment:
        """The content of a file, now; in a flow a path is read once, and comes from the log after that."""
        place = Path(path)
        try:
            size = place.stat().st_size
            if size > LARGEST:
                raise TooLarge(
                    f"{place.name} has {size:,} bytes, and no more than {LARGEST:,} are read.",
                    "Attach a part of it.",
                )
            return cls(place.read_bytes(), media_type, place.name)
        except OSError as wrong:
            raise InvalidInput(f"{path} cannot be attached: {wrong.strerror or wrong}.") from None

    def rewritten(self, change: Callable[[str], str]) -> Attachment:
        """The same with its text changed; what is no text stays as it is."""
        if not self.media_type.startswith("text/"):
            return self
        try:
            text = self.data.decode()
        except UnicodeDecodeError:
            return self
        said = change(text)
        return self if said == text else replace(self, data=said.encode())

    @property
    def digest(self) -> str:
        """What tells one from another."""
        head = f"{self.media_type}\n{self.name}\n".encode("utf-8", "surrogatepass")
        return hashlib.sha256(head + self.data).hexdigest()

    @property
    def shown(self) -> str:
        """As a person is told of it: `scan.png (image/png, 12 kB)`."""
        return _words(self.name, self.media_type, len(self.data))

    @property
    def part(self) -> Image | Audio | File:
        """As a part of a message."""
        content = base64.b64encode(self.data).decode()
        family, _, kind = self.media_type.partition("/")
        if family == "image":
            return Image(self.media_type, content)
        if family == "audio":
            return Audio(content, _SOUNDS.get(kind, kind))
        return File(self.name, self.media_type, content)


def written_size(attached: Sequence[Attachment]) -> int:
    """How many bytes they have in the log, where they are base64."""
    return sum((len(each.data) + 2) // 3 * 4 for each in attached)


def check_size(owner: str, size: int, limit: int) -> None:
    """Refuse what the log would not accept beside everything else."""
    if size > limit:
        raise TooLarge(
            f"what is attached to {owner} has {size:,} bytes as base64, and the log accepts {limit:,}.",
            "Attach less at once, or raise limits.result_bytes.",
        )


def attached_size(plain: Json) -> int:
    """The base64 bytes of all attachments in a plain value."""
    if isinstance(plain, dict):
        known = cast("dict[str, Json]", plain)
        return len(known["data"]) if _is_attachment(known) else sum(map(attached_size, known.values()))
    return sum(map(attached_size, cast("list[Json]", plain))) if isinstance(plain, list) else 0


def shown(plain: Json) -> Json:
    """A plain value for people: of attachments the kind and the size, never the bytes."""
    return _with(plain, _shown)


def wordless(plain: Json) -> Json:
    """A plain value without its attachments: what stands in one was not said by whoever attached it (S23)."""
    return _with(plain, _silent)


def rewritten(plain: Json, change: Callable[[str], str]) -> Json:
    """A plain value with the texts of its attachments changed."""

    def put(found: dict[str, Json]) -> dict[str, Json]:
        try:
            content = base64.b64decode(found["data"], validate=True)
            said = Attachment(content, found["media_type"], found["name"]).rewritten(change)
        except (binascii.Error, InvalidInput):
            return found  # it only looks like one
        return {**found, "data": base64.b64encode(said.data).decode()}

    return _with(plain, put)


def message_for_log(message: Message) -> dict[str, Json]:
    """A message as the event of a model call tells it: what was attached stands in the log already, whole."""
    plain = message_to_plain(message)
    if not [part for part in message.parts if part.__class__ in _MEDIA]:
        return plain
    return {**plain, "parts": [_told(part) for part in plain["parts"]]}


def _told(part: dict[str, Json]) -> dict[str, Json]:
    if part.get("type") not in {"image", "audio", "file"} or not part.get("data"):
        return part
    data = cast("str", part["data"])
    told = {"bytes": _decoded(data), "sha256": hashlib.sha256(base64.b64decode(data)).hexdigest()}
    return {name: value for name, value in part.items() if name != "data"} | told


def _with(plain: Json, put: Callable[[dict[str, Json]], Json]) -> Json:
    if isinstance(plain, dict):
        known = cast("dict[str, Json]", plain)
        return (
            put(known) if _is_attachment(known) else {name: _with(each, put) for name, each in known.items()}
        )
    return [_with(each, put) for each in cast("list[Json]", plain)] if isinstance(plain, list) else plain


def _shown(found: dict[str, Json]) -> str:
    return _words(found["name"], found["media_type"], _decoded(found["data"]))


def _silent(found: dict[str, Json]) -> None:
    del found


def _is_attachment(plain: dict[str, Json]) -> bool:
    return (
        plain.keys() == _FIELDS
        and all(isinstance(each, str) for each in plain.values())
        and _MEDIA_TYPE.fullmatch(plain["media_type"]) is not None
    )


def _decoded(data: str) -> int:
    return len(data) * 3 // 4 - data[-2:].count("=")


def _words(name: str, kind: str, size: int) -> str:
    told = f"{size} bytes" if size < _KILO else f"{round(size / _KILO)} kB"
    if size >= _KILO * _KILO:
        told = f"{size / _KILO / _KILO:.1f} MB"
    return f"{name} ({kind}, {told})" if name else f"{kind}, {told}"


def _kind_of(name: str, data: bytes) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "audio/wav"
    beginning = media_type_of(base64.b64encode(data[:24]).decode())
    return beginning or media_type_of_address(name) or "application/octet-stream"


_MEDIA = frozenset({Image, Audio, File})
_FIELDS = {"data", "media_type", "name"}
_KILO = 1000
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][\w.+-]*/[A-Za-z0-9][\w.+-]*", re.ASCII)
_SOUNDS = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav", "vnd.wave": "wav", "x-flac": "flac"}
"""How dialects call a format whose media type says it otherwise."""
