"""Servers on this machine that seal a few bytes over the real wire: the transit engine of Vault, and AWS KMS.

Both encrypt for real, under keys of their own, and refuse what such a service refuses.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.serving import serving


@dataclass
class Sealing:
    """A key that never leaves here."""

    key: AESGCM = field(default_factory=lambda: AESGCM(os.urandom(32)))
    asked: list[str] = field(default_factory=list[str])
    down: bool = False

    def seal(self, plain: bytes, context: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self.key.encrypt(nonce, plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        return self.key.decrypt(sealed[:12], sealed[12:], context)


class TransitServer(Sealing):
    """`POST /v1/transit/{encrypt,decrypt}/NAME`, for whoever shows the token."""

    token = "transit-token"

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[str]:
        async with serving(web.route("*", "/v1/transit/{operation}/{name}", self._answer)) as address:
            yield address

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if self.down:
            return web.json_response({"errors": ["Vault is sealed"]}, status=503)
        if request.headers.get("X-Vault-Token") != self.token:
            return web.json_response({"errors": ["permission denied"]}, status=403)
        form, name = await request.json(), request.match_info["name"]
        if request.match_info["operation"] == "encrypt":
            sealed = self.seal(base64.b64decode(form["plaintext"]), name.encode())
            return web.json_response(
                {"data": {"ciphertext": f"vault:v1:{base64.b64encode(sealed).decode()}"}}
            )
        try:
            sealed = base64.b64decode(form["ciphertext"].removeprefix("vault:v1:"))
            plain = self.open(sealed, name.encode())
        except (InvalidTag, ValueError):
            return web.json_response({"errors": ["invalid ciphertext: could not decrypt"]}, status=400)
        return web.json_response({"data": {"plaintext": base64.b64encode(plain).decode()}})


class KmsServer(Sealing):
    """`TrentService.Encrypt` and `.Decrypt`, signed requests only."""

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[str]:
        async with serving(web.post("/", self._answer)) as address:
            yield address

    async def _answer(self, request: web.Request) -> web.Response:
        operation = request.headers["X-Amz-Target"]
        self.asked.append(operation)
        if self.down:
            return _refused("KMSInternalException", 500)
        if not request.headers["Authorization"].startswith("AWS4-HMAC-SHA256"):
            return _refused("MissingAuthenticationTokenException", 400)
        form: dict[str, Any] = json.loads(await request.text())
        context = json.dumps([form["KeyId"], form["EncryptionContext"]]).encode()
        if operation == "TrentService.Encrypt":
            sealed = self.seal(base64.b64decode(form["Plaintext"]), context)
            return _given({"CiphertextBlob": base64.b64encode(sealed).decode(), "KeyId": form["KeyId"]})
        try:
            plain = self.open(base64.b64decode(form["CiphertextBlob"]), context)
        except InvalidTag:
            return _refused("InvalidCiphertextException", 400)
        return _given({"Plaintext": base64.b64encode(plain).decode(), "KeyId": form["KeyId"]})


def _given(body: dict[str, Any]) -> web.Response:
    return web.json_response(body, content_type="application/x-amz-json-1.1")


def _refused(code: str, status: int) -> web.Response:
    return web.json_response({"__type": code, "message": "no"}, status=status)
