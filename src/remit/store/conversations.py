"""Conversations at rest: a chain of keyed nodes, each written once (DESIGN §4, linear conversations).

A node holds its own messages and the name of the node before it, so its name is a keyed hash of the whole prefix
and passing a conversation around costs one name. Names are per data key: two people's talks never share a node.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, cast

from remit.domain.conversation import Conversation
from remit.domain.errors import StoreCorrupt
from remit.store.database import BlobRow
from remit.store.pen import open_blob, seal_blob
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.store.database import Database
    from remit.store.keys import DataKey, KeyRing

MARK = "$conversation"


class Shelf:
    """Where one data key keeps its conversations."""

    def __init__(self, key: DataKey) -> None:
        self._key = key
        self._contents: dict[str, bytes] = {}
        self._named: dict[str, Conversation] = {}
        self.references = 0
        """How often a conversation was referred to; who compares it before and after knows whether one was."""

    def refer(self, value: object) -> object:
        """A conversation as a reference to what a commit will carry; anything else as it is."""
        if not isinstance(value, Conversation):
            return value
        self.references += 1
        name = _name(value, self._key.id, self._key.name, self._contents)
        self._named[name] = value
        return {MARK: name}

    def unwritten(self) -> list[BlobRow]:
        """The nodes that were referred to and that no commit has carried yet."""
        named, self._contents = self._contents, {}
        self._named.clear()
        return [seal_blob(content, self._key) for content in named.values()]

    def recall(self, value: Any) -> Any:
        """A value whose references were made a moment ago, with the very conversations they stand for."""
        return _replaced(value, self._named)


def fingerprint(value: object) -> object:
    """A conversation as a digest of everything said so far, the same in every run; anything else as it is."""
    if not isinstance(value, Conversation):
        return value
    return {MARK: _name(value, "", lambda content: hashlib.sha256(content).digest(), {})}


async def resolve(value: Any, database: Database, keys: KeyRing) -> Any:
    """A plain value with its references replaced by conversations from the log."""
    found = {name: await _load(name, database, keys) for name in _references(value)}
    return _replaced(value, found) if found else value


def refers(value: object) -> bool:
    """Whether a plain value holds a reference to a conversation."""
    if isinstance(value, dict):
        known = cast("dict[str, object]", value)
        return MARK in known or any(refers(each) for each in known.values() if each.__class__ in _NESTED)
    if isinstance(value, list):
        return any(refers(each) for each in cast("list[object]", value) if each.__class__ in _NESTED)
    return False


def _name(
    conversation: Conversation, under: str, digest: Callable[[bytes], bytes], contents: dict[str, bytes]
) -> str:
    """The name of the newest node; nodes named before are not looked at again."""
    unnamed: list[Conversation] = []
    node: Conversation | None = conversation
    while node is not None and under not in node.stored:
        unnamed.append(node)
        node = node.parent
    name = node.stored[under] if node is not None else ""
    for node in reversed(unnamed):
        content = canonical.encode(
            {"after": name, "messages": [canonical.ready(each) for each in node.newest]}
        )
        name = node.stored[under] = digest(content).hex()
        contents[name] = content
    return name


async def _load(name: str, database: Database, keys: KeyRing) -> Conversation:
    chain: list[tuple[str, str, list[object]]] = []
    while name:
        rows = await database.fetch("log.blob", bytes.fromhex(name))
        if not rows:
            raise StoreCorrupt("a part of a conversation is missing from the log.", "Restore a backup.")
        blob = BlobRow(*rows[0])
        node = canonical.parse(open_blob(blob, await keys.get(blob.key_id)))
        chain.append((name, blob.key_id, node["messages"]))
        name = node["after"]
    talk = Conversation()
    for known, key_id, messages in reversed(chain):
        talk = talk.add(*messages)
        talk.stored[key_id] = known
    return talk


def _references(value: object) -> set[str]:
    if isinstance(value, dict):
        known = cast("dict[str, object]", value)
        if set(known) == {MARK}:
            return {str(known[MARK])}
        return set[str]().union(*(_references(each) for each in known.values()))
    if isinstance(value, list):
        return set[str]().union(*(_references(each) for each in cast("list[object]", value)))
    return set()


def _replaced(value: Any, talks: dict[str, Conversation]) -> Any:
    if isinstance(value, dict):
        known = cast("dict[str, Any]", value)
        if set(known) == {MARK}:
            return talks[str(known[MARK])]
        return {name: _replaced(each, talks) for name, each in known.items()}
    if isinstance(value, list):
        return [_replaced(each, talks) for each in cast("list[Any]", value)]
    return value


_NESTED = frozenset({dict, list})
