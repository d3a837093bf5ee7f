"""Flow programs as data: trees of durable operations that a generator grows, a flow executes and a model predicts.

One program exercises what a flow may do (steps of every effect, waits, branches, children, generations) with a
result that no crash, order or timing may change. What the steps do to the world is the caller's business.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from remit.domain.errors import Rejected, StepFailed, TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from random import Random

    from remit.agents.run import Run

DAY = 86_400
HOPELESS = 9
"""The number of failures of a read that never succeeds."""
WRITES = ("keyed", "reconciled", "unkeyed")
LEAVES = ("read", "insist", *WRITES, "sleep", "signal", "ask", "marks")
COMPOSITES = ("seq", "all", "first", "each", "within", "expired", "spoiled", "tidy", "child")
_DEEPEST = 3


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
        case "keyed" | "reconciled" | "unkeyed" | "think":
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


def walk(node: Node) -> Iterator[Node]:
    """Every node, from the outside in."""
    yield node
    for part in node.parts:
        yield from walk(part)


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


@dataclass(frozen=True, slots=True)
class Turn:
    """A node about to be carried out: by which run, under which label, with whose hands."""

    run: Run
    node: Node
    tag: str
    hands: Hands

    @property
    def label(self) -> str:
        """Where this stands among everything the run does."""
        return f"{self.tag}/{self.node.id}"

    def saw(self, value: Any) -> None:
        """The flow was told this here."""
        self.hands.saw(self.run, self.label, value)

    def part(self, number: int) -> Coroutine[Any, Any, int]:
        """Carry out a part."""
        return perform(self.run, self.node.parts[number], self.tag, self.hands)

    def parts(self) -> list[Coroutine[Any, Any, int]]:
        """Carry out every part, each as a branch."""
        return [self.part(number) for number in range(len(self.node.parts))]

    async def in_turn(self) -> int:
        """Carry out one part after the other."""
        return sum([await self.part(number) for number in range(len(self.node.parts))])


async def perform(run: Run, node: Node, tag: str, hands: Hands) -> int:
    """Carry a program out."""
    turn = Turn(run, node, tag, hands)
    way = _WAYS.get(node.kind)
    return await way(turn) if way is not None else await hands.act(run, node, turn.label)


async def _sleep(turn: Turn) -> int:
    await turn.run.sleep(turn.node.amount)
    return 0


async def _marks(turn: Turn) -> int:
    run = turn.run
    turn.saw([run.now().isoformat(), run.uuid().hex, run.random().random()])
    return 0


async def _signal(turn: Turn) -> int:
    value = await turn.run.signal(f"s{turn.node.id}")
    turn.saw(value)
    return value


async def _ask(turn: Turn) -> int:
    try:
        value = await turn.run.human("people", {"worth": worth(turn.node), "answer": turn.node.amount})
    except Rejected:
        turn.saw("rejected")
        return 0
    turn.saw(value)
    return value["worth"]


async def _tidy(turn: Turn) -> int:
    """Cleaning up is durable, too, and parking is no reason for it."""
    try:
        return await turn.part(0)
    finally:
        await turn.part(1)


async def _child(turn: Turn) -> int:
    return await turn.hands.child(turn.run, turn.node.parts[0], turn.label)


async def _all(turn: Turn) -> int:
    return sum(await turn.run.gather(*turn.parts()))


async def _first(turn: Turn) -> int:
    turn.saw(await turn.run.race(*turn.parts()))
    return worth(turn.node)


async def _each(turn: Turn) -> int:
    order = [value async for value in turn.run.as_completed(*turn.parts())]
    turn.saw(order)
    return sum(order)


async def _within(turn: Turn) -> int:
    return await turn.run.timeout(DAY, turn.part(0))


async def _expired(turn: Turn) -> int:
    """Something that cannot be in time: it waits for a signal that nobody sends."""

    async def in_vain() -> int:
        return await turn.in_turn() + await turn.run.signal("nobody.sends.this")

    try:
        return await turn.run.timeout(5, in_vain())
    except TimedOut:
        return worth(turn.node)


async def _spoiled(turn: Turn) -> int:
    """A gather of which one branch fails for good."""
    fail = turn.hands.act(turn.run, Node("read", turn.node.id, HOPELESS + 1), turn.label)
    try:
        await turn.run.gather(*turn.parts(), fail)
    except StepFailed:
        return worth(turn.node)
    return 0


_WAYS: dict[str, Callable[[Turn], Coroutine[Any, Any, int]]] = {
    "sleep": _sleep, "marks": _marks, "signal": _signal, "ask": _ask, "seq": Turn.in_turn, "tidy": _tidy,
    "child": _child, "all": _all, "first": _first, "each": _each, "within": _within, "expired": _expired,
    "spoiled": _spoiled,
}  # fmt: skip

_MOODS: dict[str, tuple[int, ...]] = {
    "read": (0, 0, 0, 4, HOPELESS),
    "insist": (0, 1, 2, HOPELESS),
    **dict.fromkeys(WRITES, (0, 0, 0, 0, 1, 2, HOPELESS)),
    "sleep": (0, 1, 60, 3600),
    "ask": (0, 0, 1, 2),
}
_PARTS = {"within": (1, 1), "expired": (1, 1), "child": (1, 1)} | dict.fromkeys(
    ("seq", "all", "first", "each", "spoiled"), (2, 3)
)


def _pick(random: Random, *, deep: bool) -> str:
    return random.choice(LEAVES if not deep or random.random() < 0.6 else COMPOSITES)  # noqa: PLR2004 - a taste


def _grow(random: Random, kind: str, depth: int = 0) -> Node:
    def part() -> Node:
        return _grow(random, _pick(random, deep=depth < _DEEPEST), depth + 1)

    if kind == "tidy":
        return Node(kind, parts=(part(), Node("keyed")))
    amount = random.choice(_MOODS.get(kind, (0,)))
    return Node(kind, 0, amount, tuple(part() for _ in range(random.randint(*_PARTS.get(kind, (0, 0))))))
