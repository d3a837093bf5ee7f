"""What a server offers, as descriptors: asked of the server itself (reflection), or read from a file of protoc."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, cast

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.message import DecodeError
from grpc_reflection.v1alpha import reflection_pb2

from remit.domain.action_errors import InvalidDocument
from remit.tools.unreachable import SourceUnreachable

if TYPE_CHECKING:
    from pathlib import Path

_METHODS = (
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
)
_SECONDS = 15.0
_MOST_FILES = 2_000


class Descriptors:
    """The services of one server, and the pool that knows their messages."""

    def __init__(self, name: str, files: dict[str, Any], services: list[str]) -> None:
        self._name = name
        self._files = files
        self._added: set[str] = set()
        self.pool: Any = cast("Any", descriptor_pool).DescriptorPool()
        for file in files:
            self._add(file, ())
        self.services = [self._service(service) for service in services]

    @classmethod
    def read(cls, name: str, file: Path) -> Descriptors:
        """A file written by `protoc --include_imports --descriptor_set_out`."""
        try:
            found = cast("Any", descriptor_pb2).FileDescriptorSet.FromString(file.read_bytes())
        except (OSError, DecodeError) as wrong:
            raise InvalidDocument(
                f"{file} is no descriptor set: {wrong}.",
                "Write it: protoc --include_imports --descriptor_set_out=FILE your.proto",
            ) from None
        files = {each.name: each for each in found.file}
        services = [
            f"{each.package}.{service.name}".lstrip(".") for each in found.file for service in each.service
        ]
        return cls(name, files, services)

    @classmethod
    def ask(cls, name: str, channel: Any, metadata: list[tuple[str, str]]) -> Descriptors:
        """Ask the server; it blocks, so call it on a thread."""
        for method in _METHODS:
            try:
                return _Reflection(name, channel, method, metadata).descriptors()
            except grpc.RpcError as wrong:
                said = cast("Any", wrong)
                if said.code() is not grpc.StatusCode.UNIMPLEMENTED:
                    raise _unreachable(name, f"{said.code().name}: {said.details()}") from None
        raise InvalidDocument(
            f"[grpc.{name}] does not say what it offers: it has no server reflection.",
            'Name a descriptor set: descriptors = "shop.pb".',
        )

    def _add(self, file: str, within: tuple[str, ...]) -> None:
        if file in self._added:
            return
        if file in within:
            raise InvalidDocument(f"[grpc.{self._name}]: {file} imports itself.")
        proto = self._files.get(file) or _well_known(file)
        if proto is None:
            raise InvalidDocument(
                f"[grpc.{self._name}]: {file} is imported, and not there.", "Use protoc --include_imports."
            )
        for each in proto.dependency:
            self._add(each, (*within, file))
        try:
            self.pool.Add(proto)
        except (TypeError, ValueError) as wrong:
            raise InvalidDocument(f"[grpc.{self._name}]: {file} cannot be used: {wrong}.") from None
        self._added.add(file)

    def _service(self, service: str) -> Any:
        try:
            return self.pool.FindServiceByName(service)
        except KeyError:
            raise InvalidDocument(f"[grpc.{self._name}] offers {service} and does not describe it.") from None


class _Reflection:
    """Questions about what a server offers."""

    def __init__(self, name: str, channel: Any, method: str, metadata: list[tuple[str, str]]) -> None:
        self._name = name
        self._metadata = metadata
        self._words: Any = reflection_pb2
        self._ask = channel.stream_stream(
            method,
            request_serializer=self._words.ServerReflectionRequest.SerializeToString,
            response_deserializer=self._words.ServerReflectionResponse.FromString,
        )

    def descriptors(self) -> Descriptors:
        listed = self._say(list_services="")
        services = [each.name for each in listed.list_services_response.service]
        services = [each for each in services if not each.startswith("grpc.reflection.")]
        files: dict[str, Any] = {}
        for service in services:
            self._take(self._say(file_containing_symbol=service), files)
        while lacking := [d for file in files.values() for d in file.dependency if d not in files]:
            if len(files) > _MOST_FILES:
                raise InvalidDocument(
                    f"[grpc.{self._name}] describes itself in more than {_MOST_FILES:,} files."
                )
            known = _well_known(lacking[0])
            if known is None:
                self._take(self._say(file_by_filename=lacking[0]), files)
                known = files.get(lacking[0])
            if known is None:
                raise InvalidDocument(
                    f"[grpc.{self._name}] does not describe {lacking[0]}, which it imports."
                )
            files[lacking[0]] = known
        return Descriptors(self._name, files, services)

    def _say(self, **asked: str) -> Any:
        request = self._words.ServerReflectionRequest(**asked)
        answers = list(self._ask(iter([request]), metadata=self._metadata, timeout=_SECONDS))
        return answers[0] if answers else self._words.ServerReflectionResponse()

    def _take(self, answer: Any, files: dict[str, Any]) -> None:
        for raw in answer.file_descriptor_response.file_descriptor_proto:
            proto = cast("Any", descriptor_pb2).FileDescriptorProto.FromString(raw)
            files[proto.name] = proto


def _well_known(file: str) -> Any:
    """The descriptions that come with protobuf itself."""
    if not file.startswith("google/protobuf/"):
        return None
    try:
        module = importlib.import_module(file.removesuffix(".proto").replace("/", ".") + "_pb2")
    except ImportError:
        return None
    proto = cast("Any", descriptor_pb2).FileDescriptorProto()
    module.DESCRIPTOR.CopyToProto(proto)
    return proto


def _unreachable(name: str, why: str) -> SourceUnreachable:
    return SourceUnreachable(f"[grpc.{name}] cannot be reached: {why}.", "Start it, or correct its target.")
