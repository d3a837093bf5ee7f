"""An anchor behind an address: each checkpoint is posted as JSON. The note is signed, so the receiver can check it by
the public key; who posts is said by a bearer token, if one is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp

from remit.domain.evidence_errors import AnchorUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.store.anchor import AnchorRecord

_SECONDS = 5.0
_ERRORS = 300


class WebhookAnchor:
    """Implements `Anchor`."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url = url
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._session: aiohttp.ClientSession | None = None

    @property
    def name(self) -> str:
        """The address without what may be secret in it."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"

    async def write(self, records: Sequence[AnchorRecord]) -> None:
        """Post one after the other."""
        for record in records:
            await self._post(record)

    async def newest(self) -> str | None:
        """What was posted cannot be asked for."""
        return None

    async def close(self) -> None:
        """Close the connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, record: AnchorRecord) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS))
        headers = self._headers | {"Idempotency-Key": record.name.removesuffix(".json")}
        try:
            async with self._session.post(
                self._url, data=record.line, headers=headers, allow_redirects=False
            ) as answer:
                status = answer.status
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as wrong:
            raise self._unavailable(type(wrong).__name__) from wrong
        if status >= _ERRORS:
            raise self._unavailable(f"it answers {status}")

    def _unavailable(self, why: str) -> AnchorUnavailable:
        return AnchorUnavailable(
            f"the anchor {self.name} does not take checkpoints: {why}.",
            "Look at the receiver and at REMIT_ANCHOR_TOKEN; what is missing is sent once it answers.",
        )
