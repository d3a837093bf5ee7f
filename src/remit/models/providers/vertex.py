"""Google's Vertex AI: Gemini and Anthropic behind one kind of address, opened by a token that a service account buys
or that was minted elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from remit.domain.action_errors import SecretUnavailable
from remit.models.endpoint import Endpoint
from remit.models.providers.gemini import content_method, without_model
from remit.models.redaction import header_value
from remit.models.signing.service_account import AccessTokens, ServiceAccount

if TYPE_CHECKING:
    from remit.domain.clock import Clock
    from remit.models.provider import Credential, ModelCall
    from remit.models.specs import ProviderSpec
    from remit.models.transport import Outgoing, Transport
    from remit.wire.dialect import Dialect

ANTHROPIC_VERSION = "vertex-2023-10-16"
_MULTI_REGIONS = ("us", "eu")


class Vertex(Endpoint):
    """One project in one location."""

    def __init__(self, spec: ProviderSpec, dialect: Dialect, transport: Transport, clock: Clock) -> None:
        super().__init__(spec, dialect)
        self._tokens = AccessTokens(transport, clock, spec.name)

    async def outgoing(self, call: ModelCall, body: dict[str, Any]) -> Outgoing:
        """The method of the publisher's model, opened by bearer."""
        token = await self._token(call)
        base = self.spec.base_url or f"https://{_host(self.spec.region)}/v1"
        place = f"projects/{quote(self.spec.project, safe='')}/locations/{quote(self.spec.region, safe='')}"
        if self.dialect.name == "anthropic":
            publisher, method = "anthropic", "streamRawPredict" if call.request.stream else "rawPredict"
            body = {**body, "anthropic_version": ANTHROPIC_VERSION}
            body.pop("model", None)
        else:
            publisher, method, body = (
                "google",
                content_method(stream=call.request.stream),
                without_model(body),
            )
        model = quote(call.request.model, safe="@")
        url = f"{base}/{place}/publishers/{publisher}/models/{model}:{method}"
        return self.request(call, url, body, {"authorization": f"Bearer {token}"} if token else {})

    async def _token(self, call: ModelCall) -> str:
        credential = call.credential
        if credential.kind != "google" and not credential.value.lstrip().startswith("{"):
            return header_value(credential, self.spec.name)
        return await self._tokens.token(service_account(credential, self.spec.name), call.deadlines)


class _KeyFile(msgspec.Struct):
    client_email: str
    private_key: str
    private_key_id: str = ""
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address, not a password


def service_account(credential: Credential, provider: str) -> ServiceAccount:
    """The account in a credential: the JSON text of its key file, or the same fields one by one."""
    found: _KeyFile | None
    try:
        found = (
            msgspec.convert(credential.fields, _KeyFile)
            if credential.fields
            else msgspec.json.decode(credential.value, type=_KeyFile)
        )
    except (msgspec.MsgspecError, RecursionError):
        found = None
    if found is None or not found.token_uri.startswith(
        ("https://", "http://127.0.0.1:", "http://localhost:")
    ):
        raise SecretUnavailable(
            f"the secret of provider {provider} is no key of a Google service account.",
            "Store the whole JSON key file of the account as the secret.",
        )
    return ServiceAccount(found.client_email, found.private_key, found.private_key_id, found.token_uri)


def _host(location: str) -> str:
    if location == "global":
        return "aiplatform.googleapis.com"
    if location in _MULTI_REGIONS:
        return f"aiplatform.{location}.rep.googleapis.com"
    return f"{location}-aiplatform.googleapis.com"
