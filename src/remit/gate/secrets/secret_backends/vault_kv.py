"""Secrets in the key-value engine of HashiCorp Vault or OpenBao, version 1 or 2. Needs the extra `vault`."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import SecretUnavailable
from remit.gate.secrets.secret_backend import missing_extra, split_field

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_SECONDS = 10
_DEFAULT_FIELD = "value"


class VaultKvBackend:
    """Implements `SecretBackend` over one mount. A name is `path#field`; the field is `value` if none is named."""

    def __init__(self, options: dict[str, str], resolve: Callable[[str], Awaitable[str]]) -> None:
        self._options = options
        self._resolve = resolve
        self._client: Any = None
        self._opening = asyncio.Lock()

    async def read(self, name: str) -> str:
        """One field of a secret; a token that has run out is replaced once."""
        path, inner = split_field(name)
        for last in (False, True):
            client = await self._open()
            try:
                found = await asyncio.to_thread(self._read, client, path)
            except Exception as wrong:  # noqa: BLE001 - whatever that library raises, the secret cannot be had
                if self._may_log_in_again(wrong) and not last:
                    self._client = None
                    continue
                raise self._failed(path, wrong) from None
            return self._field(found, path, inner or _DEFAULT_FIELD)
        raise self._failed(path, PermissionError())

    async def close(self) -> None:
        """Close the session, and forget the token."""
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(client.adapter.close)

    def _may_log_in_again(self, wrong: BaseException) -> bool:
        return bool(self._options.get("role_id")) and type(wrong).__name__ in {"Forbidden", "Unauthorized"}

    async def _open(self) -> Any:
        async with self._opening:
            if self._client is None:
                self._client = await self._connect()
            return self._client

    async def _connect(self) -> Any:
        try:
            import hvac
        except ImportError:
            raise missing_extra("vault", "the secret back end Vault KV") from None
        options = self._options
        client: Any = hvac.Client(
            url=options["address"], namespace=options.get("namespace") or None, timeout=_SECONDS,
            verify=options.get("ca") or True, allow_redirects=False,
        )  # fmt: skip
        if options.get("role_id"):
            role, secret = await self._resolve(options["role_id"]), await self._resolve(options["secret_id"])
            try:
                await asyncio.to_thread(client.auth.approle.login, role, secret)
            except Exception as wrong:  # noqa: BLE001 - whatever that library raises, the secret cannot be had
                raise self._failed("its login", wrong) from None
        else:
            client.token = await self._resolve(options.get("token") or "secret:VAULT_TOKEN")
        return client

    def _read(self, client: Any, path: str) -> dict[str, Any]:
        mount = self._options.get("mount") or "secret"
        if self._options.get("version") == "1":
            return client.secrets.kv.v1.read_secret(path=path, mount_point=mount)["data"]
        answer = client.secrets.kv.v2.read_secret_version(
            path=path, mount_point=mount, raise_on_deleted_version=True
        )
        return answer["data"]["data"]

    @staticmethod
    def _field(found: object, path: str, inner: str) -> str:
        values = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
        if inner not in values:
            raise SecretUnavailable(
                f'Vault has "{path}" without a field "{inner}".', f"Name one as {path}#field in secrets.toml."
            )
        value = values[inner]
        return value if isinstance(value, str) else json.dumps(value)

    def _failed(self, path: str, wrong: BaseException) -> SecretUnavailable:
        """What went wrong by its kind: what the library says may quote what was sent."""
        reasons = {
            "InvalidPath": "there is no such secret",
            "Forbidden": "this token may not read it",
            "Unauthorized": "the token is not accepted",
            "InvalidRequest": "the login is not accepted",
            "VaultDown": "Vault is sealed",
            "ConnectionError": "nobody answers there",
            "ConnectTimeout": "nobody answers there",
            "ReadTimeout": "it does not answer in time",
        }
        reason = reasons.get(type(wrong).__name__, type(wrong).__name__)
        return SecretUnavailable(
            f'Vault at {self._options["address"]} does not give "{path}": {reason}.',
            "Look at the path, the mount and the rights of the token.",
        )
