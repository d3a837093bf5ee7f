"""Operations become endpoints: a name, arguments with their place in the request, and what comes back.

One that cannot be called is refused with a sentence; one that nobody wants is left out, whatever is wrong with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import InvalidDocument
from remit.tools.openapi.document import Document, object_in
from remit.tools.openapi.schemas import Schemas, TooManyParts

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.tools.openapi.document import Operation

Json = Any
READS = frozenset({"get", "head", "options"})
KEY_HEADER = "idempotency-key"
_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_JSON = re.compile(r"application/([\w.-]+\+)?json\s*(;.*)?|\*/\*|application/\*", re.IGNORECASE)
_LARGEST_RESULT = 2_000
_PLACES = frozenset({"path", "query", "header", "cookie"})
_HEADERS_OF_HTTP = frozenset(
    {"accept", "authorization", "content-type", "content-length", "cookie", "host", "transfer-encoding",
     "connection", "if-match", "if-none-match"}
)  # fmt: skip


@dataclass(frozen=True)
class Argument:
    """One argument, and where it goes in the request."""

    name: str
    wire: str
    place: str
    """path, query, header or body; `whole` is a body that is no object."""
    required: bool
    schema: dict[str, Json]
    style: str = ""
    explode: bool = True


@dataclass(frozen=True)
class Endpoint:
    """One operation, ready to be called."""

    name: str
    method: str
    path: str
    arguments: tuple[Argument, ...]
    description: str
    result: dict[str, Json] | None
    fields: dict[str, Json]
    """What its body may hold, with the schema of each; empty if that is not said."""
    takes_body: bool = False
    keyed: bool = False
    open: bool = False
    """Whether it says that it needs no authentication."""
    merges: bool = True
    """Whether a PATCH of it takes an object with the fields that change."""

    @property
    def reads(self) -> bool:
        """Whether it changes nothing, by its method."""
        return self.method in READS


def read_endpoints(
    document: Document, prefix: str, wanted: Callable[[str], bool], auth_header: str = ""
) -> list[Endpoint]:
    """The endpoints of a document; those that nobody wants are kept for the way back, where they can be read."""
    reader = _Reader(document, prefix, auth_header.lower())
    found: dict[str, Endpoint] = {}
    for operation in document.operations():
        name = reader.name(operation)
        try:
            endpoint = reader.endpoint(operation, name)
        except InvalidDocument:
            if wanted(name):
                raise
            continue
        other = found.get(name)
        if other is not None:
            raise InvalidDocument(
                f"{document.name}: two operations are called {name}: {other.method.upper()} {other.path} and "
                f"{operation.place}.",
                "Give each an operationId of its own, within the first 64 characters.",
            )
        found[name] = endpoint
    return list(found.values())


def operation_names(document: Document, prefix: str) -> list[str]:
    """What the operations of a document are called, also of those that could not be called."""
    reader = _Reader(document, prefix, "")
    return [reader.name(operation) for operation in document.operations()]


class _Reader:
    """Reads the operations of one document."""

    def __init__(self, document: Document, prefix: str, auth_header: str) -> None:
        self._document = document
        self._prefix = prefix
        self._schemas = Schemas(document)
        self._not_arguments = _HEADERS_OF_HTTP | {auth_header}

    def name(self, operation: Operation) -> str:
        """What models will call it."""
        said = self._prefix + (operation.id or f"{operation.method}_{operation.path.strip('/')}")
        name = _NAME.sub("_", said).strip("_") or operation.method
        return (name if name[0].isalpha() else f"op_{name}")[:64]

    def endpoint(self, operation: Operation, name: str) -> Endpoint:
        spec = operation.spec
        path_and_more = self._parameters(operation)
        self._check_path(operation, path_and_more)
        body, fields = self._body(operation)
        arguments = _told_apart(path_and_more, body)
        names = [argument.name for argument in arguments]
        twice = next((each for each in names if names.count(each) > 1), None)
        if twice is not None:
            raise InvalidDocument(f'{self._document.name}: {operation.place} takes "{twice}" twice.')
        about = " ".join(str(spec[key]) for key in ("summary", "description") if spec.get(key)).strip()
        return Endpoint(
            name, operation.method, operation.path, tuple(arguments), about[:1024] or operation.place,
            self._result(operation), fields, takes_body=bool(body),
            keyed=any(each.wire.lower() == KEY_HEADER for each in arguments), open=spec.get("security") == [],
            merges="application/json-patch+json" not in self._content(operation),
        )  # fmt: skip

    def _check_path(self, operation: Operation, arguments: list[Argument]) -> None:
        described = {each.wire for each in arguments if each.place == "path"}
        asked = re.findall(r"{([^}]*)}", operation.path)
        for name in asked:
            if name not in described:
                raise InvalidDocument(
                    f'{self._document.name}: {operation.place} does not describe "{name}" of its path.',
                    "Add it to its parameters.",
                )
        for name in described - set(asked):
            raise InvalidDocument(
                f'{self._document.name}: {operation.place} describes "{name}" of its path, which is not in it.'
            )

    def _parameters(self, operation: Operation) -> list[Argument]:
        place_of = operation.place
        found: dict[tuple[str, str], Argument] = {}
        own = self._document.list_in(operation.spec.get("parameters"), place_of)
        for raw in (*operation.shared, *own):
            parameter = self._document.object(raw, place_of)
            wire, place = str(parameter.get("name") or ""), parameter.get("in")
            if not wire or place not in _PLACES:
                raise InvalidDocument(
                    f"{self._document.name}: {place_of} has a parameter without a name or a place.",
                    "Each needs name, and in: path, query, header or cookie.",
                )
            if place == "cookie" or (place == "header" and wire.lower() in self._not_arguments):
                continue
            found[place, wire] = self._parameter(parameter, wire, str(place), f"{place_of}, {wire}")
        return list(found.values())

    def _parameter(self, parameter: dict[str, Json], wire: str, place: str, where: str) -> Argument:
        content = next(iter(self._document.object(parameter.get("content"), where).values()), None)
        said = parameter.get("schema") or self._document.object(content, where).get("schema")
        schema = self._schemas.read(said or {"type": "string"}, where)
        if parameter.get("description"):
            schema["description"] = str(parameter["description"])[:500]
        style = "json" if content else str(parameter.get("style") or "")
        return Argument(
            _NAME.sub("_", wire), wire, place, place == "path" or bool(parameter.get("required")), schema,
            style, explode=bool(parameter.get("explode", style in {"", "form", "deepObject"})),
        )  # fmt: skip

    def _content(self, operation: Operation) -> dict[str, Json]:
        body = self._document.object(operation.spec.get("requestBody"), operation.place)
        return self._document.object(body.get("content"), operation.place)

    def _body(self, operation: Operation) -> tuple[list[Argument], dict[str, Json]]:
        said = operation.spec.get("requestBody")
        if said is None:
            return [], {}
        content = self._content(operation)
        media = next((each for kind, each in content.items() if _JSON.fullmatch(kind)), None)
        if media is None:
            raise InvalidDocument(
                f"{self._document.name}: {operation.place} takes {', '.join(content) or 'a body of no kind'}, "
                "and only JSON bodies are sent.",
                "Leave the operation out: skip = […] in tools.toml.",
            )
        raw = self._document.object(media, operation.place).get("schema")
        schema = self._schemas.read({} if raw is None else raw, operation.place)
        fields = _fields_of(schema, schema, 0)
        required = bool(self._document.object(said, operation.place).get("required"))
        whole = _object_of(schema)
        if whole is None:
            return [Argument("body", "body", "whole", required, schema)], fields
        needs = {str(each) for each in self._document.list_in(whole.get("required"), operation.place)}
        shared = {"$defs": schema["$defs"]} if "$defs" in schema else {}
        return [
            Argument(_NAME.sub("_", wire), wire, "body", required and wire in needs, {**each, **shared})
            for wire, each in fields.items()
        ], fields

    def _result(self, operation: Operation) -> dict[str, Json] | None:
        responses = self._document.object(operation.spec.get("responses"), operation.place)
        for code, raw in responses.items():
            if not code.startswith("2"):
                continue
            content = self._document.object(raw, operation.place).get("content")
            for kind, media in self._document.object(content, operation.place).items():
                said = object_in(media) or {}
                if _JSON.fullmatch(kind) and "schema" in said:
                    return self._result_schema(said["schema"], operation.place)
        return None

    def _result_schema(self, said: Json, place: str) -> dict[str, Json] | None:
        """What comes back, if it can be said in few words: a result is not checked, only described."""
        try:
            return self._schemas.read(said, place, _LARGEST_RESULT)
        except TooManyParts:
            return None


def _told_apart(parameters: list[Argument], body: list[Argument]) -> list[Argument]:
    """What stands in the path and in the body under one name is one argument; other namesakes get their place."""
    in_path = {each.wire for each in parameters if each.place == "path"}
    kept = [each for each in body if each.wire not in in_path]
    found: list[Argument] = []
    taken: set[str] = set()
    for each in (*parameters, *kept):
        name = each.name if each.name not in taken else f"{each.place}_{each.name}"
        taken.add(name)
        found.append(replace(each, name=name))
    return found


def _object_of(schema: dict[str, Json]) -> dict[str, Json] | None:
    """The object that a body is, if its fields can stand beside the other arguments."""
    found = _resolved(schema, schema)
    properties = object_in(found.get("properties"))
    plain = properties and not ({"allOf", "oneOf", "anyOf", "patternProperties"} & found.keys())
    more = (
        object_in(found.get("additionalProperties")) is not None or found.get("additionalProperties") is True
    )
    return found if plain and not more else None


def _fields_of(schema: Json, root: dict[str, Json], depth: int) -> dict[str, Json]:
    """Everything that an object of this schema may hold and a caller may set."""
    found: dict[str, Json] = {}
    known = _resolved(schema, root)
    if depth > 20:  # noqa: PLR2004 - definitions that hold each other
        return found
    for part in known.get("allOf", ()):
        found |= _fields_of(part, root, depth + 1)
    for name, each in (object_in(known.get("properties")) or {}).items():
        said = object_in(each) or {}
        if not _resolved(said, root).get("readOnly"):
            found[name] = said
    return found


def _resolved(schema: Json, root: dict[str, Json]) -> dict[str, Json]:
    known = object_in(schema) or {}
    for _ in range(20):
        if "$ref" not in known:
            break
        known = object_in(root.get("$defs", {}).get(str(known["$ref"]).removeprefix("#/$defs/"))) or {}
    return known
