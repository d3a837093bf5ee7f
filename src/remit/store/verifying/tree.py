"""The Merkle tree of RFC 9162 as far as a reader needs it: hashes, a tree that grows leaf by leaf, and the check of
proofs. It knows nothing of what the leaves are.
"""

from __future__ import annotations

import hashlib

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()


def leaf_hash(content: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that only grows: the roots of its complete subtrees, largest first, and nothing below them."""

    __slots__ = ("nodes", "size")

    def __init__(self, size: int = 0, nodes: tuple[bytes, ...] = ()) -> None:
        if size.bit_count() != len(nodes):
            raise ValueError(
                f"a tree of {size} leaves has {size.bit_count()} complete subtrees, not {len(nodes)}"
            )
        self.size = size
        self.nodes = list(nodes)

    @classmethod
    def load(cls, size: int, packed: bytes) -> Frontier:
        """The tree that `dump` wrote."""
        return cls(size, tuple(packed[n : n + HASH_BYTES] for n in range(0, len(packed), HASH_BYTES)))

    def dump(self) -> bytes:
        """All it needs to go on."""
        return b"".join(self.nodes)

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        nodes, size = self.nodes, self.size
        while size & 1:
            leaf = node_hash(nodes.pop(), leaf)
            size >>= 1
        nodes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The hash that stands for everything so far."""
        if not self.nodes:
            return EMPTY_ROOT
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = node_hash(node, root)
        return root


def root_by_inclusion(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes | None:
    """The root that a proof leads to for the leaf at `index` of a tree of `size`; None for a proof that is none."""
    if not 0 <= index < size:
        return None
    node, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    return found if last == 0 else None


def is_consistent(first: int, second: int, old: bytes, new: bytes, path: list[bytes]) -> bool:
    """Whether the tree of size `second` and root `new` goes on from the one of size `first` and root `old`."""
    if not 0 < first <= second:
        return first == 0 and not path
    if first == second:
        return old == new and not path
    proof = [old, *path] if first & (first - 1) == 0 else list(path)
    if not proof:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    before = after = proof[0]
    for sibling in proof[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and before == old and after == new
