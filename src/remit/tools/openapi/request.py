"""Arguments as the parts of a request, written the way the document says; a value never leaves its place."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from remit.domain.action_errors import BadArguments
from remit.tools.openapi.operations import KEY_HEADER

if TYPE_CHECKING:
    from remit.tools.openapi.operations import Argument, Endpoint

Json = Any
_NO_BODY = object()
_SEPARATORS = {"form": ",", "": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] | None = None
    body: Json = None
    has_body: bool = False


def request_of(endpoint: Endpoint, arguments: dict[str, Json], key: str = "") -> Request:
    """The request of a call."""
    headers: dict[str, str] = {}
    query: list[tuple[str, str]] = []
    for argument in endpoint.arguments:
        if argument.name not in arguments:
            continue
        value = arguments[argument.name]
        if argument.place == "header" and argument.wire.lower() != KEY_HEADER:
            headers[argument.wire] = _header(argument, value)
        elif argument.place == "query":
            query += _query(argument, value)
    if endpoint.keyed and key:
        headers["Idempotency-Key"] = key
    body = body_of(endpoint, arguments)
    return Request(
        endpoint.method, filled(endpoint.path, in_path(endpoint, arguments)), tuple(query), headers,
        None if body is _NO_BODY else body, has_body=body is not _NO_BODY,
    )  # fmt: skip


def body_of(endpoint: Endpoint, arguments: dict[str, Json]) -> Json:
    """The body; what stands in the path and belongs into the body as well is said twice."""
    if not endpoint.takes_body:
        return _NO_BODY
    whole = next((each for each in endpoint.arguments if each.place == "whole"), None)
    if whole is not None:
        return arguments.get(whole.name, _NO_BODY)
    twice = {wire: value for wire, value in in_path(endpoint, arguments).items() if wire in endpoint.fields}
    return twice | {
        each.wire: arguments[each.name]
        for each in endpoint.arguments
        if each.place == "body" and each.name in arguments
    }


def in_path(endpoint: Endpoint, arguments: dict[str, Json]) -> dict[str, Json]:
    """The values that stand in the path."""
    return {
        each.wire: arguments[each.name]
        for each in endpoint.arguments
        if each.place == "path" and each.name in arguments
    }


def filled(path: str, values: dict[str, Json]) -> str:
    """A path with its parameters in place, each as one segment whatever it holds."""

    def segment(match: re.Match[str]) -> str:
        name = match[1]
        text = ",".join(map(_text, _items(values.get(name, ""))))
        if (
            not text
            or any(part in {".", ".."} for part in re.split(r"[/\\]", text))
            or not text.isprintable()
        ):
            raise BadArguments(
                f'"{name}" stands in the path of a request, and {json.dumps(text)} would lead to another place.',
                "Give the id alone.",
            )
        return quote(text, safe="")

    return re.sub(r"{([^}]*)}", segment, path)


def _header(argument: Argument, value: Json) -> str:
    text = ",".join(map(_text, _items(value)))
    if not text.isascii() or not text.isprintable():
        raise BadArguments(f'"{argument.name}" goes into a header, which takes plain printable text only.')
    return text


def _query(argument: Argument, value: Json) -> list[tuple[str, str]]:
    wire = argument.wire
    if value is None:
        return []
    if argument.style == "json":
        return [(wire, json.dumps(value))]
    if isinstance(value, dict):
        fields = cast("dict[str, Json]", value).items()
        if argument.style == "deepObject":
            return [(f"{wire}[{name}]", _text(each)) for name, each in fields]
        if argument.explode:
            return [(name, _text(each)) for name, each in fields]
        return [(wire, ",".join(f"{name},{_text(each)}" for name, each in fields))]
    items = _items(value)
    if argument.explode:
        return [(wire, _text(each)) for each in items]
    return [(wire, _SEPARATORS.get(argument.style, ",").join(map(_text, items)))]


def _items(value: Json) -> list[Json]:
    return cast("list[Json]", value) if isinstance(value, list) else [value]


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)
