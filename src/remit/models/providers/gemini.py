"""Google's Gemini API: the model stands in the path, the key in a header (never in the address)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from remit.models.endpoint import Endpoint
from remit.models.redaction import header_value

if TYPE_CHECKING:
    from remit.models.provider import ModelCall
    from remit.models.transport import Outgoing

BASE_URL = "https://generativelanguage.googleapis.com/v1beta"


class Gemini(Endpoint):
    """One address that speaks Gemini."""

    async def outgoing(self, call: ModelCall, body: dict[str, Any]) -> Outgoing:
        """The method of the model, opened by key or by bearer."""
        return self._sent(call, content_method(stream=call.request.stream), without_model(body))

    async def aside(self, call: ModelCall, what: str, body: dict[str, Any]) -> Outgoing:
        """Embeddings, several at once."""
        if what != "embeddings":
            return await super().aside(call, what, body)
        return self._sent(call, "batchEmbedContents", body)

    def _sent(self, call: ModelCall, method: str, body: dict[str, Any]) -> Outgoing:
        key = header_value(call.credential, self.spec.name)
        bearer = "bearer" in {call.credential.kind, self.spec.auth}
        opens = {"authorization": f"Bearer {key}"} if bearer else {"x-goog-api-key": key}
        url = f"{self.spec.base_url or BASE_URL}/{_resource(call.request.model)}:{method}"
        return self.request(call, url, body, opens if key else {})


def content_method(*, stream: bool) -> str:
    """The method that answers, whole or as server-sent events."""
    return "streamGenerateContent?alt=sse" if stream else "generateContent"


def without_model(body: dict[str, Any]) -> dict[str, Any]:
    """The body where the address names the model, and says whether it streams."""
    return {name: value for name, value in body.items() if name not in {"model", "stream"}}


def _resource(model: str) -> str:
    """`models/NAME`, unless it is a tuned model or the like, which says so itself."""
    return quote(model if "/" in model else f"models/{model}", safe="/")
