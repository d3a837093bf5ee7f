"""`/v1/traces`, `/v1/logs` and `/v1/metrics`, the paths of OTLP over HTTP. What reads the messages is imported when the
first of them comes: a process that nobody sends telemetry to does not carry it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.control.platform import Platform
    from remit.server.otlp.front import OtlpFront
    from remit.server.request import Handler, Request
    from remit.wire.otlp.receiving import Signal


def handlers(platform: Platform) -> dict[str, Handler]:
    """The paths, and who answers them."""
    fronts: list[OtlpFront] = []

    def path(signal: Signal) -> Handler:
        async def answer(request: Request) -> None:
            if not fronts:
                from remit.server.otlp.front import OtlpFront

                fronts.append(OtlpFront(platform))
            await fronts[0].answer(signal, request)

        return answer

    return {"/v1/traces": path("traces"), "/v1/logs": path("logs"), "/v1/metrics": path("metrics")}
