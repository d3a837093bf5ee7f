"""The flow that takes back all that descends from a bad source: run after run, newest first, as one governed run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.engine.flow import Flow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    TakeBack = Callable[[Any, Any, str, int, list[str] | None], Awaitable[dict[str, Any]]]

FLOW = "remit.recall"


def recalling(take_back: TakeBack) -> Flow:
    """It, as a flow of this workspace."""

    async def recall(run: Any, source: str, targets: list[list[Any]]) -> dict[str, Any]:
        """Take back what these runs did since they had the source in sight; of some, only what is named."""
        undone: list[Any] = []
        left: list[Any] = []
        for target, since, *only in targets:
            told = await take_back(run.execution, run.actor, target, since, only[0] if only else None)
            undone += [{"run": target, **each} for each in told["undone"]]
            left += [{"run": target, **each} for each in told["left"]]
        return {"source": source, "runs": [target for target, *_ in targets], "undone": undone, "left": left}

    return Flow(recall, FLOW, "", "UTC")
