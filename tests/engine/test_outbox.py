"""Notes travel with what is written next; nothing is lost, reordered or held back by that."""

from __future__ import annotations

import asyncio

from remit.domain.action_events import ActionAdmitted
from remit.domain.events import RunResumed
from remit.engine.outbox import Outbox
from remit.store.database import Commit, Committed, Fence, Op
from remit.store.keys import DataKey
from remit.store.pen import Pen


class Shelf:
    """Takes commits and answers when it is told to."""

    def __init__(self) -> None:
        self.commits: list[Commit] = []
        self.answers: list[asyncio.Future[Committed]] = []

    def hurry(self, commit: Commit) -> None:
        """Nothing is held back here."""

    def submit(self, commit: Commit) -> asyncio.Future[Committed]:
        self.commits.append(commit)
        self.answers.append(asyncio.get_running_loop().create_future())
        return self.answers[-1]


def opened() -> tuple[Outbox, Shelf, list[BaseException]]:
    shelf, losses = Shelf(), list[BaseException]()
    pen = Pen("run:r-1", "default", DataKey("k-1", bytes(32)))
    return Outbox(pen, shelf, Fence("r-1", 1), losses.append), shelf, losses  # pyright: ignore[reportArgumentType]


def noted(name: str) -> RunResumed:
    return RunResumed(name, 1, "")


def sequences(shelf: Shelf) -> list[list[int]]:
    return [[event.seq for event in commit.events] for commit in shelf.commits]


async def test_notes_go_with_the_next_event_in_their_order() -> None:
    box, shelf, _ = opened()
    box.note(noted("a"), "", 1, ())
    box.note(noted("b"), "", 2, ())
    box.write(noted("c"), "", 3, (), None, (), ())
    assert sequences(shelf) == [[1, 2, 3]]
    await asyncio.sleep(0)
    assert sequences(shelf) == [[1, 2, 3]], "they went once"


async def test_a_note_that_nothing_follows_goes_when_the_loop_turns() -> None:
    box, shelf, _ = opened()
    box.note(noted("a"), "", 1, ())
    assert not shelf.commits
    await asyncio.sleep(0)
    assert sequences(shelf) == [[1]]


async def test_a_note_with_an_operation_goes_at_once_and_takes_the_others_along() -> None:
    box, shelf, _ = opened()
    box.note(noted("a"), "", 1, ())
    box.note(noted("b"), "", 2, [Op("budgets.admit", ())])
    assert sequences(shelf) == [[1, 2]]
    assert [op.query for op in shelf.commits[0].ops] == ["budgets.admit"]


async def test_whoever_waits_for_everything_waits_for_notes_as_well() -> None:
    box, shelf, losses = opened()
    box.note(noted("a"), "", 1, ())
    waiting = asyncio.ensure_future(box.settled())
    await asyncio.sleep(0)
    assert sequences(shelf) == [[1]]
    assert not waiting.done()
    shelf.answers[0].set_exception(OSError("the disk is gone"))
    await waiting
    assert [str(wrong) for wrong in losses] == ["the disk is gone"], "a refused note loses the run"


async def test_s03_what_was_let_pass_leaves_when_the_loop_turns_and_may_be_taken_back_until_then() -> None:
    box, shelf, _ = opened()
    box.admit(ActionAdmitted("a", "d"), "a", 1, ())
    box.admit(ActionAdmitted("b", "d"), "b", 2, ())
    assert box.take_back("a")
    assert not box.take_back("a"), "once"
    await asyncio.sleep(0)
    assert paths(shelf) == [["b"]]
    assert not box.take_back("b"), "it is on its way"


async def test_s03_what_was_let_pass_keeps_its_place_before_whatever_is_written_after_it() -> None:
    box, shelf, _ = opened()
    box.note(noted("first"), "first", 1, ())
    box.admit(ActionAdmitted("a", "d"), "a", 2, ())
    box.note(noted("second"), "second", 3, ())
    box.admit(ActionAdmitted("b", "d", {"half": "\ud800"}), "b", 4, ())
    box.write(noted("last"), "last", 5, (), None, (), ())
    assert paths(shelf) == [["first", "a", "second", "b", "last"]]
    assert sequences(shelf) == [[1, 2, 3, 4, 5]]


def paths(shelf: Shelf) -> list[list[str]]:
    return [[event.path for event in commit.events] for commit in shelf.commits]
