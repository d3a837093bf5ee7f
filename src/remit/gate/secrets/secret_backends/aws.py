"""Secrets in AWS Secrets Manager. Needs the extra `aws`; who we are is what the environment says, as for all of AWS."""

from __future__ import annotations

import asyncio
import base64
from typing import Any, cast

from remit.domain.action_errors import SecretUnavailable
from remit.gate.secrets.secret_backend import field_of, missing_extra, split_field

_SECONDS = 10


class AwsBackend:
    """Implements `SecretBackend` over one region. A name is `id`, or `id#field` of a secret that is a JSON object."""

    def __init__(self, options: dict[str, str]) -> None:
        self._options = options
        self._client: Any = None

    async def read(self, name: str) -> str:
        """The current version of a secret."""
        identity, inner = split_field(name)
        try:
            answer = await asyncio.to_thread(self._get, identity)
        except SecretUnavailable:
            raise
        except Exception as wrong:  # noqa: BLE001 - whatever that library raises, the secret cannot be had
            raise self._failed(identity, wrong) from None
        text: str | None = answer.get("SecretString")
        if text is None:
            text = base64.b64encode(answer["SecretBinary"]).decode()
        return field_of(text, inner, f'the AWS secret "{identity}"')

    async def close(self) -> None:
        """Let go of connections."""
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(client.close)

    def _get(self, identity: str) -> dict[str, Any]:
        if self._client is None:
            self._client = self._connect()
        return self._client.get_secret_value(SecretId=identity)

    def _connect(self) -> Any:
        try:
            from botocore.config import Config
            from botocore.session import Session
        except ImportError:
            raise missing_extra("aws", "the secret back end AWS Secrets Manager") from None
        options = self._options
        session: Any = Session(profile=options.get("profile") or None)
        return session.create_client(
            "secretsmanager", region_name=options.get("region") or None, endpoint_url=options.get("endpoint") or None,
            config=Config(connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"total_max_attempts": 2}),
        )  # fmt: skip

    @staticmethod
    def _failed(identity: str, wrong: Exception) -> SecretUnavailable:
        response: Any = getattr(wrong, "response", None)
        code: str = (
            cast("Any", response)["Error"]["Code"] if isinstance(response, dict) else type(wrong).__name__
        )
        return SecretUnavailable(
            f'AWS Secrets Manager does not give "{identity}": {code}.',
            "Look at the name, the region and the rights of this process (secretsmanager:GetSecretValue).",
        )
