"""The flow by which a person forgets something: a run like any other, decided, receipted, and taken back by undo."""

from __future__ import annotations

from typing import Any

from remit.engine.flow import Flow
from remit.knowledge.memory import Memories

FLOW = "remit.forget"


def forgetting() -> Flow:
    """It, as a flow of every workspace."""

    async def forget(run: Any, scope: str, key: str = "", matching: str = "") -> list[str]:
        """Forget the item of a key, or all that hold every word of `matching`; gives their keys."""
        memories = Memories(run.house.gate, run.execution, run.actor)
        return (await memories.forget(key, matching, scope))[0]

    return Flow(forget, FLOW, "", "UTC")
