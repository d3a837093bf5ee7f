"""A Google service account: its signed assertion (RS256, RFC 7515 and 7523) and the access tokens that it buys.

The assertion is a pure function. A token is kept until shortly before it ends, under a digest of the account, and
never longer than the process lives.
"""

from __future__ import annotations

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from remit.domain.action_errors import ModelFailed, ProviderDown, ProviderRefused, SecretUnavailable
from remit.domain.clock import MICROSECONDS
from remit.models.failures import from_silence, with_trouble
from remit.models.provider import Trouble
from remit.models.transport import NoReply, Outgoing

if TYPE_CHECKING:
    from remit.domain.clock import Clock
    from remit.models.provider import Deadlines
    from remit.models.transport import Transport

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE = 3600
_EARLY = 120
"""Seconds before its end at which a token is not used any more: a call under way must not outlive it."""
_LARGEST = 1 << 16
_OK = 200
_SERVER = 500


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """What a key file says. Its texts never show."""

    email: str
    private_key: str = field(repr=False)
    key_id: str = ""
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address, not a password

    @property
    def digest(self) -> str:
        """A name for it under which a token may be kept."""
        return hashlib.sha256(f"{self.email}\n{self.token_uri}\n{self.private_key}".encode()).hexdigest()


class _Token(msgspec.Struct):
    access_token: str
    expires_in: int = _LIFE


def compact_rs256(header: bytes, payload: bytes, key: rsa.RSAPrivateKey) -> str:
    """The two, signed, in the compact form of RFC 7515."""
    signed = b".".join((_base64url(header), _base64url(payload)))
    return b".".join((signed, _base64url(key.sign(signed, padding.PKCS1v15(), hashes.SHA256())))).decode()


def assertion(account: ServiceAccount, scope: str, now: int) -> str:
    """The account's claim to `scope` from `now` (seconds) on, for an hour."""
    header = {"alg": "RS256", "typ": "JWT"} | ({"kid": account.key_id} if account.key_id else {})
    claims = {
        "iss": account.email, "scope": scope, "aud": account.token_uri, "iat": now, "exp": now + _LIFE,
    }  # fmt: skip
    return compact_rs256(msgspec.json.encode(header), msgspec.json.encode(claims), _loaded(account))


class AccessTokens:
    """Tokens of the accounts of one provider."""

    def __init__(self, transport: Transport, clock: Clock, provider: str) -> None:
        self._transport = transport
        self._clock = clock
        self._provider = provider
        self._kept: dict[str, tuple[str, int]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def token(self, account: ServiceAccount, deadlines: Deadlines) -> str:
        """A token that holds for a while yet; calls that want one at the same time buy one together."""
        name = account.digest
        async with self._locks.setdefault(name, asyncio.Lock()):
            kept, until = self._kept.get(name, ("", 0))
            if self._clock.now() >= until:
                now = self._clock.now()
                bought = await self._buy(account, deadlines)
                kept, until = bought.access_token, now + (bought.expires_in - _EARLY) * MICROSECONDS
                self._kept[name] = (kept, until)
            return kept

    async def _buy(self, account: ServiceAccount, deadlines: Deadlines) -> _Token:
        claim = assertion(account, SCOPE, self._clock.now() // MICROSECONDS)
        form = urlencode({"grant_type": _GRANT, "assertion": claim}).encode()
        request = Outgoing(account.token_uri, {"content-type": "application/x-www-form-urlencoded"}, form)
        failure: ModelFailed
        try:
            async with self._transport.post(request, deadlines, stream=False) as reply:
                status, body = reply.status, await reply.read(_LARGEST)
                found = _token_in(body) if status == _OK else None
            if found is not None:
                return found
            failure = self._refusal(status)
        except NoReply as wrong:
            failure = from_silence(wrong, f"{self._provider} (its token service)")
            # the model was not asked: nothing of this can be billed
            failure = with_trouble(failure, Trouble(0, "timeout", None, retryable=True, sent=False))
        raise failure

    def _refusal(self, status: int) -> ModelFailed:
        if status == _OK or status >= _SERVER:
            return with_trouble(
                ProviderDown(f"the token service of provider {self._provider} failed ({status})."),
                Trouble(status, "server", None, retryable=True, sent=False),
            )
        return with_trouble(
            ProviderRefused(
                f"the token service of provider {self._provider} does not accept the service account ({status}).",
                "Check that the key was not deleted, that the account may use Vertex, and this machine's clock.",
            ),
            Trouble(status, "authentication", None, retryable=False, sent=False),
        )


def _token_in(body: bytes) -> _Token | None:
    try:
        return msgspec.json.decode(body, type=_Token)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _loaded(account: ServiceAccount) -> rsa.RSAPrivateKey:
    key = None
    with suppress(
        ValueError, TypeError, UnsupportedAlgorithm
    ):  # said below, without anything of the key's text
        key = serialization.load_pem_private_key(account.private_key.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise SecretUnavailable(
            f"the private key of service account {account.email} is no RSA key in PEM form.",
            "Store the whole JSON key file of the account as the secret.",
        )
    return key


def _base64url(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
