"""Anthropic's own API, in two versions that want the key in different headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.models.endpoint import Endpoint
from remit.models.redaction import header_value
from remit.wire.anthropic.requests import NEWEST, OLDEST

if TYPE_CHECKING:
    from remit.models.provider import ModelCall
    from remit.models.transport import Outgoing

BASE_URL = "https://api.anthropic.com"


class Anthropic(Endpoint):
    """One address that speaks Anthropic's messages."""

    async def outgoing(self, call: ModelCall, body: dict[str, Any]) -> Outgoing:
        """The key as that version of the API wants it."""
        return self._sent(call, "v1/messages", body)

    async def aside(self, call: ModelCall, what: str, body: dict[str, Any]) -> Outgoing:
        """A count of tokens; there are no embeddings."""
        if what != "count":
            return await super().aside(call, what, body)
        return self._sent(call, "v1/messages/count_tokens", body)

    def counts(self) -> bool:
        """It does."""
        return True

    def _sent(self, call: ModelCall, path: str, body: dict[str, Any]) -> Outgoing:
        version = self.spec.api_version or OLDEST
        key = header_value(call.credential, self.spec.name)
        opens = {"anthropic-version": version}
        if call.key:
            opens["idempotency-key"] = call.key
        if key and self._by_bearer(call, version):
            opens["authorization"] = f"Bearer {key}"
        elif key:
            opens["x-api-key"] = key
        return self.request(call, f"{self.spec.base_url or BASE_URL}/{path}", body, opens)

    def _by_bearer(self, call: ModelCall, version: str) -> bool:
        if call.credential.kind == "bearer":
            return True
        return (self.spec.auth or ("bearer" if version == NEWEST else "key")) == "bearer"
