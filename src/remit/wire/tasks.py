"""What is said in a task, as the log holds it: parts of text, data and files; and what an agent or a flow is given of
it. Pure. It knows no protocol and no run.
"""

from __future__ import annotations

from typing import Any, cast

from remit.domain.event import object_of
from remit.wire.attachment import Attachment

Json = Any
_LINK = {"url", "media_type", "name"}
_REPLY = "$reply"


def text_of(parts: list[dict[str, Json]]) -> str:
    """The words of a message, one part a paragraph."""
    return "\n\n".join(str(part["text"]) for part in parts if "text" in part)


def data_of(parts: list[dict[str, Json]]) -> list[Json]:
    """The data of a message."""
    return [part["data"] for part in parts if "data" in part]


def files_of(parts: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """The files of a message, as plain attachments."""
    return [object_of(part["file"]) for part in parts if "file" in part]


def links_of(parts: list[dict[str, Json]]) -> list[str]:
    """The addresses of files that did not come along."""
    return [str(part["url"]) for part in parts if "url" in part]


def question_of(parts: list[dict[str, Json]]) -> Json:
    """What an agent is asked: the words; the data, where there is nothing else; both by name, where there is both."""
    text, data = text_of(parts), data_of(parts)
    if not data:
        return text
    said = data[0] if len(data) == 1 else data
    return {"text": text, "data": said} if text else said


def parts_of(value: Json) -> list[dict[str, Json]]:
    """A result as parts: text, files and addresses as what they are, anything else as data."""
    if value is None:
        return []
    if isinstance(value, str):
        return [{"text": value}]
    if (answer := reply_of(value)) is not None:
        return answer
    special = _special(value)
    if special is not None:
        return [special]
    items = cast("list[Json]", value) if isinstance(value, list) else []
    if any(_special(item) is not None for item in items):
        return [part for item in items for part in parts_of(item)]
    return [{"data": value}]


def link(url: str, *, media_type: str = "", name: str = "") -> dict[str, Json]:
    """The address of a file, as a part of what a flow gives."""
    return {"url": url, "media_type": media_type, "name": name}


def reply(value: Json) -> dict[str, Json]:
    """What a flow gives that only answers, with no task that anybody would look at again."""
    return {_REPLY: parts_of(value)}


def reply_of(value: Json) -> list[dict[str, Json]] | None:
    """The parts of an answer, if a result is one."""
    found = object_of(value)
    return found[_REPLY] if found.keys() == {_REPLY} and isinstance(found[_REPLY], list) else None


def _special(value: Json) -> dict[str, Json] | None:
    """A value that is a file, or the address of one."""
    found = object_of(value)
    if found.keys() == _LINK and all(isinstance(each, str) for each in found.values()):
        return found
    if found.keys() == {"data", "media_type", "name"} and isinstance(found["data"], str):
        return {"file": found}
    return None


def attachment(data: bytes, media_type: str = "", name: str = "") -> dict[str, Json]:
    """A file as the log holds it."""
    from base64 import b64encode

    made = Attachment(data, media_type, name)
    return {"data": b64encode(data).decode(), "media_type": made.media_type, "name": name}
