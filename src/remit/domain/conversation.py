"""A conversation: an append-only sequence of messages that shares its past.

Adding to it copies nothing, and it is stored once however often it is passed around: durable values refer to
its newest node, and each node names only its own messages and the node before it. It knows no storage; `stored`
is a note that the store leaves so that a node is written once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Conversation:
    """An immutable list of messages; `add` gives a longer one."""

    __slots__ = ("_length", "_messages", "_parent", "stored")

    def __init__(self, *messages: object) -> None:
        self._parent: Conversation | None = None
        self._messages: tuple[object, ...] = messages
        self._length = len(messages)
        self.stored: dict[str, str] = {}

    def add(self, *messages: object) -> Conversation:
        """This conversation with `messages` after it."""
        longer = Conversation(*messages)
        longer._parent = self if self._length else None
        longer._length = self._length + len(messages)
        return longer

    @property
    def parent(self) -> Conversation | None:
        """The conversation this one continues."""
        return self._parent

    @property
    def newest(self) -> tuple[object, ...]:
        """The messages that this node added to its parent."""
        return self._messages

    def nodes(self) -> list[Conversation]:
        """Every node from the oldest to this one."""
        chain: list[Conversation] = []
        node: Conversation | None = self
        while node is not None:
            chain.append(node)
            node = node.parent
        chain.reverse()
        return chain

    def __iter__(self) -> Iterator[object]:
        for node in self.nodes():
            yield from node.newest

    def __len__(self) -> int:
        return self._length

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Conversation) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(self._length)

    def __repr__(self) -> str:
        return f"Conversation({self._length} messages)"
