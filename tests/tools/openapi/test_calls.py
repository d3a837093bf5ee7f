"""Calls of a real service: what each answer means for a write, and that a value never leaves its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import web

from remit.domain.action_errors import BadArguments, CannotUndo
from remit.domain.effects import Absent, Happened
from remit.domain.errors import Retry, StepFailed, ToolFailed
from tests.tools.calling import context, perform, receipt, undo
from tests.tools.openapi.crm import crm, tools_of

CANARY = "canary-4f9d0c7e"


async def test_a_secret_goes_into_the_header_and_nowhere_else(tmp_path: Path) -> None:
    async def secret(name: str) -> str:
        return f"{CANARY}-{name}"

    async with crm() as world, tools_of(world, tmp_path, secret="token", header="X-Key", prefix="") as tools:
        world.seed(1, title="a")
        tool = tools["get_ticket"]
        assert tool.manifest.secrets == ("token",)
        await tool.binding.perform({"id": "1"}, context(secret=secret))
        assert world.asked[-1][2]["X-Key"] == f"{CANARY}-token"
        world.next_answers = [web.json_response({"error": "bad"}, status=400), "cut"]
        for kind in (ToolFailed, StepFailed):
            with pytest.raises(kind) as raised:
                await tools["delete_ticket"].binding.perform({"id": "1"}, context(secret=secret))
            assert CANARY not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, ToolFailed), (404, ToolFailed), (409, ToolFailed), (412, ToolFailed), (422, ToolFailed),
     (307, ToolFailed), (302, StepFailed), (303, StepFailed), (500, StepFailed), (503, StepFailed),
     (429, Retry)],
)  # fmt: skip
async def test_what_an_answer_means_for_a_write(status: int, kind: type[Exception], tmp_path: Path) -> None:
    async with crm() as world, tools_of(world, tmp_path) as tools:
        elsewhere = {"Location": f"{world.base}/elsewhere", "Retry-After": "7"}
        world.next_answers = [web.json_response({"why": "because"}, status=status, headers=elsewhere)]
        with pytest.raises(kind) as raised:
            await tools["create_ticket"].binding.perform({"title": "x"}, context())
        assert len(world.asked) == 1, "a redirect is not followed"
        if isinstance(raised.value, Retry):
            assert raised.value.after == 7


@pytest.mark.parametrize("how", ["cut", "cut after"])
@pytest.mark.parametrize("tool", ["delete_ticket", "replace_ticket", "update_ticket"])
async def test_a_write_whose_connection_breaks_is_sent_once_and_unknown(
    tool: str, how: str, tmp_path: Path
) -> None:
    async with crm() as world, tools_of(world, tmp_path) as tools:
        world.seed(1, title="a")
        await tools["get_ticket"].binding.perform(
            {"id": "1"}, context()
        )  # a connection is there to be used again
        world.next_answers = [how]
        with pytest.raises(StepFailed, match="no answer that says whether it was done"):
            await tools[tool].binding.perform({"id": "1", "title": "b"}, context())
        assert len([method for method, *_ in world.asked if method != "GET"]) == 1


async def test_a_service_that_is_not_there_was_sent_nothing(tmp_path: Path) -> None:
    async with crm() as world:
        pass
    async with tools_of(world, tmp_path) as tools:
        with pytest.raises(Retry, match="cannot be reached"):
            await tools["create_ticket"].binding.perform({"title": "x"}, context())


async def test_a_write_that_took_place_does_not_fail_because_the_look_after_it_does(tmp_path: Path) -> None:
    async with crm() as world, tools_of(world, tmp_path) as tools:
        binding: Any = tools["create_ticket"].binding

        async def broken(path: str, token: str) -> Any:
            raise Retry("the line went dead")

        binding._seen = broken
        done = await tools["create_ticket"].binding.perform({"title": "x"}, context())
        assert done.images == ()
        assert "the line went dead" in done.best_effort
        assert len(world.tickets) == 1


@pytest.mark.parametrize("value", ["..", ".", "../secrets", "a/../../b", "..\\x", "", "a\nb", "\x00"])
async def test_a_value_that_would_leave_its_place_in_the_path_is_refused(value: str, tmp_path: Path) -> None:
    async with crm() as world, tools_of(world, tmp_path) as tools:
        for name in ("get_ticket", "delete_ticket"):
            with pytest.raises(BadArguments, match="another place"):
                await tools[name].binding.perform({"id": value}, context())
        assert world.asked == []


@pytest.mark.parametrize("value", ["a/b", "%2e%2e", "a?b=c", "a#b", "ä", "{id}", "a b", "a;b", "%2F"])
async def test_every_other_value_stays_one_segment(value: str, tmp_path: Path) -> None:
    async with crm() as world, tools_of(world, tmp_path) as tools:
        with pytest.raises(ToolFailed, match="404"):
            await tools["get_ticket"].binding.perform({"id": value}, context())
        path = world.asked[0][1]
        assert path.count("/") == 2
        assert "?" not in path
        assert unquote(path.rpartition("/")[2]) == value


async def test_lists_are_written_as_the_document_says(tmp_path: Path) -> None:
    async with crm() as world, tools_of(world, tmp_path) as tools:
        await tools["list_tickets"].binding.perform(
            {"status": ["a&b", "c"], "any": [1, True, None]}, context()
        )
        assert world.asked[0][1] == "/tickets?status=a%26b&status=c&any=1,true,null"


async def test_the_key_is_sent_with_every_repetition(tmp_path: Path) -> None:
    async with crm() as world, tools_of(world, tmp_path) as tools:
        for _ in range(2):
            await tools["send_mail"].binding.perform({"title": "x"}, context(key="k-9"))
        assert [headers["Idempotency-Key"] for *_, headers in world.asked] == ["k-9", "k-9"]


async def test_numbers_that_no_reader_agrees_on_become_text(tmp_path: Path) -> None:
    async with crm() as world, tools_of(world, tmp_path) as tools:
        text = '{"id": 9007199254740993, "x": NaN, "half": "\\ud800"}'
        world.next_answers = [web.Response(text=text, content_type="application/json")]
        done = await tools["send_mail"].binding.perform({"title": "x"}, context())
        assert done.result == {"id": "9007199254740993", "x": "nan", "half": "?"}


@pytest.mark.parametrize("etags", [True, False])
async def test_each_kind_of_write_is_taken_back(etags: bool, tmp_path: Path) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("create_ticket", {"title": "new"}),
        ("update_ticket", {"id": "1", "status": "solved", "notes": "done"}),
        ("replace_ticket", {"id": "1", "title": "other"}),
        ("replace_ticket", {"id": "7", "title": "made by PUT"}),
        ("delete_ticket", {"id": "1"}),
    ]
    for name, arguments in calls:
        async with crm(etags=etags) as world, tools_of(world, tmp_path) as tools:
            world.seed(1, title="a", status="open")
            before = world.state()
            done = await perform(tools[name], **arguments)
            assert world.state() != before
            assert bool(done.best_effort) == (not etags and name != "delete_ticket")
            await undo(tools[name], arguments, done)
            assert world.state() == before, name


async def test_with_an_etag_a_stranger_in_the_last_moment_is_not_overwritten(tmp_path: Path) -> None:
    async with crm() as world, tools_of(world, tmp_path) as tools:
        world.seed(1, title="a", status="open")
        arguments = {"id": "1", "status": "solved"}
        done = await perform(tools["update_ticket"], **arguments)
        made, image = receipt(tools["update_ticket"], arguments, done), done.images[0]
        _, etag = await tools["update_ticket"].binding.current(made, image, context())
        world.seed(1, title="a", status="a stranger's")
        with pytest.raises(CannotUndo, match="at this very moment"):
            await tools["update_ticket"].binding.restore(made, image, image.before, etag, context())
        assert world.tickets[1]["status"] == "a stranger's"


async def test_a_stranger_between_the_look_and_the_write_is_in_the_image(tmp_path: Path) -> None:
    async with crm() as world, tools_of(world, tmp_path) as tools:
        world.seed(1, title="a", status="open")
        tool, arguments = tools["update_ticket"], {"id": "1", "status": "solved"}
        seen = await tool.binding.before(arguments, context())
        world.seed(1, title="a", status="held")
        done = await tool.binding.perform(arguments, context(before=seen))
        assert done.images[0].before["status"] == "held"
        await undo(tool, arguments, done)
        assert world.tickets[1]["status"] == "held"


async def test_the_world_says_whether_an_unknown_write_took_place(tmp_path: Path) -> None:
    async with crm() as world, tools_of(world, tmp_path) as tools:
        world.seed(1, title="a", status="open")
        tool, arguments = tools["update_ticket"], {"id": "1", "status": "solved"}
        seen = await tool.binding.before(arguments, context())
        assert await tool.binding.reconcile(arguments, context(before=seen)) == Absent()
        world.seed(1, title="a", status="solved")
        found = await tool.binding.reconcile(arguments, context(before=seen))
        assert isinstance(found, Happened)
        world.seed(1, title="a", status="something else")
        assert await tool.binding.reconcile(arguments, context(before=seen)) is None
