"""How we show a server behind us who we are, where it wants OAuth: as a client of its own, or with what a person once
agreed to. It asks nobody by itself: only whoever signs in has a person at hand. Tokens are for that server alone.
"""

from __future__ import annotations

import json
import os
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mcp.client.auth import OAuthClientProvider
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)

from remit.tools.mcp.settings import REDIRECT

if TYPE_CHECKING:
    import httpx2

    from remit.tools.mcp.settings import McpSettings

Json = Any
_FOLDER = ".remit/mcp"
_PRIVATE = 0o600


class Person(Protocol):
    """Whoever signs in."""

    async def show(self, url: str) -> None:
        """Let them see the page where they agree."""
        ...

    async def answered(self) -> AuthorizationCodeResult:
        """What that page sent back."""
        ...


signing_in: ContextVar[Person | None] = ContextVar("remit_mcp_signing_in", default=None)
"""Whoever signs in just now; nobody else is asked to."""


def provider(settings: McpSettings, workspace: Path, secrets: dict[str, str]) -> httpx2.Auth:
    """What puts tokens into requests, and gets new ones."""
    person = signing_in.get()
    oauth = settings.oauth
    secret = secrets.get(oauth.get("client_secret", ""), "")
    method: Any = oauth.get("auth_method", "client_secret_basic" if secret else "none")
    if settings.sign_in == "client_credentials":
        return ClientCredentialsOAuthProvider(
            settings.url,
            Tokens(None, None),
            oauth["client_id"],
            secret,
            method,
            oauth.get("scope"),
            oauth["issuer"],
        )
    redirect = oauth.get("redirect", REDIRECT)
    metadata = OAuthClientMetadata.model_validate({
        "client_name": "Remit", "redirect_uris": [redirect], "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"], "scope": oauth.get("scope"),
    })  # fmt: skip
    known = None
    if "client_id" in oauth:
        known = OAuthClientInformationFull.model_validate({
            "client_id": oauth["client_id"], "client_secret": secret or None, "redirect_uris": [redirect],
            "token_endpoint_auth_method": method, "issuer": oauth.get("issuer"),
        })  # fmt: skip
    return OAuthClientProvider(
        settings.url, metadata, Tokens(workspace / _FOLDER / f"{settings.name}.json", known),
        person.show if person is not None else None, person.answered if person is not None else None,
        oauth.get("client_metadata_url"),
    )  # fmt: skip


class Tokens:
    """What was agreed to, in a file that only its owner reads; without a file, in memory."""

    def __init__(self, file: Path | None, known: OAuthClientInformationFull | None) -> None:
        self._file = file
        self._known = known
        self._kept: dict[str, Json] = {}
        if file is not None and file.exists():
            self._kept = json.loads(file.read_text("utf-8"))

    async def get_tokens(self) -> OAuthToken | None:
        """The tokens, if there are any."""
        return OAuthToken.model_validate(self._kept["tokens"]) if "tokens" in self._kept else None

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Others replace them."""
        self._keep("tokens", tokens.model_dump(mode="json", exclude_none=True))

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """As what we are known there."""
        if self._known is not None:
            return self._known
        return (
            OAuthClientInformationFull.model_validate(self._kept["client"])
            if "client" in self._kept
            else None
        )

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """We are known there from now on."""
        self._keep("client", client_info.model_dump(mode="json", exclude_none=True))

    def _keep(self, name: str, value: Json) -> None:
        self._kept[name] = value
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(self._kept, file)
        fresh.replace(self._file)
