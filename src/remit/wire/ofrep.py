"""OFREP 0.3, the protocol by which OpenFeature providers ask for flags over HTTP: requests read, answers written. Pure;
whose flags they are is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from remit.domain.event import object_of
from remit.wire import canonical

Json = Any
PATH = "/ofrep/v1/evaluate/flags"
PARSE_ERROR, TARGETING_KEY_MISSING, FLAG_NOT_FOUND = "PARSE_ERROR", "TARGETING_KEY_MISSING", "FLAG_NOT_FOUND"


@dataclass(frozen=True, slots=True)
class Context:
    """For whom flags are asked: whoever has this key is in a share or not."""

    key: str = ""
    wrong: str = ""
    """An error code, if the request cannot be read."""


def read_context(body: bytes) -> Context:
    """The context of a request; a missing key is the empty one, with which nothing can be shared out."""
    try:
        said: Json = msgspec.json.decode(body) if body.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Context(wrong=PARSE_ERROR)
    context = object_of(said).get("context", {}) if isinstance(said, dict) else None
    if not isinstance(context, dict):
        return Context(wrong=PARSE_ERROR)
    key: Json = object_of(context).get("targetingKey", "")
    return Context(key) if isinstance(key, str) else Context(wrong=PARSE_ERROR)


def answer(flag: str, value: Json, reason: str, variant: str, metadata: dict[str, Json]) -> dict[str, Json]:
    """One flag as it came out; without a value the caller's own default holds."""
    found: dict[str, Json] = {"key": flag, "reason": reason, "variant": variant, "metadata": metadata}
    return found if value is None else found | {"value": value}


def failure(code: str, details: str, flag: str = "") -> dict[str, Json]:
    """Why there is no answer."""
    named = {"key": flag} if flag else {}
    return {**named, "errorCode": code, "errorDetails": details}


def encode(said: Json) -> bytes:
    """As it goes over the wire."""
    return canonical.encode(said)
