"""OpenAI, and everything that speaks like it: vLLM, SGLang, Ollama, llama.cpp, routers, proxies. It knows the two
paths, and the headers of a key.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from remit.models.endpoint import Endpoint
from remit.models.redaction import header_value

if TYPE_CHECKING:
    from remit.models.provider import ModelCall
    from remit.models.transport import Outgoing

BASE_URL = "https://api.openai.com/v1"
_LIMIT = "max_completion_tokens"
PATHS = {"openai_chat": "chat/completions", "openai_responses": "responses"}


class OpenAI(Endpoint):
    """One address that speaks OpenAI."""

    async def outgoing(self, call: ModelCall, body: dict[str, Any]) -> Outgoing:
        """Bearer for every key; no key, no header."""
        return self._sent(call, PATHS[self.dialect.name], self._limited(body))

    async def aside(self, call: ModelCall, what: str, body: dict[str, Any]) -> Outgoing:
        """Embeddings, opened the same way."""
        return (
            self._sent(call, "embeddings", body)
            if what == "embeddings"
            else await super().aside(call, what, body)
        )

    def _sent(self, call: ModelCall, path: str, body: dict[str, Any]) -> Outgoing:
        key = header_value(call.credential, self.spec.name)
        opens = {
            "authorization": f"Bearer {key}" if key else "",
            "openai-organization": self.spec.organization,
            "openai-project": self.spec.project,
            "idempotency-key": call.key,
        }
        url = f"{self._address}/{path}"
        return self.request(call, url, body, {name: value for name, value in opens.items() if value})

    def _limited(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body with the limit of the answer in the field that this server obeys."""
        field = self._limit_field
        if field == _LIMIT or _LIMIT not in body:
            return body
        return {field if name == _LIMIT else name: value for name, value in body.items()}

    @cached_property
    def _address(self) -> str:
        return self.spec.base_url or BASE_URL

    @cached_property
    def _limit_field(self) -> str:
        at_openai = urlsplit(self._address).hostname == urlsplit(BASE_URL).hostname
        return self.spec.limit_field or (_LIMIT if at_openai else "max_tokens")
