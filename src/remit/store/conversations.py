"""Conversations at rest: a chain of keyed nodes, each written once (DESIGN §4, linear conversations).

A node holds its own messages and the name of the node before it, so its name is a keyed hash of the whole prefix
and passing a conversation around costs one name. Names are per data key: two people's talks never share a node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.domain.conversation import Conversation
from remit.domain.errors import StoreCorrupt
from remit.store.database import BlobRow
from remit.store.pen import open_blob, seal_blob
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.store.database import Database
    from remit.store.keys import DataKey

MARK = "$conversation"


class Shelf:
    """Where one data key keeps its conversations."""

    def __init__(self, key: DataKey) -> None:
        self._key = key
        self._contents: dict[str, bytes] = {}
        self.references = 0
        """How often a conversation was referred to; who compares it before and after knows whether one was."""

    def refer(self, value: object) -> object:
        """A conversation as a reference; anything else as it is."""
        if not isinstance(value, Conversation):
            return value
        self.references += 1
        return {MARK: self.name(value)}

    def name(self, conversation: Conversation) -> str:
        """The name of the newest node: a keyed hash of everything said so far."""
        unnamed: list[Conversation] = []
        node: Conversation | None = conversation
        while node is not None and self._key.id not in node.stored:
            unnamed.append(node)
            node = node.parent
        name = node.stored[self._key.id] if node is not None else ""
        for node in reversed(unnamed):
            content = canonical.encode({"after": name, "messages": canonical.plain(list(node.newest))})
            name = node.stored[self._key.id] = self._key.name(content).hex()
            self._contents[name] = content
        return name

    def unwritten(self) -> list[BlobRow]:
        """The nodes that were named and that no commit has carried yet."""
        named, self._contents = self._contents, {}
        return [seal_blob(content, self._key) for content in named.values()]

    async def resolve(self, value: Any, database: Database) -> Any:
        """A plain value with its references replaced by conversations."""
        if isinstance(value, dict):
            known = cast("dict[str, Any]", value)
            if set(known) == {MARK}:
                return await self._load(str(known[MARK]), database)
            return {name: await self.resolve(each, database) for name, each in known.items()}
        if isinstance(value, list):
            return [await self.resolve(each, database) for each in cast("list[Any]", value)]
        return value

    async def _load(self, name: str, database: Database) -> Conversation:
        chain: list[tuple[str, list[object]]] = []
        while name:
            rows = await database.fetch("log.blob", bytes.fromhex(name))
            if not rows:
                raise StoreCorrupt("a part of a conversation is missing from the log.", "Restore a backup.")
            node = canonical.parse(open_blob(BlobRow(*rows[0]), self._key))
            chain.append((name, node["messages"]))
            name = node["after"]
        talk = Conversation()
        for known, messages in reversed(chain):
            talk = talk.add(*messages)
            talk.stored[self._key.id] = known
        return talk


def refers(value: object) -> bool:
    """Whether a plain value holds a reference to a conversation."""
    if isinstance(value, dict):
        known = cast("dict[str, object]", value)
        return MARK in known or any(refers(each) for each in known.values() if each.__class__ in _NESTED)
    if isinstance(value, list):
        return any(refers(each) for each in cast("list[object]", value) if each.__class__ in _NESTED)
    return False


_NESTED = frozenset({dict, list})
