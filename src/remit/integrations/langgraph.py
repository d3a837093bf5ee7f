"""LangGraph over the log of Remit: a checkpoint saver whose checkpoints and writes stand in the journal of a run, one
run for each thread. They are encrypted, they survive the process, and `remit show` and the audit see them.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    CheckpointTuple,
    get_checkpoint_id,
    get_checkpoint_metadata,
)

if TYPE_CHECKING:
    from remit.control.platform import Platform

__all__ = ["RemitSaver"]
_CHECKPOINT, _WRITES, _GONE = "checkpoint", "writes", "gone"


class RemitSaver(BaseCheckpointSaver[str]):
    """`graph.compile(checkpointer=RemitSaver(platform))`; it is asynchronous, as Remit is: `await graph.ainvoke(…)`."""

    def __init__(self, platform: Platform, *, serde: Any = None) -> None:
        super().__init__(serde=serde)
        self._threads = platform.tasks.threads("langgraph")

    async def run_of(self, thread_id: str) -> str:
        """The run in whose journal a thread stands; empty: there is none yet."""
        return await self._threads.run_of(thread_id)

    async def aput(self, config: Any, checkpoint: Any, metadata: Any, new_versions: Any) -> Any:
        """Keep a checkpoint; durable when this returns."""
        del new_versions
        at = config["configurable"]
        told = {
            "kind": _CHECKPOINT, "ns": at.get("checkpoint_ns", ""), "id": checkpoint["id"],
            "parent": at.get("checkpoint_id"), "checkpoint": self._packed(checkpoint),
            "metadata": self._packed(get_checkpoint_metadata(config, metadata)),
        }  # fmt: skip
        await self._threads.tell(at["thread_id"], told)
        return _config(at["thread_id"], told["ns"], told["id"])

    async def aput_writes(
        self, config: Any, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Keep what a task has written beside a checkpoint."""
        at = config["configurable"]
        kept = [
            [WRITES_IDX_MAP.get(channel, n), channel, self._packed(value)]
            for n, (channel, value) in enumerate(writes)
        ]
        told = {
            "kind": _WRITES, "ns": at.get("checkpoint_ns", ""), "id": at["checkpoint_id"], "task": task_id,
            "path": task_path, "writes": kept,
        }  # fmt: skip
        await self._threads.tell(at["thread_id"], told)

    async def aget_tuple(self, config: Any) -> CheckpointTuple | None:
        """A checkpoint of a thread: the one that is named, or the newest."""
        at, wanted = config["configurable"], get_checkpoint_id(config)
        space, told = at.get("checkpoint_ns", ""), await self._told(at["thread_id"])
        found = [
            each for each in told
            if each["kind"] == _CHECKPOINT and each["ns"] == space and wanted in {None, each["id"]}
        ]  # fmt: skip
        newest = max(found, key=lambda each: each["id"], default=None)
        return self._tuple(at["thread_id"], newest, told) if newest is not None else None

    async def alist(
        self, config: Any, *, filter: dict[str, Any] | None = None,  # noqa: A002 - the name that LangGraph calls it by
        before: Any = None, limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:  # fmt: skip
        """The checkpoints of a thread, newest first."""
        if config is None:
            return  # a thread is found by its name alone: which there are, nobody can read out of keyed tags
        at, wanted = config["configurable"], get_checkpoint_id(config)
        told = await self._told(at["thread_id"])
        end, given = get_checkpoint_id(before) if before else None, 0
        kept = [
            each
            for each in told
            if each["kind"] == _CHECKPOINT and at.get("checkpoint_ns", each["ns"]) == each["ns"]
        ]
        for each in sorted(kept, key=lambda one: one["id"], reverse=True):
            if (wanted and each["id"] != wanted) or (end and each["id"] >= end):
                continue
            metadata = self._unpacked(each["metadata"])
            if filter and any(metadata.get(name) != value for name, value in filter.items()):
                continue
            if limit is not None and given >= limit:
                return
            given += 1
            yield self._tuple(at["thread_id"], each, told)

    async def adelete_thread(self, thread_id: str) -> None:
        """Let a thread begin anew. What it was stays in the log until its run's content is deleted there."""
        if await self._threads.run_of(thread_id):
            await self._threads.tell(thread_id, {"kind": _GONE})

    async def _told(self, thread: str) -> list[dict[str, Any]]:
        """What counts: nothing from before the thread was let go of."""
        told = await self._threads.told(thread)
        begins = max((n + 1 for n, each in enumerate(told) if each.get("kind") == _GONE), default=0)
        return [each for each in told[begins:] if each.get("kind") in {_CHECKPOINT, _WRITES}]

    def _tuple(self, thread: str, kept: dict[str, Any], told: list[dict[str, Any]]) -> CheckpointTuple:
        writes: dict[tuple[str, str, int], tuple[str, str, Any]] = {}
        for each in told:
            if each["kind"] == _WRITES and (each["ns"], each["id"]) == (kept["ns"], kept["id"]):
                for number, channel, value in each["writes"]:
                    place = (each["path"], each["task"], number)
                    if (
                        number < 0 or place not in writes
                    ):  # an error or an interrupt is replaced, a result stays
                        writes[place] = (each["task"], channel, self._unpacked(value))
        parent = _config(thread, kept["ns"], kept["parent"]) if kept["parent"] else None
        return CheckpointTuple(
            _config(thread, kept["ns"], kept["id"]), self._unpacked(kept["checkpoint"]),
            self._unpacked(kept["metadata"]), parent, [writes[place] for place in sorted(writes)],
        )  # fmt: skip

    def _packed(self, value: Any) -> list[str]:
        kind, raw = self.serde.dumps_typed(value)
        return [kind, base64.b64encode(raw).decode()]

    def _unpacked(self, kept: list[str]) -> Any:
        return self.serde.loads_typed((kept[0], base64.b64decode(kept[1])))


def _config(thread: str, space: str, checkpoint: str) -> dict[str, Any]:
    return {"configurable": {"thread_id": thread, "checkpoint_ns": space, "checkpoint_id": checkpoint}}
