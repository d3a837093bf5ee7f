"""`[openapi.NAME]` of tools.toml: a document, an address, and the secret that opens it, as tools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from remit.domain.action_errors import InvalidDocument
from remit.domain.effects import Effect
from remit.domain.tools import ArgumentRole, ResultLabel, ToolManifest, Undo
from remit.tools.arguments import check_schema
from remit.tools.openapi.binding import OperationBinding
from remit.tools.openapi.document import Document, object_in
from remit.tools.openapi.operations import KEY_HEADER, operation_names, read_endpoints
from remit.tools.openapi.service import Service
from remit.tools.openapi.ways import way_back
from remit.tools.selection import refuse_idle, wants
from remit.tools.tool import Tool

if TYPE_CHECKING:
    from pathlib import Path

    from remit.tools.openapi.operations import Argument, Endpoint
    from remit.tools.openapi.ways import WayBack

Json = Any


@dataclass(frozen=True)
class OpenApiSource:
    """One document of a workspace."""

    name: str
    document: str
    base_url: str = ""
    """Where the service is; empty: the first server of the document."""
    secret: str = ""
    header: str = "Authorization"
    """The header that carries the secret."""
    prefix: str = "Bearer "
    """What stands before it there."""
    only: tuple[str, ...] = ()
    """Names of operations, `*` allowed; empty: all."""
    skip: tuple[str, ...] = ()
    name_prefix: str = ""
    """Goes before the name of each tool."""
    trusted: bool = False
    """Whether what it answers may steer an agent."""
    data_class: str = ""
    seconds: float = 30.0
    """How long a call may take."""
    owner: str = ""

    def wants(self, name: str) -> bool:
        """Whether an operation becomes a tool."""
        return wants(name, self.only, self.skip)


def open_openapi(source: OpenApiSource, workspace: Path) -> list[Tool]:
    """The tools of a document."""
    document = Document.read(source.name, workspace / source.document)
    endpoints = read_endpoints(document, source.name_prefix, source.wants, source.header)
    names = operation_names(document, source.name_prefix)
    none = f"{source.document} has no operations"
    refuse_idle(f"[openapi.{source.name}]", names, source.only, source.skip, none)
    service = Service(_base_url(source, document), source.header, source.prefix)
    return [
        _tool(each, way_back(each, endpoints), source, service)
        for each in endpoints
        if source.wants(each.name)
    ]


def _tool(endpoint: Endpoint, way: WayBack | None, source: OpenApiSource, service: Service) -> Tool:
    secret = "" if endpoint.open else source.secret
    manifest = _manifest(endpoint, way, secret, source)
    check_schema(manifest.parameters, endpoint.name)
    binding = OperationBinding(source.name, endpoint, way, service, secret)
    return Tool(manifest, binding, f"{source.document} ({endpoint.method.upper()} {endpoint.path})")


def _manifest(endpoint: Endpoint, way: WayBack | None, secret: str, source: OpenApiSource) -> ToolManifest:
    known = [argument for argument in endpoint.arguments if argument.wire.lower() != KEY_HEADER]
    return ToolManifest(
        name=endpoint.name, description=endpoint.description, parameters=_parameters(known),
        effect=Effect.READ if endpoint.reads else Effect.WRITE, result=endpoint.result, roles=_roles(known),
        label=ResultLabel(source.name, source.trusted, data_class=source.data_class),
        keyed=endpoint.keyed and not endpoint.reads, timeout=source.seconds,
        undo=Undo.RESTORE if way is not None else Undo.NONE,
        reconciles=way is not None and endpoint.method != "post", secrets=(secret,) if secret else (),
        source=f"openapi:{source.name}", owner=source.owner, version=f"{endpoint.method} {endpoint.path}",
    )  # fmt: skip


def _roles(arguments: list[Argument]) -> dict[str, ArgumentRole]:
    found: dict[str, ArgumentRole] = {}
    for each in arguments:
        if each.place == "path":
            found[each.name] = ArgumentRole.OBJECT
        elif each.schema.get("format") in _ROLES:
            found[each.name] = _ROLES[each.schema["format"]]
    return found


_ROLES = {
    "uri": ArgumentRole.URL, "url": ArgumentRole.URL, "email": ArgumentRole.DESTINATION,
    "password": ArgumentRole.CREDENTIAL,
}  # fmt: skip


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


def _base_url(source: OpenApiSource, document: Document) -> str:
    url = source.base_url
    if not url:
        servers = document.list_in(document.content.get("servers"), "servers")
        url = str((object_in(servers[0]) or {}).get("url", "")) if servers else ""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    usable = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    if not usable or "{" in url or parts.query or parts.fragment:
        raise InvalidDocument(
            f'[openapi.{source.name}] has no address to call: "{url}".',
            'Give it: base_url = "https://…" in tools.toml, without user, password or placeholders.',
        )
    return url
