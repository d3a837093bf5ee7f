"""A gRPC server on loopback, made from a .proto file, that answers as it is told."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

grpc: Any = importlib.import_module("grpc")
protoc: Any = importlib.import_module("grpc_tools.protoc")
reflection: Any = importlib.import_module("grpc_reflection.v1alpha.reflection")

SERVICE = "shop.v1.Orders"
_PROTO = Path(__file__).with_name("shop.proto")


def descriptor_set(folder: Path) -> Path:
    """The file that protoc writes about the service."""
    file = folder / "shop.pb"
    include = Path(importlib.import_module("grpc_tools").__file__ or "").parent / "_proto"
    words = [
        "protoc",
        f"-I{_PROTO.parent}",
        f"-I{include}",
        "--include_imports",
        f"--descriptor_set_out={file}",
    ]
    assert protoc.main([*words, str(_PROTO)]) == 0
    return file


@dataclass
class Shop:
    """What the server knows, and what it was asked."""

    target: str = ""
    asked: list[tuple[str, Any, dict[str, str]]] = field(
        default_factory=list[tuple[str, Any, dict[str, str]]]
    )
    fails: list[tuple[Any, str]] = field(default_factory=list[tuple[Any, str]])
    """The status of the next calls."""


@asynccontextmanager
async def shop(folder: Path, *, reflects: bool = True) -> AsyncGenerator[Shop]:
    """The server, up until the block ends."""
    world = Shop()
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set(folder).read_bytes())
    pool: Any = descriptor_pool.DescriptorPool()
    for each in files.file:
        pool.Add(each)
    service = pool.FindServiceByName(SERVICE)
    server = grpc.server(ThreadPoolExecutor(4))
    handlers = {method.name: _handler(world, method) for method in service.methods}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    if reflects:
        reflection.enable_server_reflection([SERVICE, reflection.SERVICE_NAME], server, pool)
    world.target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield world
    finally:
        await asyncio.to_thread(server.stop(None).wait)


def _handler(world: Shop, method: Any) -> Any:
    asks: Any = message_factory.GetMessageClass(method.input_type)
    answers: Any = message_factory.GetMessageClass(method.output_type)

    def act(request: Any, context: Any) -> Any:
        world.asked.append((method.name, request, dict(context.invocation_metadata())))
        if world.fails:
            context.abort(*world.fails.pop(0))
        same = answers.DESCRIPTOR.full_name == request.DESCRIPTOR.full_name
        return request if same else answers(id=request.id)

    words = {"request_deserializer": asks.FromString, "response_serializer": answers.SerializeToString}
    if method.client_streaming:
        return grpc.stream_unary_rpc_method_handler(act, **words)
    if method.server_streaming:
        return grpc.unary_stream_rpc_method_handler(act, **words)
    return grpc.unary_unary_rpc_method_handler(act, **words)
