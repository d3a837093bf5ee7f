"""The Merkle tree against a slow reference, proofs against every change, the order of leaves against any arrival."""

from __future__ import annotations

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.store.leaves import Batch, LeafOrder, batch_of_positions
from remit.store.merkle import Frontier, Tree
from remit.store.verifying.tree import is_consistent, leaf_hash, root_by_inclusion

SIZES = st.integers(0, 130)


def leaves_of(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


def slow_root(leaves: list[bytes]) -> bytes:
    """RFC 9162, section 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + slow_root(leaves[:split]) + slow_root(leaves[split:])).digest()


def test_the_roots_of_the_rfc() -> None:
    """The first and the last of the well-known vectors of certificate transparency."""
    inputs = [b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43", bytes(range(0x50, 0x58)),
              bytes(range(0x60, 0x70))]  # fmt: skip
    tree = Tree([leaf_hash(each) for each in inputs])
    assert tree.root(1).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert tree.root(8).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(SIZES, st.data())
def test_a_growing_tree_has_the_root_of_the_whole(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    stop = data.draw(st.integers(0, size))
    frontier = Frontier()
    for leaf in leaves[:stop]:
        frontier.append(leaf)
    frontier = Frontier.load(frontier.size, frontier.dump())
    for leaf in leaves[stop:]:
        frontier.append(leaf)
    assert frontier.root() == slow_root(leaves) == Tree(leaves).root()


@given(st.integers(1, 130), st.data())
def test_a_proof_of_inclusion_leads_to_the_root_and_nothing_else_does(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    upto = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, upto - 1))
    path, root = Tree(leaves).inclusion(index, upto), slow_root(leaves[:upto])
    assert root_by_inclusion(index, upto, leaves[index], path) == root
    other = data.draw(st.integers(0, upto - 1).filter(lambda each: each != index)) if upto > 1 else index
    if other != index:
        assert root_by_inclusion(index, upto, leaves[other], path) != root
        assert root_by_inclusion(other, upto, leaves[index], path) != root
    assert root_by_inclusion(index, upto, leaves[index], [*path, bytes(32)]) != root
    assert root_by_inclusion(index, upto, leaves[index], path[:-1]) != root or not path


@given(SIZES, st.data())
def test_a_proof_of_consistency_holds_between_two_heads_and_no_others(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    first = data.draw(st.integers(0, size))
    old, new, path = slow_root(leaves[:first]), slow_root(leaves), Tree(leaves).consistency(first)
    assert is_consistent(first, size, old, new, path)
    if 0 < first < size:
        forged = leaves_of(size)
        forged[data.draw(st.integers(0, first - 1))] = bytes(32)
        assert not is_consistent(first, size, slow_root(forged[:first]), new, path)
        assert not is_consistent(first, size, old, slow_root(forged), path)
        assert not is_consistent(first, size, old, slow_root(forged), Tree(forged).consistency(first))
        assert not is_consistent(first, size, old, new, path[:-1])


@pytest.mark.parametrize("wrong", [(5, 4), (-1, 3), (3, 9)])
def test_what_is_not_in_a_tree_has_no_proof(wrong: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="tree"):
        Tree(leaves_of(4)).consistency(*wrong)


@given(st.data())
def test_s08_leaves_keep_their_order_whatever_the_order_of_reading(data: st.DataObject) -> None:
    """Transactions become visible in any order; each checkpoint takes what is there. The order that it signed is found
    again from positions alone, read in the order of commits or, after a restore, of positions.
    """
    positions = data.draw(st.lists(st.integers(1, 90), unique=True, min_size=1, max_size=60))
    arrival = data.draw(st.permutations(positions))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(arrival)), max_size=6)))
    batches: list[Batch] = []
    signed: list[int] = []
    begin = upto = 0
    for cut in cuts:
        batches.append(batch_of_positions(arrival[begin:cut], begin, upto))
        signed += sorted(arrival[begin:cut])
        begin, upto = cut, batches[-1].upto
    rest = arrival[begin:]
    for reading in (arrival, sorted(arrival), random.Random(7).sample(arrival, len(arrival))):
        order: LeafOrder[int] = LeafOrder(batches)
        found = [pos for each in reading for pos in order.feed(each, each)]
        found += order.rest()
        assert found[: len(signed)] == signed
        assert sorted(found[len(signed) :]) == sorted(rest)
        assert [pos for pos in arrival if order.covers(pos)] == [pos for pos in arrival if pos not in rest]
