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
        model = call.request.model
        deployment = self.spec.deployments.get(model, model)
        key = header_value(call.credential, self.spec.name)
        opens = {"authorization": f"Bearer {key}"} if self._by_bearer(call) else {"api-key": key}
        return self.request(call, self._url(deployment), {**body, "model": deployment}, opens if key else {})

    def _by_bearer(self, call: ModelCall) -> bool:
        return "bearer" in {call.credential.kind, self.spec.auth}

    def _url(self, deployment: str) -> str:
        version, path = self.spec.api_version, PATHS[self.dialect.name]
        if version in {"", "v1"}:
            return f"{self.spec.base_url}/openai/v1/{path}"
        if self.dialect.name == "openai_chat":
            path = f"deployments/{quote(deployment, safe='')}/{path}"
        return f"{self.spec.base_url}/openai/{path}?api-version={quote(version, safe='')}"
