"""The workspace that the compatibility kit of A2A is let loose on: one flow that behaves as the kit's scenarios say, by
the beginning of a message's id, served as any other is. The kit knows no keys, so a layer in front shows one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit import Run, flow
from remit.domain.errors import Rejected
from remit.wire.tasks import attachment, link, reply

if TYPE_CHECKING:
    from remit.server.request import ASGIApp, Receive, Send

TEXTS = {
    "tck-artifact-text": "Generated text content",
    "tck-stream-001": "Stream hello from TCK",
    "tck-stream-003": "Stream task lifecycle",
    "tck-stream-ordering-001": "Ordered output",
    "tck-stream-artifact-text": "Streamed text content",
    "tck-stream-artifact-chunked": "chunk-1 chunk-2",
}
FILES = ("tck-artifact-file", "tck-stream-artifact-file")


@flow
async def subject(run: Run, message: dict[str, Any]) -> Any:
    """Behave as the scenario says that the message names."""
    name = str(message["id"])
    if name.startswith("tck-input-required"):
        while True:
            more: Any = await run.signal("message")
            if str(more["id"]).startswith("tck-complete-task"):
                return "Hello from TCK"
    if name.startswith("tck-reject-task"):
        raise Rejected("rejected")
    if name.startswith("test-resubscribe-message-id"):
        await run.sleep(4)
    if name.startswith("tck-artifact-file-url"):
        return link("https://example.com/output.txt", media_type="text/plain", name="output.txt")
    if name.startswith(FILES):
        return attachment(b"file content", "text/plain", "output.txt")
    if name.startswith("tck-artifact-data"):
        return {"key": "value", "count": 42}
    if name.startswith("tck-message-response"):
        return reply("Direct message response")
    return next((said for known, said in TEXTS.items() if name.startswith(known)), "Hello from TCK")


def with_key(app: ASGIApp, key: str) -> ASGIApp:
    """The application for somebody who shows this key with every request."""

    async def shown(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = [*scope["headers"], (b"authorization", f"Bearer {key}".encode())]
        await app({**scope, "headers": headers}, receive, send)

    return shown
