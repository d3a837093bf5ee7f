"""A unary method as a binding: one request, one answer, and what a status means for a write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import grpc
from google.protobuf import json_format, message_factory
from google.protobuf.message import EncodeError

from remit.domain.action_errors import BadArguments
from remit.domain.errors import Retry, StepFailed, ToolFailed
from remit.domain.tools import Performed
from remit.tools.answers import plain_answer
from remit.tools.grpc.channel import over
from remit.tools.reading import ReadOnly

if TYPE_CHECKING:
    from remit.tools.binding import ToolContext
    from remit.tools.grpc.channel import Channel

Json = Any
_DEFINITE = frozenset(
    {"INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "UNAUTHENTICATED",
     "FAILED_PRECONDITION", "OUT_OF_RANGE", "UNIMPLEMENTED"}
)  # fmt: skip
_AGAIN = frozenset({"RESOURCE_EXHAUSTED", "ABORTED"})
_LOST = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"})
_NEVER_SENT = ("failed to connect to all addresses", "DNS resolution failed")
"""How the library says that there was no connection, so that nothing can have been sent."""
_SAID = 500


class MethodBinding(ReadOnly):
    """One method. A gRPC service says nothing of how its writes are taken back."""

    def __init__(self, channel: Channel, method: Any, pool: Any, *, acts: bool) -> None:
        self._channel = channel
        self._pool = pool
        self._path = f"/{method.containing_service.full_name}/{method.name}"
        self._asks: Any = cast("Any", message_factory).GetMessageClass(method.input_type)
        self._answers: Any = cast("Any", message_factory).GetMessageClass(method.output_type)
        self._acts = acts

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Call it."""
        request = self._request(arguments)
        seconds = context.seconds or self._channel.seconds
        answer = await self._call(request, await self._channel.metadata(context), seconds)
        plain = json_format.MessageToDict(
            answer, preserving_proto_field_name=True, always_print_fields_with_no_presence=True,
            descriptor_pool=self._pool,
        )  # fmt: skip
        return Performed(plain_answer(plain))

    async def close(self) -> None:
        """The channel is shared, and closed once by whoever comes first."""
        await self._channel.close()

    def _request(self, arguments: dict[str, Json]) -> bytes:
        try:
            message = json_format.ParseDict(arguments, self._asks(), descriptor_pool=self._pool)
            return message.SerializeToString()
        except (json_format.ParseError, EncodeError, ValueError, TypeError, RecursionError) as wrong:
            said = str(wrong)[:_SAID].rstrip(".")
            raise BadArguments(f"{self._path} does not take this: {said}.") from None

    async def _call(self, request: bytes, metadata: list[tuple[str, str]], seconds: float) -> Any:
        method = self._channel.open().unary_unary(
            self._path, request_serializer=None, response_deserializer=self._answers.FromString
        )
        call = method.future(request, metadata=metadata, timeout=seconds)
        await over(call)
        code = call.code()
        if code is grpc.StatusCode.OK:
            return call.result()
        raise self._meaning(code.name, str(call.details() or ""))

    def _meaning(self, code: str, details: str) -> Exception:
        said = f"{self._path} answered {code}: {details[:_SAID]}"
        too_large = code == "RESOURCE_EXHAUSTED" and "larger than max" in details
        if code in _DEFINITE:
            return ToolFailed(said)
        if (code in _AGAIN and not too_large) or (code == "UNAVAILABLE" and details.startswith(_NEVER_SENT)):
            return Retry(said)
        if self._acts:
            return StepFailed(f"{said}; it may have been done.")
        return Retry(said) if code in _LOST else ToolFailed(said)
