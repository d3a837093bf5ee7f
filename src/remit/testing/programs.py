"""Flow programs as data: trees of durable operations that a generator grows, a flow executes and a model predicts.

One program exercises what a flow may do (steps of every effect, waits, branches, children, generations) with a
result that no crash, order or timing may change. What the steps do to the world is the caller's business.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from remit.domain.errors import Rejected, StepFailed, TimedOut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from remit.engine.run import Run

DAY = 86_400
HOPELESS = 9
"""The number of failures of a read that never succeeds."""
WRITES = ("keyed", "reconciled", "unkeyed")
LEAVES = ("read", "insist", *WRITES, "sleep", "signal", "ask", "marks")
COMPOSITES = ("seq", "all", "first", "each", "within", "expired", "spoiled", "tidy", "child")
_MOST_FANCY = 3


@dataclass(frozen=True, slots=True)
class Node:
    """One operation; `amount` is its mood: failures, seconds, or the verdict, as its kind has it."""

    kind: str
    id: int = 0
    amount: int = 0
    parts: tuple[Node, ...] = ()


class Hands(Protocol):
    """What a program needs to act: the world it acts on, and who takes note of what the flow has seen."""

    async def act(self, run: Run, node: Node, label: str) -> int:
        """Perform a step of the node's kind through the run; gives what it is worth."""
        ...

    async def child(self, run: Run, node: Node, label: str) -> int:
        """Let a child run perform the node."""
        ...

    def saw(self, run: Run, label: str, value: Any) -> None:
        """The flow was told this; every later replay has to tell it the same."""
        ...


def worth(node: Node) -> int:
    """What a node yields when it succeeds: nothing but a number of its own."""
    return (node.id * 2_654_435_761 + 97) % 1000 + 1


def expected(node: Node) -> int:
    """What a program must come to, however often it was interrupted."""
    match node.kind:
        case "read" | "insist":
            return 0 if node.amount >= HOPELESS else worth(node)
        case "keyed" | "reconciled" | "unkeyed":
            return 0 if node.amount >= HOPELESS else worth(node)
        case "ask":
            return (worth(node), worth(node) + 1, 0)[node.amount]
        case "signal" | "first" | "expired" | "spoiled":
            return worth(node)
        case "sleep" | "marks":
            return 0
        case "tidy":
            return expected(node.parts[0])
        case _:
            return sum(map(expected, node.parts))


def walk(node: Node, *, certain: bool = True) -> Iterator[tuple[Node, bool]]:
    """Every node, with whether it is certain to be carried out: losers of a race may be cancelled anywhere."""
    yield node, certain
    for part in node.parts:
        yield from walk(part, certain=certain and node.kind not in {"first", "spoiled", "expired"})


def grow(random: Random, size: int = 8, must: tuple[Node, ...] = ()) -> Node:
    """A random program of about `size` leaves, in which every node of `must` occurs."""
    parts = [node for node in must if node.kind != "again"]
    left = size - len(parts)
    while left > 0:
        part = _grow(random, _pick(random, deep=True))
        left -= sum(1 for _ in walk(part))
        parts.append(part)
    random.shuffle(parts)
    again = any(node.kind == "again" for node in must)
    if again or random.random() < 0.15:  # noqa: PLR2004 - a taste
        cut = random.randint(0, len(parts))
        halves = (Node("seq", parts=tuple(parts[:cut])), Node("seq", parts=tuple(parts[cut:])))
        return number(Node("again", parts=halves))
    return number(Node("seq", parts=tuple(parts)))


def number(node: Node) -> Node:
    """The same program with an id of its own on every node."""
    count = 0

    def visit(each: Node) -> Node:
        nonlocal count
        count += 1
        mine = count
        return replace(each, id=mine, parts=tuple(visit(part) for part in each.parts))

    return visit(node)


async def perform(run: Run, node: Node, tag: str, hands: Hands) -> int:  # noqa: PLR0911 - one case for each kind
    """Carry a program out."""
    label = f"{tag}/{node.id}"
    parts = [perform(run, part, tag, hands) for part in node.parts] if node.kind in _BRANCHING else []
    match node.kind:
        case "sleep":
            await run.sleep(node.amount)
            return 0
        case "marks":
            hands.saw(run, label, [run.now().isoformat(), run.uuid().hex, run.random().random()])
            return 0
        case "signal":
            return await _signal(run, node, label, hands)
        case "ask":
            return await _ask(run, node, label, hands)
        case "seq":
            return sum([await perform(run, part, tag, hands) for part in node.parts])
        case "tidy":
            try:
                return await perform(run, node.parts[0], tag, hands)
            finally:
                await perform(run, node.parts[1], tag, hands)
        case "child":
            return await hands.child(run, node.parts[0], label)
        case "all":
            return sum(await run.gather(*parts))
        case "first":
            hands.saw(run, label, await run.race(*parts))
            return worth(node)
        case "each":
            order = [value async for value in run.as_completed(*parts)]
            hands.saw(run, label, order)
            return sum(order)
        case "within":
            return await run.timeout(DAY, parts[0])
        case "expired":
            return await _expire(run, node, tag, hands)
        case "spoiled":
            return await _spoil(run, node, parts, hands, label)
        case _:
            return await hands.act(run, node, label)


_BRANCHING = frozenset({"all", "first", "each", "within", "spoiled"})


async def _signal(run: Run, node: Node, label: str, hands: Hands) -> int:
    value = await run.signal(f"s{node.id}")
    hands.saw(run, label, value)
    return value


async def _ask(run: Run, node: Node, label: str, hands: Hands) -> int:
    try:
        value = await run.human("people", {"worth": worth(node), "answer": node.amount})
    except Rejected:
        hands.saw(run, label, "rejected")
        return 0
    hands.saw(run, label, value)
    return value["worth"]


async def _expire(run: Run, node: Node, tag: str, hands: Hands) -> int:
    """Something that cannot be in time: it waits for a signal that nobody sends."""

    async def in_vain() -> int:
        total = sum([await perform(run, part, tag, hands) for part in node.parts])
        return total + await run.signal("nobody.sends.this")

    try:
        return await run.timeout(5, in_vain())
    except TimedOut:
        return worth(node)


async def _spoil(run: Run, node: Node, parts: list[Any], hands: Hands, label: str) -> int:
    """A gather of which one branch fails for good."""

    async def fail() -> int:
        await hands.act(run, Node("read", node.id, HOPELESS + 1), label)
        return 0

    try:
        await run.gather(*parts, fail())
    except StepFailed:
        return worth(node)
    return 0


def _pick(random: Random, *, deep: bool) -> str:
    return random.choice(LEAVES if not deep or random.random() < 0.6 else COMPOSITES)  # noqa: PLR2004 - a taste


def _grow(random: Random, kind: str, depth: int = 0) -> Node:
    deep = depth < _MOST_FANCY

    def part() -> Node:
        return _grow(random, _pick(random, deep=deep), depth + 1)

    match kind:
        case "read":
            return Node(kind, amount=random.choice([0, 0, 0, 4, HOPELESS]))
        case "insist":
            return Node(kind, amount=random.choice([0, 1, 2, HOPELESS]))
        case "keyed" | "reconciled" | "unkeyed":
            return Node(kind, amount=random.choice([0, 0, 0, 0, 1, 2, HOPELESS]))
        case "sleep":
            return Node(kind, amount=random.choice([0, 1, 60, 3600]))
        case "ask":
            return Node(kind, amount=random.choice([0, 0, 1, 2]))
        case "within" | "expired" | "child":
            return Node(kind, parts=(part(),))
        case "tidy":
            return Node(kind, parts=(part(), Node("keyed")))
        case "seq" | "all" | "first" | "each" | "spoiled":
            return Node(kind, parts=tuple(part() for _ in range(random.randint(2, 3))))
        case _:
            return Node(kind)
