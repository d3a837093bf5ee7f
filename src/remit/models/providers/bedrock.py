"""Anthropic's models on AWS Bedrock: the same bodies without model and version header, signed with Signature
Version 4 or opened by a Bedrock key, and streams in the framing of AWS.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from remit.domain.action_errors import MalformedAnswer, SecretUnavailable
from remit.models.endpoint import Endpoint
from remit.models.redaction import header_value
from remit.models.signing.sigv4 import AwsKey, Scope, signed_headers
from remit.models.transport import Outgoing
from remit.wire import sse
from remit.wire.dialect import WireError
from remit.wire.eventstream import EventMessage, EventReader
from remit.wire.messages import Failed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.domain.clock import Clock
    from remit.models.provider import Credential, ModelCall
    from remit.models.specs import ProviderSpec
    from remit.wire.dialect import Dialect, StreamDecoder
    from remit.wire.messages import StreamEvent

ANTHROPIC_VERSION = "bedrock-2023-05-31"
_KINDS = {
    "throttlingexception": ("rate_limit", 429),
    "modelnotreadyexception": ("overloaded", 429),
    "servicequotaexceededexception": ("quota", 400),
    "modeltimeoutexception": ("timeout", 408),
    "modelerrorexception": ("server", 424),
    "modelstreamerrorexception": ("server", 424),
    "internalserverexception": ("server", 500),
    "serviceunavailableexception": ("overloaded", 503),
    "accessdeniedexception": ("permission", 403),
    "unrecognizedclientexception": ("authentication", 403),
    "invalidsignatureexception": ("authentication", 403),
    "expiredtokenexception": ("authentication", 403),
    "resourcenotfoundexception": ("not_found", 404),
}


class Bedrock(Endpoint):
    """One region of AWS."""

    frames_events = False

    def __init__(self, spec: ProviderSpec, dialect: Dialect, clock: Clock) -> None:
        super().__init__(spec, dialect)
        self._clock = clock

    async def outgoing(self, call: ModelCall, body: dict[str, Any]) -> Outgoing:
        """The invocation of the model, signed."""
        body = {"anthropic_version": ANTHROPIC_VERSION, **body}
        beta = {**self.spec.headers, **call.headers}.get("anthropic-beta", "")
        if beta:
            body["anthropic_beta"] = [name.strip() for name in beta.split(",")]
        for name in ("model", "stream"):
            body.pop(name, None)
        base = self.spec.base_url or f"https://bedrock-runtime.{self.spec.region}.amazonaws.com"
        method = "invoke-with-response-stream" if call.request.stream else "invoke"
        request = self.request(call, f"{base}/model/{quote(call.request.model, safe='')}/{method}", body, {})
        return Outgoing(request.url, {**request.headers, **self._opens(call, request)}, request.body)

    def decoder(self) -> StreamDecoder:
        """Frames of AWS around the events of Anthropic."""
        return _Unframed(self.dialect.stream_decoder())

    def refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> WireError:
        """The name of the exception says more than the status."""
        found = self.dialect.decode_error(status, headers, body)
        name = headers.get("x-amzn-errortype", "").partition(":")[0]
        message = _message_in(body) or found.message
        kind, _ = _kind_of(name, found.kind, message)
        return msgspec.structs.replace(found, kind=kind, message=message, code=name or found.code)

    def _opens(self, call: ModelCall, request: Outgoing) -> dict[str, str]:
        key = aws_key(call.credential, self.spec.name)
        if key is None:
            bearer = header_value(call.credential, self.spec.name)
            return {"authorization": f"Bearer {bearer}"} if bearer else {}
        scope, signed = Scope(self.spec.region, "bedrock"), [("content-type", "application/json")]
        return signed_headers(
            "POST", request.url, signed, request.body, key=key, scope=scope, at=self._clock.now()
        )


class _Unframed:
    """Reads the frames of AWS, and gives what is in them to the reader of the dialect."""

    def __init__(self, inner: StreamDecoder) -> None:
        self._inner = inner
        self._reader = EventReader()

    def words(self, frame: bytes) -> None:
        """A frame of AWS is no frame of a dialect."""
        del frame

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The events that are complete now."""
        found: list[StreamEvent] = []
        for message in self._reader.feed(data):
            found += self._read(message)
        return found

    def close(self) -> list[StreamEvent]:
        """The bytes have ended."""
        return self._inner.close()

    def _read(self, message: EventMessage) -> list[StreamEvent]:
        kind = message.headers.get(":message-type", "event")
        if kind != "event":
            name = message.headers.get(":exception-type") or message.headers.get(":error-code", "")
            said = _message_in(message.payload) or message.headers.get(":error-message", "")
            kind, status = _kind_of(name, "server", said)
            return [Failed(said or name, kind, status)]
        if message.headers.get(":event-type") != "chunk":
            return []
        event = _event_in(message.payload)
        return self._inner.feed(sse.frame(event, _Named.of(event)))


class _Chunk(msgspec.Struct):
    bytes: str = ""


class _Named(msgspec.Struct):
    type: str = ""

    @staticmethod
    def of(event: bytes) -> str:
        """The name of an event of Anthropic, which its stream wants outside of the data."""
        try:
            return msgspec.json.decode(event, type=_Named).type
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            raise MalformedAnswer("a chunk of the event stream is no JSON object.") from None


class _Message(msgspec.Struct):
    message: str = ""


def _event_in(payload: bytes) -> bytes:
    try:
        packed = msgspec.json.decode(payload, type=_Chunk).bytes
        # some that stand in for AWS unpack the event on the way
        return base64.b64decode(packed, validate=True) if packed else payload
    except (msgspec.MsgspecError, UnicodeDecodeError, binascii.Error):
        raise MalformedAnswer("a chunk of the event stream holds no event.") from None


def _message_in(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Message).message
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return ""


def _kind_of(exception: str, otherwise: str, message: str) -> tuple[str, int]:
    """The kind and status of an exception, by the last part of its name."""
    name = exception.rpartition("#")[2].lower()
    if name == "validationexception":
        return ("context_length" if "too long" in message.lower() else "invalid_request"), 400
    return _KINDS.get(name, (otherwise, 0))


_ID_AND_SECRET = re.compile(r"[A-Z0-9]{16,128}:")


class _AwsFields(msgspec.Struct):
    access_key_id: str
    secret_access_key: str
    session_token: str = ""


def aws_key(credential: Credential, provider: str) -> AwsKey | None:
    """The AWS key in a credential: three fields, the same as JSON, or `ID:SECRET[:TOKEN]`; None for a Bedrock key."""
    value = credential.value.strip()
    is_aws = credential.kind == "aws" or value.startswith("{") or _ID_AND_SECRET.match(value)
    if not is_aws and not credential.fields:
        return None
    try:
        if credential.fields:
            found = msgspec.convert(credential.fields, _AwsFields)
        elif value.startswith("{"):
            found = msgspec.json.decode(value, type=_AwsFields)
        else:
            found = _AwsFields(*value.split(":", 2))
    except (msgspec.MsgspecError, RecursionError, TypeError):
        found = None
    if found is None or not found.access_key_id or not found.secret_access_key:
        raise SecretUnavailable(
            f"the secret of provider {provider} is no AWS key.",
            "Give access_key_id, secret_access_key and, for a session, session_token.",
        )
    return AwsKey(found.access_key_id, found.secret_access_key, found.session_token)
