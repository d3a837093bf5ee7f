"""Short-lived tokens from an authorization server: client credentials (RFC 6749 §4.4), and the exchange of a user's
token for one with which a tool acts on that user's behalf (RFC 8693).

It asks for a token and says how long that lives. It keeps none, knows no tool, and repeats in its errors what the
server calls the problem, never what was sent.
"""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote_plus, urlsplit

import aiohttp

from remit.domain.action_errors import SecretUnavailable
from remit.gate.secrets.redactor import SHORTEST

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = 10.0
_LARGEST = 256 * 1024
_ATTEMPTS = 2
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a type
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_LONGEST_CODE = 80


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What is asked for, with every secret in place. Nothing of it shows."""

    name: str
    kind: str
    """client_credentials or token_exchange."""
    url: str
    options: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """What came back."""

    value: str = field(repr=False)
    lives: float | None
    """Seconds; None: the server did not say, so it serves this one call."""


class TokenMint:
    """Asks authorization servers."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._session: aiohttp.ClientSession | None = None

    async def mint(self, asked: TokenRequest) -> Token:
        """A fresh token; a server that does not answer is asked once more."""
        _check_url(asked)
        form, login = _form(asked)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                status, body = await self._post(asked.url, form, login)
            except (aiohttp.ClientError, TimeoutError, OSError) as wrong:
                if attempt == _ATTEMPTS:
                    raise _unavailable(asked, f"it does not answer ({type(wrong).__name__})") from None
                continue
            if status < 500 or attempt == _ATTEMPTS:  # noqa: PLR2004 - the server's own trouble
                return _read(asked, status, body)
        raise _unavailable(asked, "it does not answer")

    async def close(self) -> None:
        """Let go of connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, url: str, form: dict[str, str], login: str | None) -> tuple[int, bytes]:
        headers = {"Accept": "application/json", **({"Authorization": login} if login else {})}
        async with (
            asyncio.timeout(self._seconds),
            # a redirect would carry the client's secret to somebody else
            self._open().post(url, data=form, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status, await answer.content.read(_LARGEST)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
        return self._session


def _form(asked: TokenRequest) -> tuple[dict[str, str], str | None]:
    """The form to post, and how the client shows who it is."""
    given = asked.options
    form = {key: given[key] for key in ("scope", "audience", "resource") if given.get(key)}
    if asked.kind == "client_credentials":
        form["grant_type"] = "client_credentials"
    else:
        form |= {
            "grant_type": _EXCHANGE,
            "subject_token": given["subject_token"],
            "subject_token_type": given.get("subject_token_type") or _ACCESS_TOKEN,
            "requested_token_type": given.get("requested_token_type") or _ACCESS_TOKEN,
        }
        if given.get("actor_token"):
            form["actor_token"] = given["actor_token"]
            form["actor_token_type"] = given.get("actor_token_type") or _ACCESS_TOKEN
    identity, secret = given.get("client_id"), given.get("client_secret")
    if identity and secret and given.get("auth", "basic") == "basic":
        # both parts are form-encoded first (RFC 6749 §2.3.1): a colon in an id would shift the secret
        login = f"{quote_plus(identity)}:{quote_plus(secret)}"
        return form, f"Basic {base64.b64encode(login.encode()).decode()}"
    form |= {key: value for key, value in (("client_id", identity), ("client_secret", secret)) if value}
    return form, None


def _read(asked: TokenRequest, status: int, body: bytes) -> Token:
    try:
        told: object = json.loads(body)
    except ValueError:
        told = None
    said = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
    if status != 200:  # noqa: PLR2004 - the one status that RFC 6749 gives a token with
        code = said.get("error")
        raise _unavailable(asked, str(code)[:_LONGEST_CODE] if isinstance(code, str) else f"status {status}")
    value = said.get("access_token")
    if not isinstance(value, str) or not value:
        raise _unavailable(asked, "its answer holds no access_token")
    if len(value) < SHORTEST:
        raise _unavailable(asked, f"its access_token has fewer than {SHORTEST} characters")
    return Token(value, _lifetime(said.get("expires_in")))


def _lifetime(said: object) -> float | None:
    try:
        lives = float(said) if isinstance(said, int | float | str) and not isinstance(said, bool) else 0.0
    except ValueError:
        return None
    return lives if 0 < lives < float("inf") else None


def _check_url(asked: TokenRequest) -> None:
    parts = urlsplit(asked.url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return
    raise SecretUnavailable(
        f"the token_url of {asked.name} is not https, and a secret would be sent to it.",
        "Use https; plain http is for this machine alone.",
    )


def _unavailable(asked: TokenRequest, reason: str) -> SecretUnavailable:
    host = urlsplit(asked.url).netloc.rpartition("@")[2]
    return SecretUnavailable(
        f"{host} gives no token for {asked.name}: {reason}.",
        f"Look at [secrets.{asked.name}] in secrets.toml, and at what that server says about this client.",
    )
