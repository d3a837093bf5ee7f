"""Operations become tools: a name, a schema of all arguments, an effect by the method, and a way back if there is one.

A write can be taken back where the document has a GET of the same object to look at it, and an operation that puts
it back: PUT or PATCH for a change, PUT or POST for a deletion, DELETE for a creation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import InvalidDocument
from remit.domain.effects import Effect
from remit.domain.tools import ArgumentRole, ResultLabel, ToolManifest, Undo

if TYPE_CHECKING:
    from remit.tools.openapi.document import Document, Operation

Json = Any
_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_READS = frozenset({"get", "head", "options"})
_JSON = re.compile(r"application/(.+\+)?json", re.IGNORECASE)
_KEY_HEADER = "idempotency-key"


@dataclass(frozen=True)
class Argument:
    """One argument, and where it goes in the request."""

    name: str
    wire: str
    place: str
    """path, query, header or body; `whole` is a body that is no object."""
    required: bool
    schema: dict[str, Json]


@dataclass(frozen=True)
class Endpoint:
    """One operation, ready to be called."""

    name: str
    method: str
    path: str
    arguments: tuple[Argument, ...]
    description: str
    keyed: bool
    result: dict[str, Json] | None
    security: bool = True

    @property
    def body_fields(self) -> frozenset[str]:
        """What its body may hold."""
        return frozenset(argument.wire for argument in self.arguments if argument.place == "body")


@dataclass(frozen=True)
class WayBack:
    """How a write of one endpoint is looked at and taken back."""

    look: Endpoint
    item: str
    """The path of one object."""
    change: Endpoint | None = None
    """PUT or PATCH of the object."""
    create: Endpoint | None = None
    """PUT of the object, or POST to its collection."""
    delete: Endpoint | None = None
    id_field: str = "id"


@dataclass(frozen=True)
class Api:
    """Every endpoint of a document."""

    name: str
    endpoints: dict[str, Endpoint] = field(default_factory=dict[str, Endpoint])
    ways_back: dict[str, WayBack] = field(default_factory=dict[str, WayBack])


def read_api(document: Document, prefix: str = "") -> Api:
    """The endpoints of a document, and the ways back between them."""
    endpoints: dict[str, Endpoint] = {}
    for operation in document.operations():
        endpoint = _endpoint(document, operation, prefix)
        if endpoint.name in endpoints:
            raise InvalidDocument(
                f"{document.name}: two operations are called {endpoint.name} ({operation.place} is one).",
                "Give each an operationId of its own.",
            )
        endpoints[endpoint.name] = endpoint
    api = Api(document.name, endpoints)
    for endpoint in endpoints.values():
        way = _way_back(api, endpoint)
        if way is not None:
            api.ways_back[endpoint.name] = way
    return api


def manifest_of(api: Api, endpoint: Endpoint, secret: str, owner: str = "") -> ToolManifest:
    """An endpoint as a tool."""
    reads = endpoint.method in _READS
    way = api.ways_back.get(endpoint.name)
    known = [argument for argument in endpoint.arguments if argument.wire.lower() != _KEY_HEADER]
    return ToolManifest(
        name=endpoint.name, description=endpoint.description, parameters=_parameters(known),
        effect=Effect.READ if reads else Effect.WRITE, result=endpoint.result,
        roles={argument.name: ArgumentRole.OBJECT for argument in known if argument.place == "path"},
        label=ResultLabel(api.name), keyed=endpoint.keyed and not reads, timeout=30.0,
        undo=Undo.RESTORE if way is not None else Undo.NONE,
        reconciles=way is not None and endpoint.method != "post", secrets=(secret,) if secret else (),
        source=f"openapi:{api.name}", owner=owner, version=f"{endpoint.method} {endpoint.path}",
    )  # fmt: skip


def _endpoint(document: Document, operation: Operation, prefix: str) -> Endpoint:
    spec = operation.spec
    name = _NAME.sub("_", prefix + (operation.id or f"{operation.method}_{operation.path.strip('/')}")).strip(
        "_"
    )
    arguments = [*_parameters_of(document, operation), *_body_of(document, operation)]
    names = [argument.name for argument in arguments]
    twice = next((each for each in names if names.count(each) > 1), None)
    if twice is not None:
        raise InvalidDocument(f'{document.name}: {operation.place} takes "{twice}" twice.')
    missing = [each for each in re.findall(r"{([^}]*)}", operation.path) if each not in names]
    if missing:
        raise InvalidDocument(
            f'{document.name}: {operation.place} does not describe "{missing[0]}" of its path.'
        )
    about = " ".join(str(spec.get(key, "")) for key in ("summary", "description")).strip()
    keyed = any(argument.wire.lower() == _KEY_HEADER for argument in arguments)
    return Endpoint(
        name[:64], operation.method, operation.path, tuple(arguments), about[:1024] or operation.place, keyed,
        _result_of(document, operation), spec.get("security") != [],
    )  # fmt: skip


def _parameters_of(document: Document, operation: Operation) -> list[Argument]:
    found: dict[tuple[str, str], Argument] = {}
    for raw in (*operation.shared, *(operation.spec.get("parameters") or ())):
        said = document.follow(raw, operation.place)
        if not isinstance(said, dict) or "name" not in said or said.get("in") not in _PLACES:
            raise InvalidDocument(
                f"{document.name}: {operation.place} has a parameter without a name or place."
            )
        parameter = cast("dict[str, Json]", said)
        wire, place = str(parameter["name"]), str(parameter["in"])
        if place == "cookie" or (place == "header" and wire.lower() in _HEADERS_OF_HTTP):
            continue
        schema = document.schema(parameter.get("schema") or {"type": "string"}, f"{operation.place}.{wire}")
        about = parameter.get("description")
        if about:
            schema = {**schema, "description": str(about)[:500]}
        required = place == "path" or bool(parameter.get("required"))
        found[place, wire] = Argument(_NAME.sub("_", wire), wire, place, required, schema)
    return list(found.values())


def _body_of(document: Document, operation: Operation) -> list[Argument]:
    body = document.follow(operation.spec.get("requestBody"), operation.place)
    if not isinstance(body, dict):
        return []
    said = cast("dict[str, Json]", body)
    content = cast("dict[str, Json]", said.get("content") or {})
    media = next((value for kind, value in content.items() if _JSON.match(kind)), None)
    if media is None:
        raise InvalidDocument(
            f"{document.name}: {operation.place} takes {', '.join(content) or 'nothing'}, and only JSON bodies are sent.",
            "Leave the operation out: skip=[…] in tools.toml.",
        )
    schema = document.schema(cast("dict[str, Json]", media).get("schema") or {}, operation.place)
    whole = _object_of(schema)
    required = bool(said.get("required"))
    if whole is None:
        return [Argument("body", "body", "whole", required, schema)]
    needs = (
        set(cast("list[str]", whole.get("required") or []))
        if required or whole.get("required")
        else set[str]()
    )
    definitions = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    return [
        Argument(
            _NAME.sub("_", wire),
            wire,
            "body",
            wire in needs,
            {**cast("dict[str, Json]", each), **definitions},
        )
        for wire, each in cast("dict[str, Json]", whole["properties"]).items()
        if not (isinstance(each, dict) and cast("dict[str, Json]", each).get("readOnly"))
    ]


def _object_of(schema: dict[str, Json]) -> dict[str, Json] | None:
    """The object that a body is, if its fields can stand beside the other arguments."""
    found = schema
    if "$ref" in schema:
        found = cast(
            "dict[str, Json]", schema.get("$defs", {}).get(str(schema["$ref"]).rpartition("/")[2], {})
        )
    plain = isinstance(found.get("properties"), dict) and not ({"allOf", "oneOf", "anyOf"} & found.keys())
    return found if plain else None


def _result_of(document: Document, operation: Operation) -> dict[str, Json] | None:
    for code, raw in cast("dict[str, Json]", operation.spec.get("responses") or {}).items():
        if not str(code).startswith("2"):
            continue
        said = document.follow(raw, operation.place)
        content = cast("dict[str, Json]", (said or {}).get("content") or {})
        for kind, media in content.items():
            if _JSON.match(kind) and isinstance(media, dict) and "schema" in media:
                return document.schema(cast("dict[str, Json]", media)["schema"], operation.place)
    return None


def _parameters(arguments: list[Argument]) -> dict[str, Json]:
    """All arguments as one object; definitions that several bring along stand once."""
    definitions: dict[str, Json] = {}
    properties: dict[str, Json] = {}
    for argument in arguments:
        schema = dict(argument.schema)
        definitions |= schema.pop("$defs", {})
        properties[argument.name] = schema
    found: dict[str, Json] = {
        "type": "object", "properties": properties,
        "required": [argument.name for argument in arguments if argument.required], "additionalProperties": False,
    }  # fmt: skip
    return {**found, "$defs": definitions} if definitions else found


def _way_back(api: Api, endpoint: Endpoint) -> WayBack | None:
    def at(path: str, *methods: str) -> Endpoint | None:
        return next(
            (
                e
                for method in methods
                for e in api.endpoints.values()
                if e.path == path and e.method == method
            ),
            None,
        )

    if endpoint.method in {"put", "patch", "delete"}:
        look, change = at(endpoint.path, "get"), at(endpoint.path, "put", "patch")
        create = at(endpoint.path, "put") or at(endpoint.path.rpartition("/")[0], "post")
        needed = create if endpoint.method == "delete" else change
        if look is None or needed is None:
            return None
        return WayBack(
            look, endpoint.path, change, create, at(endpoint.path, "delete"), _id_of(endpoint.path)
        )
    if endpoint.method == "post":
        item = next(
            (e.path for e in api.endpoints.values()
             if e.method == "delete" and e.path.startswith(f"{endpoint.path}/{{") and e.path.count("/") == endpoint.path.count("/") + 1),
            "",
        )  # fmt: skip
        look, delete = at(item, "get"), at(item, "delete")
        if look is not None and delete is not None:
            return WayBack(look, item, delete=delete, create=endpoint, id_field=_id_of(item))
    return None


def _id_of(path: str) -> str:
    """The field of an object that its path is made of: `id`, unless the object says otherwise."""
    names = re.findall(r"{([^}]*)}", path)
    return names[-1] if names else "id"


_PLACES = frozenset({"path", "query", "header", "cookie"})
_HEADERS_OF_HTTP = frozenset(
    {"accept", "authorization", "content-type", "content-length", "host", "if-match"}
)
