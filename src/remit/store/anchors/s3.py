"""An anchor in a bucket: an object for each checkpoint, locked against everybody for so many days where the bucket has
object lock. Needs the extra `aws`; who we are is what the environment says.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from remit.domain.evidence_errors import AnchorUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.store.anchor import AnchorRecord

_SECONDS = 5


class S3Anchor:
    """Implements `Anchor`."""

    def __init__(
        self, bucket: str, prefix: str = "", *, region: str = "", endpoint: str = "", lock_days: int = 0
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._region = region
        self._endpoint = endpoint
        self._lock_days = lock_days
        self._client: Any = None

    @property
    def name(self) -> str:
        """The bucket and what the keys begin with."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    async def write(self, records: Sequence[AnchorRecord]) -> None:
        """Put one object for each."""
        await self._ask(self._put_all, records)

    async def newest(self) -> str | None:
        """The object with the largest size in its name."""
        return await self._ask(self._newest)

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(client.close)

    async def _ask(self, act: Any, *given: Any) -> Any:
        try:
            return await asyncio.to_thread(act, *given)
        except AnchorUnavailable:
            raise
        except Exception as wrong:
            response: Any = getattr(wrong, "response", None)
            code = (
                cast("Any", response)["Error"]["Code"] if isinstance(response, dict) else type(wrong).__name__
            )
            raise AnchorUnavailable(
                f"the anchor {self.name} does not take checkpoints: {code}.",
                "Look at the bucket, its object lock and our rights (s3:PutObject, s3:PutObjectRetention).",
            ) from wrong

    def _put_all(self, records: Sequence[AnchorRecord]) -> None:
        client = self._connected()
        for record in records:
            body = record.line + b"\n"
            client.put_object(
                Bucket=self._bucket, Key=self._prefix + record.name, Body=body, ContentType="application/json",
                ContentMD5=base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode(),
                **self._lock(),
            )  # fmt: skip

    def _lock(self) -> dict[str, Any]:
        """Nobody, not even the owner of the bucket, may replace or remove it until then."""
        if not self._lock_days:
            return {}
        until = datetime.now(UTC) + timedelta(days=self._lock_days)
        return {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}

    def _newest(self) -> str | None:
        client, newest = self._connected(), ""
        for page in client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix
        ):
            newest = max([newest, *(entry["Key"] for entry in page.get("Contents", ()))])
        if not newest:
            return None
        return str(json.loads(client.get_object(Bucket=self._bucket, Key=newest)["Body"].read())["note"])

    def _connected(self) -> Any:
        if self._client is None:
            try:
                from botocore.config import Config
                from botocore.session import Session
            except ImportError:
                raise AnchorUnavailable(
                    "an anchor in S3 needs the extra aws, and it is not installed.",
                    'Install it: pip install "remit[aws]"',
                ) from None
            session: Any = Session()
            self._client = session.create_client(
                "s3", region_name=self._region or None, endpoint_url=self._endpoint or None,
                config=Config(
                    connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"total_max_attempts": 2},
                    s3={"addressing_style": "path"} if self._endpoint else {},
                ),
            )  # fmt: skip
        return self._client
