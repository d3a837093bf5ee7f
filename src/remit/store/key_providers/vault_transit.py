"""The transit engine of HashiCorp Vault or OpenBao as sealer: its key never leaves it. Needs the extra `vault`."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any, cast

from remit.domain.errors import WrongKey
from remit.domain.protection_errors import KeyServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = 10
_REASONS = {
    "InvalidPath": "there is no such key or mount",
    "Forbidden": "the token may not use it",
    "Unauthorized": "the token is not accepted",
    "VaultDown": "it is sealed",
    "ConnectionError": "nobody answers there",
    "ConnectTimeout": "nobody answers there",
    "ReadTimeout": "it does not answer in time",
}


class TransitSealer:
    """Implements `Sealer` over one key of one mount.

    Who we are comes from VAULT_TOKEN, or from VAULT_ROLE_ID and VAULT_SECRET_ID.
    """

    def __init__(
        self, address: str, key: str, environment: Mapping[str, str], *, mount: str = "", namespace: str = "",
    ) -> None:  # fmt: skip
        self._address = address
        self._key = key
        self._environment = environment
        self._mount = mount or "transit"
        self._namespace = namespace

    @property
    def place(self) -> str:
        """Which Vault and which key."""
        return f'the key "{self._key}" of Vault at {self._address}'

    async def seal(self, secret: bytes) -> bytes:
        """Encrypt under the newest version of the key."""
        text = base64.b64encode(secret).decode()
        answer = await self._ask("encrypt_data", plaintext=text)
        return str(answer["ciphertext"]).encode("ascii")

    async def unseal(self, sealed: bytes) -> bytes:
        """Decrypt under whichever version sealed it."""
        answer = await self._ask("decrypt_data", ciphertext=sealed.decode("ascii", "replace"))
        return base64.b64decode(answer["plaintext"])

    async def _ask(self, operation: str, **what: str) -> dict[str, Any]:
        try:
            return await asyncio.to_thread(self._call, operation, what)
        except (KeyServiceUnavailable, WrongKey):
            raise
        except Exception as wrong:  # noqa: BLE001 - whatever that library raises, the key cannot be had
            raise self._failed(wrong) from None

    def _call(self, operation: str, what: dict[str, str]) -> dict[str, Any]:
        client = self._connect()
        try:
            engine = client.secrets.transit
            return getattr(engine, operation)(name=self._key, mount_point=self._mount, **what)["data"]
        finally:
            client.adapter.close()

    def _connect(self) -> Any:
        try:
            import hvac
        except ImportError:
            raise KeyServiceUnavailable(
                "root keys sealed by Vault need a library that is not installed.",
                'Install it: pip install "remit[vault]".',
            ) from None
        client = cast("Any", hvac.Client)(
            url=self._address, namespace=self._namespace or None, timeout=_SECONDS, allow_redirects=False,
            token=self._environment.get("VAULT_TOKEN") or "",
        )  # fmt: skip
        role = self._environment.get("VAULT_ROLE_ID")
        if role:
            client.auth.approle.login(role, self._environment.get("VAULT_SECRET_ID") or "")
        return client

    def _failed(self, wrong: Exception) -> KeyServiceUnavailable | WrongKey:
        """What went wrong by its kind: what the library says may quote what was sent."""
        kind = type(wrong).__name__
        if kind == "InvalidRequest":
            return WrongKey(
                f"{self.place} refuses what it is asked: the sealed root key is not its own, or the login is wrong.",
                "Look at [keys] in remit.toml: address, mount and key must be those that it was sealed with.",
            )
        return KeyServiceUnavailable(
            f"{self.place} cannot be asked for the root key: {_REASONS.get(kind, kind)}.",
            "Nothing was started and nothing changed. Look at [keys] in remit.toml, the token and the service.",
        )
