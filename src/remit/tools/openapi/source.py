"""`[openapi.NAME]` of tools.toml: a document, an address, and the secret that opens it, as tools."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from remit.domain.action_errors import InvalidDocument
from remit.tools.arguments import check_schema
from remit.tools.openapi.binding import OperationBinding
from remit.tools.openapi.document import Document
from remit.tools.openapi.operations import manifest_of, read_api
from remit.tools.openapi.service import Service
from remit.tools.tool import Tool

if TYPE_CHECKING:
    from pathlib import Path

    from remit.tools.openapi.operations import Api


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
    owner: str = ""


def open_openapi(source: OpenApiSource, workspace: Path) -> list[Tool]:
    """The tools of a document."""
    document = Document.read(source.name, workspace / source.document)
    api = read_api(document, source.name_prefix)
    service = Service(_base_url(source, document), source.header, source.prefix)
    return [_tool(api, name, source, service) for name in api.endpoints if _wanted(name, source)]


def _tool(api: Api, name: str, source: OpenApiSource, service: Service) -> Tool:
    endpoint = api.endpoints[name]
    secret = source.secret if endpoint.security else ""
    manifest = manifest_of(api, endpoint, secret, source.owner)
    check_schema(manifest.parameters, name)
    binding = OperationBinding(endpoint, api.ways_back.get(name), service, secret)
    return Tool(manifest, binding, f"{source.document} ({endpoint.method.upper()} {endpoint.path})")


def _wanted(name: str, source: OpenApiSource) -> bool:
    if source.only and not any(fnmatch(name, pattern) for pattern in source.only):
        return False
    return not any(fnmatch(name, pattern) for pattern in source.skip)


def _base_url(source: OpenApiSource, document: Document) -> str:
    servers = document.content.get("servers") or []
    url = source.base_url or (servers[0].get("url", "") if servers and isinstance(servers[0], dict) else "")
    parts = urlsplit(str(url))
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
        raise InvalidDocument(
            f'[openapi.{source.name}] has no address to call: "{url}".',
            'Give it: base_url = "https://…" in tools.toml, without user or password.',
        )
    return str(url)
