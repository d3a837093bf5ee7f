"""What a client of a front door sent: its body read once, as the neutral request and as bytes by field.

A body that goes on to a provider of the same dialect is not written anew: its fields travel as the bytes that came,
except for the few that Remit sets itself, so that what nobody here knows survives. It knows no provider and no route.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec import Raw, Struct

from remit.domain.errors import InvalidInput
from remit.wire.anthropic.requests import decode_count_tokens
from remit.wire.dialects import dialect as dialect_of
from remit.wire.messages import ModelRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any

_PLAIN = msgspec.json.Decoder()
_BY_FIELD = msgspec.json.Decoder(dict[str, Raw])
_ENCODE = msgspec.json.Encoder().encode


class Inbound(Struct, frozen=True):
    """One request as it came in."""

    dialect: str
    request: ModelRequest
    """What it asks, in the neutral form."""
    fields: dict[str, Raw]
    """The same by field, each as the bytes that came."""
    wants_usage: bool = True
    """Whether the client asked to be told what a stream used, in a dialect that tells it only then."""

    @property
    def digest(self) -> str:
        """Names exactly this request."""
        fields = self.fields
        said = [
            part for name in sorted(fields) for part in (name.encode("utf-8", "surrogatepass"), fields[name])
        ]
        return hashlib.blake2b(b"\0".join(said), digest_size=16).hexdigest()

    @property
    def model(self) -> str:
        """What the client calls the model."""
        return self.request.model

    @property
    def stream(self) -> bool:
        """Whether the answer is to come piece by piece."""
        return self.request.stream

    def with_fields(self, changes: Mapping[str, Json]) -> Inbound:
        """The same with other fields; None takes one away."""
        fields = spliced(self.fields, changes)
        return read(self.dialect, _ENCODE(fields))

    def encoded_anew(self, name: str) -> Inbound:
        """The same with one field in the words of its dialect's codec: what other dialects left in it is sorted out."""
        said = dialect_of(self.dialect).encode_request(self.request)
        return msgspec.structs.replace(self, fields=spliced(self.fields, {name: said.get(name)}))


def read(dialect: str, body: bytes) -> Inbound:
    """Read a body; raises `InvalidInput` for one that is no request of this dialect."""
    plain = object_in(body)
    request = dialect_of(dialect).decode_request(plain)
    if dialect == "anthropic" and plain.get("messages") == []:
        raise InvalidInput("the request does not fit: messages is empty; it needs at least one.")
    return Inbound(dialect, request, _BY_FIELD.decode(body), _wants_usage(dialect, plain))


def read_count(body: bytes) -> Inbound:
    """A body whose tokens are to be counted, as the Messages API has it; it asks for no answer, and names no limit."""
    request = decode_count_tokens(object_in(body))
    asked = msgspec.structs.replace(request, max_tokens=0, stream=False)
    return Inbound("anthropic", asked, _BY_FIELD.decode(body))


def object_in(body: bytes) -> dict[str, Json]:
    """The JSON object that a body is."""
    try:
        plain = _PLAIN.decode(body)
    except msgspec.DecodeError as wrong:
        raise InvalidInput(f"the body is not JSON: {wrong}.", "Send one JSON object in UTF-8.") from None
    except (UnicodeDecodeError, RecursionError):
        raise InvalidInput(
            "the body is not JSON that can be read.", "Send one JSON object in UTF-8."
        ) from None
    if not isinstance(plain, dict):
        raise InvalidInput("the body is no JSON object.", "Send one JSON object in UTF-8.")
    return cast("dict[str, Json]", plain)


def spliced(fields: Mapping[str, Raw], changes: Mapping[str, Json]) -> dict[str, Raw]:
    """Fields with some of them set anew, and those that become None taken away; the others stay the bytes they are."""
    found = {name: value for name, value in fields.items() if name not in changes}
    for name, value in changes.items():
        if value is not None:
            found[name] = Raw(_ENCODE(value))
    return found


def _wants_usage(dialect: str, plain: dict[str, Json]) -> bool:
    """Chat completions tell it only if asked; all others always do."""
    if dialect != "openai_chat":
        return True
    options = plain.get("stream_options")
    return isinstance(options, dict) and bool(cast("dict[str, Json]", options).get("include_usage"))
