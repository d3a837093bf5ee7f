"""Secrets in Azure Key Vault. Needs the extra `azure`; who we are is what the environment says, as for all of Azure."""

from __future__ import annotations

import asyncio
from typing import Any

from remit.domain.action_errors import SecretUnavailable
from remit.gate.secrets.secret_backend import field_of, missing_extra, split_field

_SECONDS = 10


class AzureBackend:
    """Implements `SecretBackend` over one vault. A name is `name`, or `name#field` of a JSON object."""

    def __init__(self, options: dict[str, str], credential: Any = None, **transport: Any) -> None:
        self._options = options
        self._credential = credential
        self._transport = transport
        self._client: Any = None

    async def read(self, name: str) -> str:
        """The current version of a secret."""
        identity, inner = split_field(name)
        try:
            text = await asyncio.to_thread(self._get, identity)
        except SecretUnavailable:
            raise
        except Exception as wrong:  # noqa: BLE001 - whatever that library raises, the secret cannot be had
            raise self._failed(identity, wrong) from None
        return field_of(text, inner, f'the Key Vault secret "{identity}"')

    async def close(self) -> None:
        """Let go of connections."""
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(client.close)

    def _get(self, identity: str) -> str:
        if self._client is None:
            self._client = self._connect()
        value: str | None = self._client.get_secret(identity).value
        if not value:
            raise SecretUnavailable(f'the Key Vault secret "{identity}" is empty.')
        return value

    def _connect(self) -> Any:
        try:
            from azure.identity import DefaultAzureCredential
            from azure.keyvault.secrets import SecretClient
        except ImportError:
            raise missing_extra("azure", "the secret back end Azure Key Vault") from None
        credential = self._credential or DefaultAzureCredential()
        return SecretClient(
            self._options["url"],
            credential,
            connection_timeout=_SECONDS,
            read_timeout=_SECONDS,
            **self._transport,
        )

    def _failed(self, identity: str, wrong: Exception) -> SecretUnavailable:
        status = getattr(wrong, "status_code", None)
        reason = {
            401: "who we are is not accepted",
            403: "we may not read it",
            404: "there is no such secret",
        }.get(status or 0, type(wrong).__name__)
        return SecretUnavailable(
            f'Azure Key Vault {self._options["url"]} does not give "{identity}": {reason}.',
            "Look at the name, the vault and the rights of this process (Key Vault Secrets User).",
        )
