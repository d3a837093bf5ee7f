"""What Python tools leave behind for undo, and that undo never writes over what it did not see."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.action_errors import CannotUndo
from remit.domain.effects import Absent, Happened
from remit.domain.tools import ObjectImage, Performed
from remit.tools.binding import ToolContext
from remit.tools.tool import PythonTool, tool
from tests.tools.calling import context, perform, receipt, undo


def _nothing(image: Any = None, **_: Any) -> None: ...


class Desk:
    """Tickets, and the tools that change them."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {1: {"status": "open", "note": ""}}
        self.set_status = self._tool()

    def _tool(self) -> PythonTool:
        @tool(undo="restore", roles={"number": "object"}, object="tickets/{number}", reads="crm")
        def set_status(number: int, status: str, note: str = "") -> dict[str, Any]:
            self.rows[number] = {"status": status, "note": note}
            return self.rows[number]

        @set_status.before
        async def image(number: int, **_: Any) -> dict[str, Any] | None:
            return self.rows.get(number)

        @set_status.restore
        async def put_back(image: dict[str, Any] | None, number: int) -> None:
            if image is None:
                del self.rows[number]
            else:
                self.rows[number] = image

        return set_status


async def test_a_write_carries_what_was_and_what_is() -> None:
    desk = Desk()
    done = await perform(desk.set_status, number=1, status="solved")
    (image,) = done.images
    assert (image.object, image.before) == ("tickets/1", {"status": "open", "note": ""})
    assert image.after == {"status": "solved", "note": ""}
    assert "two steps" in done.best_effort
    assert "two steps" in desk.set_status.manifest.best_effort


async def test_undo_puts_back_what_was_and_removes_what_was_not() -> None:
    desk = Desk()
    for ticket in (1, 2):
        arguments = {"number": ticket, "status": "solved"}
        await undo(desk.set_status, arguments, await perform(desk.set_status, **arguments))
    assert desk.rows == {1: {"status": "open", "note": ""}}


@given(
    writes=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["open", "solved", "held"])), max_size=12)
)
async def test_any_sequence_of_writes_can_be_walked_back(writes: list[tuple[int, str]]) -> None:
    desk = Desk()
    start = dict(desk.rows)
    done: list[tuple[dict[str, Any], Performed]] = []
    for ticket, status in writes:
        arguments = {"number": ticket, "status": status}
        done.append((arguments, await perform(desk.set_status, **arguments)))
    for arguments, performed in reversed(done):
        await undo(desk.set_status, arguments, performed)
    assert desk.rows == start


async def test_s27_a_change_between_the_look_and_the_restore_is_not_written_over() -> None:
    desk = Desk()
    arguments = {"number": 1, "status": "solved"}
    made = receipt(desk.set_status, arguments, await perform(desk.set_status, **arguments))
    image = made.images[0]
    state, precondition = await desk.set_status.binding.current(made, image, context())
    assert state == image.after
    desk.rows[1] = {"status": "a stranger's", "note": ""}
    with pytest.raises(CannotUndo, match="tickets/1 changed"):
        await desk.set_status.binding.restore(made, image, image.before, precondition, context())
    assert desk.rows[1]["status"] == "a stranger's"


async def test_a_write_does_not_fail_because_the_look_after_it_does() -> None:
    looks = iter([{"v": 1}, None])

    @tool(undo="restore")
    async def write(number: int) -> str:
        return "done"

    @write.before
    async def look(number: int) -> object:
        found = next(looks)
        if found is None:
            raise ConnectionError("the line went dead")
        return found

    write.restore(_nothing)
    done = await perform(write, number=1)
    assert (done.result, done.images) == ("done", ())
    assert "the line went dead" in done.best_effort


async def test_a_restore_is_given_what_its_signature_asks_for() -> None:
    given_to: dict[str, Any] = {}

    @tool(undo="restore")
    async def create(name: str, size: int = 3) -> int:
        return 17

    @create.before
    async def look(context: ToolContext) -> None: ...

    @create.restore
    async def remove(was: dict[str, Any] | None, result: int, size: int, context: ToolContext) -> None:
        given_to.update(was=was, result=result, size=size, by=context.user)

    arguments = {"name": "x"}
    await undo(create, arguments, await perform(create, **arguments))
    assert given_to == {"was": None, "result": 17, "size": 3, "by": "ada"}


async def test_a_state_that_the_restore_cannot_take_stops_the_undo() -> None:
    @tool(undo="restore")
    async def create(name: str) -> None: ...

    @create.before
    async def look(name: str) -> None: ...

    @create.restore
    async def put_back(image: str) -> None: ...

    with pytest.raises(CannotUndo, match="it did not exist before"):
        await undo(create, {"name": "x"}, await perform(create, name="x"))


async def test_objects_without_a_name_of_their_own_are_named_by_their_roles() -> None:
    @tool(undo="restore", roles={"team": "object", "number": "object"}, reads="crm")
    async def write(team: str, number: int, text: str) -> None: ...

    write.before(_nothing)
    write.restore(_nothing)
    (image,) = (await perform(write, team="a", number=7, text="x")).images
    assert image.object == "crm/a/7"


async def test_a_tool_that_cannot_be_taken_back_says_so() -> None:
    @tool
    async def send(to: str) -> None: ...

    done = await perform(send, to="a")
    assert done.images == ()
    made = receipt(send, {"to": "a"}, done)
    with pytest.raises(CannotUndo, match="does not say how it is undone"):
        await send.binding.current(made, ObjectImage("x"), context())


@pytest.mark.parametrize("verdict", [Happened({"number": 4}), Absent(), None, "who knows"])
async def test_reconcile_says_what_took_place(verdict: object) -> None:
    seen: list[tuple[str, str]] = []

    async def find(to: str, idempotency_key: str) -> object:
        seen.append((to, idempotency_key))
        return verdict

    @tool(reconcile=find)
    async def send(to: str, text: str) -> dict[str, int]: ...

    found = await send.binding.reconcile({"to": "a", "text": "b"}, context(key="k-9"))
    expected = Happened(Performed({"number": 4})) if isinstance(verdict, Happened) else verdict
    assert found == (expected if isinstance(verdict, Happened | Absent) else None)
    assert seen == [("a", "k-9")]
    assert send.manifest.reconciles
