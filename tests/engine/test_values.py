"""Values come out of the journal as the type that went in, the first time too; what cannot is refused by step name."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, TypedDict
from uuid import UUID

import msgspec
import pydantic
import pytest

from remit import Run, flow, step
from remit.control.settings import LimitSettings, Settings
from remit.domain.errors import RunFailed
from remit.wire import canonical
from tests.engine.places import Place, parked
from tests.engine.steps import OUTSIDE, look


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


@dataclass(frozen=True)
class Item:
    name: str
    colour: Colour
    at: datetime
    tags: frozenset[str] = field(default_factory=frozenset[str])


class Order(msgspec.Struct, frozen=True):
    items: tuple[Item, ...]
    note: str | None = None


class Invoice(pydantic.BaseModel):
    total: Decimal
    due: date


class Row(TypedDict):
    id: int
    name: str


class Pair(NamedTuple):
    left: int
    right: str


NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ITEM = Item("hat", Colour.RED, NOON, frozenset({"a", "b"}))

VALUES: list[tuple[Any, Any]] = [
    (Item, ITEM),
    (Order, Order((ITEM, ITEM), "hello")),
    (Invoice, Invoice(total=Decimal("10.50"), due=date(2026, 3, 4))),
    (list[Invoice], [Invoice(total=Decimal(1), due=date(2026, 3, 4))]),
    (Row, Row(id=1, name="x")),
    (Pair, Pair(1, "x")),
    (Colour, Colour.RED),
    (Level, Level.HIGH),
    (datetime, NOON),
    (timedelta, timedelta(hours=3)),
    (tuple[int, str], (1, "x")),
    (dict[str, Item], {"one": ITEM}),
    (Item | None, None),
    (bytes, b"\x00\xff"),
    (UUID, UUID(int=7)),
    (float, 1.5),
    (Any, {"plain": [1, None, True, "ünïcode 🎩"]}),
]


def _gives(hint: Any, value: Any, name: str) -> Any:
    async def give() -> Any:
        OUTSIDE.note(name)
        return value

    give.__annotations__["return"] = hint
    return step(effect="read", name=name)(give)


STEPS = [_gives(hint, value, f"give{n}") for n, (hint, value) in enumerate(VALUES)]


@flow
async def keeps_types(run: Run) -> list[str]:
    found = [await run.step(each) for each in STEPS]
    await run.step(look, [f"{type(each).__name__} {each!r}" for each in found])
    await run.signal("go")
    return [f"{type(each).__name__} {each!r}" for each in found]


async def test_every_annotated_type_comes_back_the_same_at_once_and_on_replay(place: Place) -> None:
    async with place.stage(keeps_types) as stage:
        run = await stage.start(keeps_types)
        await parked(run, "signal")
        first = next(h[1] for h in OUTSIDE.happened if h[0] == "look")
        await stage.crash_and_restart()
        await run.signal("go")
        assert await run.result() == first
        expected = [value for _, value in VALUES]
        assert [f"{type(each).__name__} {each!r}" for each in expected] == first
    assert all(OUTSIDE.count(f"give{n}") == 1 for n in range(len(VALUES)))


def _circle() -> list[Any]:
    circle: list[Any] = []
    circle.append(circle)
    return circle


@dataclass
class Holder:
    inside: Any


BAD: dict[str, tuple[Any, Any, str]] = {
    "nan": (float, math.nan, "is not finite"),
    "nested_nan": (Holder, Holder([math.inf]), "is not finite"),
    "huge_integer": (int, 2**60, "beyond 2\\^53-1"),
    "nested_integer": (dict[str, int], {"id": 2**60}, "beyond 2\\^53-1"),
    "surrogate": (str, "\ud800", "not valid Unicode"),
    "nested_surrogate": (dict[str, str], {"a": "\udfff"}, "not valid Unicode"),
    "object": (Any, object(), "cannot be written as JSON"),
    "generator": (Any, (n for n in [1]), "cannot be written as JSON"),
    "circle": (Any, _circle(), "contains itself"),
    "integer_keys": (Any, {1: 2}, "JSON keys are text"),
    "too_large": (str, "x" * 5000, "returned 5,00. bytes, and the log accepts 4,096"),
    "unannotated": (Any, ITEM, "annotate it with -> Item"),
    "other_type": (int, "three", "its annotation int cannot read back"),
}


@flow
async def returns_badly(run: Run, what: str, caught: bool) -> str:
    hint, value, _ = BAD[what]
    try:
        await run.step(_gives(hint, value, what))
    except Exception as refused:
        if not caught:
            raise
        return str(refused)
    return "accepted"


@pytest.mark.parametrize("what", BAD)
async def test_a_result_that_cannot_be_journaled_is_refused_and_names_its_step(
    on_sqlite: Place, what: str
) -> None:
    small = Settings(limits=LimitSettings(result_bytes=4096))
    async with on_sqlite.stage(returns_badly, chosen=small) as stage:
        pattern = f"step {what} returned(.|\n)*{BAD[what][2]}|step {what} {BAD[what][2]}"
        run = await stage.start(returns_badly, what=what, caught=False)
        with pytest.raises(RunFailed, match=pattern):
            await run.result()
        forgiving = await stage.start(returns_badly, what=what, caught=True)
        assert f"step {what} returned" in await forgiving.result()
        assert (await stage.platform.replay(forgiving.id)).verdict == "equal"


@flow
async def is_given_badly(run: Run) -> str:
    try:
        await run.step(look, {"n": 2**60})
    except Exception as refused:  # noqa: BLE001 - its text is the point
        return str(refused)
    return "accepted"


async def test_an_argument_that_cannot_be_journaled_names_the_step_it_was_for(on_sqlite: Place) -> None:
    async with on_sqlite.stage(is_given_badly) as stage:
        said = await (await stage.start(is_given_badly)).result()
        assert said.startswith("step look was given something that cannot be journaled: the integer")
    assert OUTSIDE.happened == []


def test_s12_a_digest_does_not_depend_on_the_order_in_which_a_set_happens_to_be() -> None:
    assert list({0, 8}) != list({8, 0}), "the same set, twice, in two orders"
    assert canonical.digest(canonical.plain([{0, 8}])) == canonical.digest(canonical.plain([{8, 0}]))
    assert canonical.plain(Holder({"b", "a"})) == {"inside": ["a", "b"]}


@flow
async def changes_what_it_got(run: Run, given: list[int]) -> list[int]:
    given.append(1)
    got = await run.step(look, given)
    got.append(2)
    await run.signal("go")
    return list(await run.step(look, got))


async def test_s14_a_rehearsal_does_not_see_what_the_flow_did_to_its_values(
    on_sqlite: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_sqlite.stage(changes_what_it_got) as stage:
        run = await stage.start(changes_what_it_got, given=[0])
        await parked(run, "signal")
        monkeypatch.setattr("remit.engine.executor.pin_of", str)
        await run.signal("go")
        assert await run.result() == [0, 1, 2]
