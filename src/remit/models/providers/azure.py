"""Azure OpenAI: deployments instead of models, an `api-key` or a token of Entra, and two generations of addresses:
the v1 API, and dated versions that name the deployment in the path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from remit.models.endpoint import Endpoint
from remit.models.providers.openai import PATHS
from remit.models.redaction import header_value

if TYPE_CHECKING:
    from remit.models.provider import ModelCall
    from remit.models.transport import Outgoing


class Azure(Endpoint):
    """One resource of Azure."""

    async def outgoing(self, call: ModelCall, body: dict[str, Any]) -> Outgoing:
        """The deployment's address, opened by key or by bearer."""
        return self._sent(
            call, body, PATHS[self.dialect.name], in_deployment=self.dialect.name == "openai_chat"
        )

    async def aside(self, call: ModelCall, what: str, body: dict[str, Any]) -> Outgoing:
        """Embeddings, which have a deployment of their own."""
        if what != "embeddings":
            return await super().aside(call, what, body)
        return self._sent(call, body, "embeddings", in_deployment=True)

    def _sent(self, call: ModelCall, body: dict[str, Any], path: str, *, in_deployment: bool) -> Outgoing:
        model = call.request.model
        deployment = self.spec.deployments.get(model, model)
        key = header_value(call.credential, self.spec.name)
        opens = {"authorization": f"Bearer {key}"} if self._by_bearer(call) else {"api-key": key}
        url = self._url(deployment, path, in_deployment=in_deployment)
        return self.request(call, url, {**body, "model": deployment}, opens if key else {})

    def _by_bearer(self, call: ModelCall) -> bool:
        return "bearer" in {call.credential.kind, self.spec.auth}

    def _url(self, deployment: str, path: str, *, in_deployment: bool) -> str:
        version = self.spec.api_version
        if version in {"", "v1"}:
            return f"{self.spec.base_url}/openai/v1/{path}"
        if in_deployment:
            path = f"deployments/{quote(deployment, safe='')}/{path}"
        return f"{self.spec.base_url}/openai/{path}?api-version={quote(version, safe='')}"
