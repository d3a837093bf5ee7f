"""What the tests of memory run: flows that remember, recall and forget what they are told to."""

from __future__ import annotations

import os
from typing import Any

from remit import Integrity, Label, Memory, Run, flow
from remit.testing import Stage

Ops = list[list[str]]


@flow
async def act(run: Run, ops: Ops, scope: str = "user") -> list[Any]:
    """`["remember", key, value]`, `["forget", key]`, `["forget all", words]`, `["recall", words]`, in order."""
    done: list[Any] = []
    for name, *given in ops:
        if name == "remember":
            done.append((await run.remember(given[0], given[1], scope=scope)).key)
        elif name == "forget":
            done.append(await run.forget(given[0], scope=scope))
        elif name == "forget all":
            done.append(await run.forget(matching=given[0], scope=scope))
        else:
            done.append([item.key for item in await run.recall(given[0], scope=scope, limit=100)])
    return done


@flow
async def look(run: Run, scope: str = "user", text: str = "", limit: int = 100) -> list[Memory]:
    """What is remembered."""
    return await run.recall(text, scope=scope, limit=limit)


@flow
async def keep(
    run: Run, key: str, value: Any, scope: str = "user", ttl: float | None = None, sure: bool = False
) -> Memory:
    """Remember one thing."""
    label = Label(Integrity.ENDORSED, None, ("crm",)) if sure else None
    return await run.remember(key, value, scope=scope, ttl=ttl, label=label)


@flow
async def pausing(run: Run, key: str, value: str, scope: str = "run") -> list[str]:
    """Remember, wait for a word, and recall."""
    await run.remember(key, value, scope=scope)
    await run.signal("go")
    await run.remember(f"{key} later", value, scope=scope)
    return sorted(item.key for item in await run.recall(scope=scope))


@flow
async def leak(run: Run) -> None:
    """Try to remember a secret that the author's own code holds."""
    await run.remember("token", {"crm": os.environ["CRM_TOKEN"]})


FLOWS = (act, look, keep, pausing, leak)


async def remembered(stage: Stage, scope: str = "") -> dict[str, Any]:
    """What is remembered, as a person sees it: values by `scope/key`."""
    return {f"{each.scope}/{each.key}": each.value for each in await stage.platform.memories(scope)}


async def result(stage: Stage, name: str, **given: Any) -> Any:
    """Run a flow to its end."""
    return await (await stage.start(name, **given)).result()
