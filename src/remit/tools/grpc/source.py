"""`[grpc.NAME]` of tools.toml: a server, and what describes it, as tools: one for each unary method."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import InvalidDocument, InvalidTool
from remit.domain.effects import Effect
from remit.domain.tools import ResultLabel, ToolManifest
from remit.tools.arguments import check_schema
from remit.tools.selection import refuse_idle, wants
from remit.tools.tool import Tool

if TYPE_CHECKING:
    from pathlib import Path

    from remit.tools.grpc.channel import Channel
    from remit.tools.grpc.descriptors import Descriptors

Json = Any
_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_NO_SIDE_EFFECTS, _IDEMPOTENT = 1, 2


@dataclass(frozen=True, slots=True)
class GrpcSource:
    """One server of a workspace."""

    name: str
    target: str
    """host:port"""
    descriptors: str = ""
    """A descriptor set of protoc; empty: the server is asked (reflection)."""
    tls: bool = True
    secret: str = ""
    header: str = "authorization"
    prefix: str = "Bearer "
    only: tuple[str, ...] = ()
    """Names of tools (Service_Method), `*` allowed; empty: all."""
    skip: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    """Methods that change nothing although their options do not say so."""
    name_prefix: str = ""
    trusted: bool = False
    data_class: str = ""
    seconds: float = 30.0
    owner: str = ""


async def open_grpc(source: GrpcSource, workspace: Path, token: str = "") -> list[Tool]:
    """The tools of a server. Methods that stream are left out: a tool answers once."""
    try:
        from remit.tools.grpc.channel import Channel
        from remit.tools.grpc.descriptors import Descriptors
    except ImportError:
        raise InvalidTool(
            f"[grpc.{source.name}] needs the driver for gRPC, which is not installed.",
            'Install it with: pip install "remit[grpc]"',
        ) from None
    channel = Channel(
        source.target, tls=source.tls, secret=source.secret, header=source.header, prefix=source.prefix,
        seconds=source.seconds,
    )  # fmt: skip
    try:
        found = (
            Descriptors.read(source.name, workspace / source.descriptors)
            if source.descriptors
            else await asyncio.to_thread(
                Descriptors.ask, source.name, channel.open(), channel.with_token(token)
            )
        )
        return _tools(source, found, channel)
    except BaseException:
        await channel.close()
        raise


def _tools(source: GrpcSource, found: Descriptors, channel: Channel) -> list[Tool]:
    tools: dict[str, Tool] = {}
    names: list[str] = []
    for service in found.services:
        for method in service.methods:
            name = _NAME.sub("_", f"{source.name_prefix}{service.name}_{method.name}")[:64]
            streams = method.client_streaming or method.server_streaming
            if streams:
                continue
            names.append(name)
            if not wants(name, source.only, source.skip):
                continue
            if name in tools:
                raise InvalidDocument(
                    f"[grpc.{source.name}] has two methods that would be called {name}.",
                    "Leave one out: skip.",
                )
            tools[name] = _tool(source, name, method, found, channel)
    none = "it offers no unary method, and those that stream are left out"
    refuse_idle(f"[grpc.{source.name}]", names, source.only, source.skip, none)
    return list(tools.values())


def _tool(source: GrpcSource, name: str, method: Any, found: Descriptors, channel: Channel) -> Tool:
    from remit.tools.grpc.binding import MethodBinding
    from remit.tools.grpc.schemas import schema_of

    level = method.GetOptions().idempotency_level
    reads = level == _NO_SIDE_EFFECTS or any(fnmatchcase(name, pattern) for pattern in source.reads)
    path = f"{method.containing_service.full_name}.{method.name}"
    manifest = ToolManifest(
        name=name, description=f"The method {path} of {source.name}.", parameters=schema_of(method.input_type),
        effect=Effect.READ if reads else Effect.WRITE, result=schema_of(method.output_type),
        label=ResultLabel(source.name, source.trusted, data_class=source.data_class), timeout=source.seconds,
        # an idempotent method may be repeated without harm, which is all that a key is for
        keyed=level == _IDEMPOTENT and not reads,
        best_effort="" if reads else "a gRPC service does not say how its writes are taken back",
        secrets=(source.secret,) if source.secret else (), source=f"grpc:{source.name}", owner=source.owner,
        version=path,
    )  # fmt: skip
    check_schema(manifest.parameters, name)
    return Tool(
        manifest, MethodBinding(channel, method, found.pool, acts=not reads), f"{source.target} ({path})"
    )
