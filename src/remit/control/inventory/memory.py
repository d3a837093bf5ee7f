"""What is remembered, as a person may look at it; and the run that forgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.inventory.views import MemoryView
from remit.domain.action_errors import UnknownMemory
from remit.domain.memory import SCOPES
from remit.domain.on_use import on_use
from remit.knowledge.ranking import ranked
from remit.store.database import Commit, Op
from remit.store.memory import MemoryShelf

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.control.running import starting
    from remit.control.running.handle import RunHandle
    from remit.control.running.parts import Parts
    from remit.domain.memory import Memory
    from remit.knowledge import forgetting
else:
    starting = on_use("remit.control.running.starting")
    forgetting = on_use("remit.knowledge.forgetting")


async def items(ground: Ground, scope: str = "", text: str = "") -> list[MemoryView]:
    """The items of a kind of scope, of one (`user:lea`) or of all, by scope and key, or by how they fit a text."""
    shelf, team, now = MemoryShelf(ground.database, ground.keys), ground.principal.team, ground.clock.now()
    if ":" in scope:
        held = [each.memory for each in await shelf.of_scope(team, scope)]
    else:
        held = [each.memory async for each in shelf.of_team(team)]
    kind = scope.partition(":")[0]
    if kind not in {"", *SCOPES}:
        raise UnknownMemory(
            f'there is no memory "{scope}".',
            f"It is one of {', '.join(SCOPES)}; or exactly one, such as user:lea.",
        )
    kinds = {kind} if kind else set(SCOPES)
    found = [
        each
        for each in held
        if each is not None and not _is_over(each, now) and each.scope.partition(":")[0] in kinds
    ]
    ordered = ranked(found, text) if text else sorted(found, key=lambda each: (each.scope, each.key))
    return [_view(each) for each in ordered]


async def item(ground: Ground, scope: str, key: str) -> MemoryView:
    """One item."""
    shelf, now = MemoryShelf(ground.database, ground.keys), ground.clock.now()
    held = await shelf.find(ground.principal.team, _whole(ground, scope), key)
    if held is None or held.memory is None or _is_over(held.memory, now):
        raise UnknownMemory(
            f'nothing is remembered as "{key}" for {scope}.', "See what is: remit knowledge memory list"
        )
    return _view(held.memory)


async def forget(parts: Parts, scope: str, key: str, matching: str) -> RunHandle:
    """Start the run that forgets."""
    kind, _, owner = _whole(parts.ground, scope).partition(":")
    given: dict[str, object] = {"scope": scope, "key": key, "matching": matching}
    return await starting.submit(parts, forgetting.FLOW, given, subject=owner if kind == "user" else "")


async def purge(ground: Ground) -> None:
    """Remove what has expired from the disk; nobody could recall it any more."""
    await ground.database.submit(Commit(ops=[Op("memory.expire", (ground.clock.now(),))]))


def _whole(ground: Ground, scope: str) -> str:
    """`user` and `team` are those of whoever asks."""
    own = {"user": ground.principal.id, "team": ground.principal.team}
    return f"{scope}:{own[scope]}" if scope in own else scope


def _is_over(memory: Memory, now: int) -> bool:
    return memory.expires is not None and memory.expires <= now


def _view(memory: Memory) -> MemoryView:
    readers = None if memory.label.readers is None else tuple(sorted(memory.label.readers))
    return MemoryView(
        memory.scope, memory.key, memory.value, memory.label.integrity.name.lower(), readers,
        memory.label.sources, memory.run, memory.at, memory.expires,
    )  # fmt: skip
