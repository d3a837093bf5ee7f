"""A key of AWS KMS as sealer: it never leaves KMS. Needs the extra `aws`; who we are is what the environment says."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from remit.domain.errors import WrongKey
from remit.domain.protection_errors import KeyServiceUnavailable

_SECONDS = 10
_CONTEXT = {"remit": "root-key"}
"""Bound into what is sealed, and shown in CloudTrail beside every use."""
_NOT_ITS_OWN = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


class KmsSealer:
    """Implements `Sealer` over one key."""

    def __init__(self, key: str, *, region: str = "", endpoint: str = "") -> None:
        self._key = key
        self._region = region
        self._endpoint = endpoint

    @property
    def place(self) -> str:
        """Which key."""
        return f'the AWS KMS key "{self._key}"'

    async def seal(self, secret: bytes) -> bytes:
        """Encrypt under the key."""
        answer = await self._ask("encrypt", Plaintext=secret)
        return bytes(answer["CiphertextBlob"])

    async def unseal(self, sealed: bytes) -> bytes:
        """Decrypt, under this key alone."""
        answer = await self._ask("decrypt", CiphertextBlob=sealed)
        return bytes(answer["Plaintext"])

    async def _ask(self, operation: str, **what: bytes) -> dict[str, Any]:
        try:
            return await asyncio.to_thread(self._call, operation, what)
        except KeyServiceUnavailable:
            raise
        except Exception as wrong:  # noqa: BLE001 - whatever that library raises, the key cannot be had
            raise self._failed(wrong) from None

    def _call(self, operation: str, what: dict[str, bytes]) -> dict[str, Any]:
        client = self._connect()
        try:
            return getattr(client, operation)(KeyId=self._key, EncryptionContext=_CONTEXT, **what)
        finally:
            client.close()

    def _connect(self) -> Any:
        try:
            from botocore.config import Config
            from botocore.session import Session
        except ImportError:
            raise KeyServiceUnavailable(
                "root keys sealed by AWS KMS need a library that is not installed.",
                'Install it: pip install "remit[aws]".',
            ) from None
        return cast("Any", Session()).create_client(
            "kms", region_name=self._region or None, endpoint_url=self._endpoint or None,
            config=Config(connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"total_max_attempts": 2}),
        )  # fmt: skip

    def _failed(self, wrong: Exception) -> KeyServiceUnavailable | WrongKey:
        response: Any = getattr(wrong, "response", None)
        code = type(wrong).__name__
        if isinstance(response, dict):
            code = str(cast("dict[str, Any]", response)["Error"]["Code"])
        if code in _NOT_ITS_OWN:
            return WrongKey(
                f"{self.place} did not seal the root key of this database.",
                "Look at [keys] in remit.toml: key and region must be those that it was sealed with.",
            )
        return KeyServiceUnavailable(
            f"{self.place} cannot be asked for the root key: {code}.",
            "Nothing was started and nothing changed. Look at [keys] in remit.toml, the region and the rights of this"
            " process (kms:Encrypt, kms:Decrypt).",
        )
