"""How we show a server behind us who we are, where it wants OAuth: as a client of its own, or with what a person once
agreed to. It asks nobody by itself: only whoever signs in has a person at hand. Tokens are for that server alone.
"""

from __future__ import annotations

import json
import os
import time
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mcp.client.auth import OAuthClientProvider
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthMetadata,
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
    return _OfAPerson(
        settings.url, metadata, Tokens(workspace / _FOLDER / f"{settings.name}.json", known),
        person.show if person is not None else None, person.answered if person is not None else None,
        oauth.get("client_metadata_url"),
    )  # fmt: skip


class _OfAPerson(OAuthClientProvider):
    """Tokens that were kept are as old as they are, and are renewed by whoever gave them: nobody is asked again, and
    nobody else is shown what renews them.
    """

    async def _initialize(self) -> None:
        await super()._initialize()
        kept: Any = self.context.storage
        metadata = kept.metadata()
        self.context.oauth_metadata = metadata
        if metadata is not None:
            self.context.auth_server_url = str(metadata.issuer)
        if self.context.current_tokens is not None:
            self.context.update_token_expiry(self.context.current_tokens)
            if metadata is None:
                self.context.current_tokens.refresh_token = None

    async def _handle_token_response(self, response: httpx2.Response) -> None:
        kept: Any = self.context.storage
        kept.know(self.context.oauth_metadata)
        await super()._handle_token_response(response)


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
        if "tokens" not in self._kept:
            return None
        tokens = OAuthToken.model_validate(self._kept["tokens"])
        until = self._kept.get("until")
        if until is not None:
            tokens.expires_in = int(until - time.time()) or -1
        return tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Others replace them."""
        self._kept["until"] = None if tokens.expires_in is None else time.time() + tokens.expires_in
        self._keep("tokens", tokens.model_dump(mode="json", exclude_none=True))

    def metadata(self) -> OAuthMetadata | None:
        """Who gave the tokens."""
        return OAuthMetadata.model_validate(self._kept["metadata"]) if "metadata" in self._kept else None

    def know(self, metadata: OAuthMetadata | None) -> None:
        """Who gives the tokens that follow."""
        if metadata is not None:
            self._keep("metadata", metadata.model_dump(mode="json", exclude_none=True))

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
