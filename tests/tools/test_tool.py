"""A tool: what `@tool` makes of a function, what it refuses, and that nobody calls it past a gate."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest

from remit.domain.action_errors import BadArguments, InvalidTool, NotInARun
from remit.domain.effects import Backoff, Breaker, Effect
from remit.domain.errors import NotEncodable, ToolFailed
from remit.domain.tools import ArgumentRole, Rate, SandboxTier, Undo
from remit.tools.binding import ToolContext
from remit.tools.tool import PythonTool, Tool, nested_call, tool
from tests.tools.calling import context, perform


@dataclass
class Ticket:
    number: int
    status: str = "open"


@tool(
    effect="read",
    reads="crm",
    data_class="personal",
    roles={"number": "object"},
    timeout="5s",
    owner="crm-team",
)
async def get_ticket(number: int) -> Ticket:
    """A ticket as it stands."""
    return Ticket(number)


def test_everything_that_is_declared_is_in_the_manifest() -> None:
    @tool(
        effect="irreversible", roles={"to": "destination", "text": "content"}, timeout="1m", retry=Backoff(2),
        rate="10/30s", breaker=Breaker(3), limit=4, key_ttl="2h", secrets=["mail_token"],
        owner="mail", name="send-mail", description="Sends.", trusted=True, readers=["support"], hold="10m",
    )  # fmt: skip
    async def send(to: str, text: str, idempotency_key: str, context: ToolContext) -> None: ...

    made = send.manifest
    assert (made.name, made.description, made.effect) == ("send-mail", "Sends.", Effect.IRREVERSIBLE)
    assert made.roles == {"to": ArgumentRole.DESTINATION, "text": ArgumentRole.CONTENT}
    assert (made.timeout, made.retry, made.rate, made.limit) == (60.0, Backoff(2), Rate(10, 30.0), 4)
    assert (made.breaker, made.keyed, made.key_ttl) == (Breaker(3), True, 7200.0)
    assert (made.secrets, made.tier, made.owner) == (("mail_token",), SandboxTier.NONE, "mail")
    assert made.hold == 600.0
    assert (made.label.trusted, made.label.readers, made.source) == (True, ("support",), "python")
    assert list(made.parameters["properties"]) == ["to", "text"]


def test_a_tool_that_says_nothing_is_a_write_that_cannot_be_taken_back() -> None:
    @tool
    def close_ticket(number: int) -> None: ...

    assert (close_ticket.manifest.effect, close_ticket.manifest.undo) == (Effect.WRITE, Undo.NONE)


def test_the_digest_follows_the_code_and_everything_that_is_declared() -> None:
    def make(**declared: Any) -> str:
        @tool(**declared)
        def f(number: int) -> int:
            return number

        return f.manifest.digest

    def other() -> str:
        @tool()
        def f(number: int) -> int:
            return number + 1

        return f.manifest.digest

    digests = {
        make(),
        make(effect="read"),
        make(owner="x"),
        make(roles={"number": "object"}),
        make(rate="1/s"),
        other(),
    }
    assert len(digests) == 6
    assert make() == make()


def test_attaching_what_undo_needs_changes_the_digest() -> None:
    @tool(effect="write", undo="restore")
    def f(number: int) -> int:
        return number

    alone = f.manifest.digest
    f.before(_nothing)
    assert f.manifest.digest != alone


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"effect": "maybe"}, 'has effect "maybe"'),
        ({"roles": {"number": "thing"}}, 'has role "thing"'),
        ({"roles": {"di": "object"}}, 'gives a role to "di"'),
        ({"undo": "inverse"}, "for tools that a document describes"),
        ({"undo": "restore", "effect": "read"}, "only a write can be taken back"),
        ({"undo": "restore", "effect": "irreversible"}, "only a write can be taken back"),
        ({"tier": "moon"}, 'has tier "moon"'),
        ({"rate": "often"}, 'has the rate "often"'),
        ({"rate": "0/s"}, 'has the rate "0/s"'),
        ({"timeout": "soon"}, "has a timeout that is none"),
        ({"timeout": 0}, "has to be more than nothing"),
        ({"secrets": "crm_token"}, 'secrets=["crm_token"]'),
        ({"name": "send mail"}, "cannot be called"),
        ({"name": "x" * 65}, "cannot be called"),
    ],
)
def test_what_cannot_work_is_refused_where_it_is_declared(declared: dict[str, Any], says: str) -> None:
    def f(number: int) -> None: ...

    with pytest.raises(InvalidTool) as refused:
        tool(**declared)(f)
    assert says in str(refused.value)


def test_parameters_that_a_model_cannot_name_are_refused() -> None:
    def starred(*ids: int) -> None: ...
    def open_ended(**rest: int) -> None: ...

    for fn in (starred, open_ended):
        with pytest.raises(InvalidTool, match="arguments by name"):
            tool(fn)
    with pytest.raises(InvalidTool, match="not a function"):
        tool(Ticket)


def test_a_parameter_without_a_type_is_refused_by_name() -> None:
    def f(number: int, note: str) -> None: ...

    del f.__annotations__["number"]
    with pytest.raises(InvalidTool, match='f takes "number" without a type'):
        _ = tool(f).manifest


def test_a_synchronous_tool_cannot_wait_for_a_secret() -> None:
    with pytest.raises(InvalidTool, match="async def"):

        @tool(secrets=["token"])
        def f(number: int, context: ToolContext) -> None: ...


@pytest.mark.parametrize("missing", ["before", "restore"])
def test_undo_that_is_half_declared_is_refused_when_it_is_first_used(missing: str) -> None:
    @tool(undo="restore")
    def set_status(number: int) -> None: ...

    (set_status.restore if missing == "before" else set_status.before)(_nothing)
    with pytest.raises(InvalidTool, match=f"has no @set_status.{missing}"):
        set_status.check()


def test_undo_that_nobody_asked_for_is_refused() -> None:
    @tool
    def set_status(number: int) -> None: ...

    with pytest.raises(InvalidTool, match='undo="restore"'):
        set_status.before(_nothing)


async def test_s26_a_direct_call_raises_outside_of_a_run() -> None:
    called: list[int] = []

    @tool(effect="read")
    async def look(number: int) -> int:
        called.append(number)
        return number

    with pytest.raises(NotInARun, match=r"await run.call\(look"):
        await look(7)
    assert called == []


async def test_a_call_inside_of_a_tool_goes_to_the_gate_and_comes_back_typed() -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    @tool(effect="read")
    async def outer(number: int) -> str:
        ticket = await get_ticket(number=number)
        return f"{type(ticket).__name__} {ticket.status}"

    with gate(asked, {"number": 7, "status": "solved"}):
        assert (await perform(outer, number=7)).result == "Ticket solved"
    assert asked == [("get_ticket", {"number": 7})]


async def test_a_synchronous_tool_gets_the_answer_itself() -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    @tool(effect="read")
    def outer(number: int) -> str:
        assert threading.current_thread() is not threading.main_thread()
        ticket: Ticket = get_ticket(number)
        return ticket.status

    with gate(asked, {"number": 7, "status": "solved"}):
        assert (await perform(outer, number=7)).result == "solved"
    assert asked == [("get_ticket", {"number": 7})]


async def test_arguments_travel_as_json_and_results_come_back_typed() -> None:
    @tool(effect="read")
    async def find(ticket: Ticket, limit: int = 3) -> list[Ticket]:
        return [ticket] * limit

    plain = find.arguments(Ticket(1), limit=2)
    assert plain == {"ticket": {"number": 1, "status": "open"}, "limit": 2}
    result = (await perform(find, **plain)).result
    assert result == [{"number": 1, "status": "open"}] * 2
    assert find.result(result) == [Ticket(1), Ticket(1)]


async def test_a_result_that_json_cannot_say_is_a_clear_refusal() -> None:
    @tool(effect="read")
    async def f() -> object:
        return threading.Lock()

    with pytest.raises(NotEncodable, match="f returned something that cannot be written to the log"):
        await perform(f)


async def test_a_tool_may_have_an_argument_called_context() -> None:
    @tool(effect="read")
    async def say(context: str) -> str:
        return context

    assert list(say.manifest.parameters["properties"]) == ["context"]
    assert (await perform(say, context="hello")).result == "hello"


async def test_context_and_key_are_given_and_never_taken_from_a_model() -> None:
    @tool
    async def pay(amount: int, idempotency_key: str, context: ToolContext) -> list[str]:
        return [str(amount), idempotency_key, context.user]

    result = await pay.binding.perform({"amount": 5}, context(key="k-1"))
    assert result.result == ["5", "k-1", "ada"]
    with pytest.raises(BadArguments, match='no argument "idempotency_key"'):
        await pay.binding.perform({"amount": 5, "idempotency_key": "mine"}, context())


async def test_a_tool_that_hangs_on_its_thread_takes_no_place_from_others() -> None:
    release = threading.Event()

    @tool(effect="read")
    def hang() -> None:
        release.wait()

    @tool(effect="read")
    def quick() -> int:
        return 1

    hanging = [asyncio.ensure_future(perform(hang)) for _ in range(64)]
    try:
        assert (await perform(quick)).result == 1
    finally:
        release.set()
        await asyncio.gather(*hanging)


async def test_what_a_thread_raises_arrives_even_if_a_future_could_not_carry_it() -> None:
    @tool(effect="read")
    def ends() -> None:
        raise StopIteration

    with pytest.raises(RuntimeError, match="StopIteration"):
        await perform(ends)


def test_a_tool_of_another_source_is_a_handle_as_well() -> None:
    manifest = get_ticket.manifest
    other = Tool(manifest, get_ticket.binding)
    assert other.arguments(7) == {"number": 7}
    assert isinstance(get_ticket, PythonTool)
    with pytest.raises(BadArguments, match='takes "number" as a whole number'):
        other.validate({"number": "7"})
    with pytest.raises(TypeError, match='"number" twice'):
        other.arguments(7, number=8)


def _nothing(**_: Any) -> None: ...


class gate:  # noqa: N801 - reads as a word in a with statement
    """Answers nested calls as the gate would, with one result."""

    def __init__(self, asked: list[tuple[str, dict[str, Any]]], result: Any) -> None:
        async def answer(called: Tool, arguments: dict[str, Any]) -> Any:
            asked.append((called.name, arguments))
            return result

        self._answer: Callable[[Tool, dict[str, Any]], Awaitable[Any]] = answer

    def __enter__(self) -> None:
        self._token = nested_call.set(self._answer)

    def __exit__(self, *_: object) -> None:
        nested_call.reset(self._token)


@dataclass
class Customer:
    id: int
    name: str


@pytest.mark.parametrize("returned", [{"id": "seven", "name": "Ana"}, {"id": 7}, 7, None, "Ana"])
async def test_a_read_that_does_not_give_what_it_says_has_failed(returned: Any) -> None:
    @tool(effect="read")
    async def look(id: int) -> Customer:  # noqa: A002 - the tool's own word
        """Look."""
        del id
        return returned

    with pytest.raises(ToolFailed, match="look returned something else than Customer"):
        await perform(look, id=7)


async def test_a_write_that_does_not_give_what_it_says_took_place_and_says_so() -> None:
    rows: dict[int, str] = {7: "old"}

    @tool(effect="write", undo="restore", object="rows/{id}")
    async def rename(id: int, name: str) -> Customer:  # noqa: A002 - the tool's own word
        """Rename."""
        rows[id] = name
        return cast("Customer", name)

    @rename.before
    async def image(id: int, **_: Any) -> str:  # noqa: A002 - the tool's own word
        return rows[id]

    @rename.restore
    async def put_back(image: str, id: int) -> None:  # noqa: A002 - the tool's own word
        rows[id] = image

    done = await perform(rename, id=7, name="new")
    assert done.result["note"].startswith(
        "it took place; its answer was not kept: rename returned something else"
    )
    assert [(each.before, each.after) for each in done.images] == [("old", "new")], "it can be undone"
    with pytest.raises(NotEncodable, match="something else than Customer"):
        rename.result(done.result)
    assert put_back is not image
