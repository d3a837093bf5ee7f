"""gRPC tools over a real server: what it says of itself, messages as JSON, and what a status means for a write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit.domain.action_errors import BadArguments, InvalidDocument
from remit.domain.effects import Effect
from remit.domain.errors import Retry, StepFailed, ToolFailed
from remit.tools.registry import Registry
from remit.tools.sources import open_sources, refresh_source
from tests.tools.calling import context, perform
from tests.tools.grpc.servers import descriptor_set, grpc, shop

CANARY = "canary-77aa"


def configure(folder: Path, target: str, *more: str) -> None:
    (folder / "tools.toml").write_text(
        "\n".join(["[grpc.shop]", f'target = "{target}"', "tls = false", *more])
    )


async def opened(folder: Path, target: str, *more: str) -> Registry:
    configure(folder, target, *more)
    registry = Registry()
    assert await open_sources(folder, registry) == []
    return registry


@pytest.mark.parametrize("how", ["reflection", "descriptors"])
async def test_unary_methods_become_tools_with_their_effect(how: str, tmp_path: Path) -> None:
    descriptor_set(tmp_path)
    more = ['descriptors = "shop.pb"'] if how == "descriptors" else []
    async with shop(tmp_path, reflects=not more) as server:
        tools = await opened(tmp_path, server.target, *more)
        found = {tool.name: (tool.manifest.effect, tool.manifest.keyed) for tool in tools}
        assert found == {
            "Orders_Get": (Effect.READ, False),
            "Orders_Put": (Effect.WRITE, True),
            "Orders_Add": (Effect.WRITE, False),
        }
        assert (await perform(tools.get("Orders_Add"), id=7)).result == {"id": "7"}
        await tools.close()


async def test_a_message_that_holds_itself_goes_there_and_back(tmp_path: Path) -> None:
    order = {
        "id": "9007199254740993", "customer": "ada", "status": "SOLVED", "made": "2026-01-02T03:04:05Z",
        "parts": [{"id": 1, "parts": [{"id": 2}]}], "by_name": {"x": {"customer": "eve"}},
        "more": {"a": [1, None, "b"]}, "weight": "NaN", "picture": "AP8=", "cash": True,
    }  # fmt: skip
    async with shop(tmp_path) as server:
        tools = await opened(tmp_path, server.target)
        found = (await perform(tools.get("Orders_Put"), **order)).result
        assert {name: found[name] for name in ("id", "customer", "status", "made", "weight", "picture")} == {
            name: order[name] for name in ("id", "customer", "status", "made", "weight", "picture")
        }
        assert found["parts"][0]["parts"][0]["id"] == "2"
        for wrong in ({"id": "x"}, {"status": "GONE"}, {"parts": [{"parts": [{"idd": 1}]}]}, {"nothing": 1}):
            with pytest.raises(BadArguments):
                await perform(tools.get("Orders_Put"), **wrong)
        for wrong in (
            {"picture": "!!"},
            {"picture": "AP8=\n"},
            {"parts": [{"picture": "A P8"}]},
        ):  # protobuf drops it
            with pytest.raises(BadArguments, match="picture"):
                await perform(tools.get("Orders_Put"), **wrong)
        for wrong in ({"made": "no day"}, {"card": "1", "cash": True}, {"id": 2**80}, {"picture": "A"}):
            with pytest.raises(BadArguments):
                await perform(tools.get("Orders_Put"), **wrong)
        await tools.close()


@pytest.mark.parametrize(
    ("status", "of_a_write", "of_a_read"),
    [
        ("INVALID_ARGUMENT", ToolFailed, ToolFailed), ("NOT_FOUND", ToolFailed, ToolFailed),
        ("PERMISSION_DENIED", ToolFailed, ToolFailed), ("FAILED_PRECONDITION", ToolFailed, ToolFailed),
        ("RESOURCE_EXHAUSTED", Retry, Retry), ("UNAVAILABLE", StepFailed, Retry),
        ("DEADLINE_EXCEEDED", StepFailed, Retry), ("INTERNAL", StepFailed, ToolFailed),
        ("UNKNOWN", StepFailed, ToolFailed), ("CANCELLED", StepFailed, Retry),
    ],
)  # fmt: skip
async def test_what_a_status_means(status: str, of_a_write: Any, of_a_read: Any, tmp_path: Path) -> None:
    async with shop(tmp_path) as server:
        tools = await opened(tmp_path, server.target)
        for name, kind in (("Orders_Add", of_a_write), ("Orders_Get", of_a_read)):
            server.fails = [(grpc.StatusCode[status], "because")]
            before = len(server.asked)
            with pytest.raises(kind, match=status):
                await perform(tools.get(name), id=1)
            assert len(server.asked) == before + 1, "nothing is repeated behind the gate"
        await tools.close()


async def test_a_secret_goes_into_the_metadata_and_nowhere_else(tmp_path: Path) -> None:
    async def secret(name: str) -> str:
        return f"{CANARY}-{name}"

    async with shop(tmp_path) as server:
        configure(tmp_path, server.target, 'secret = "shop_token"')
        tools = Registry()
        await open_sources(tmp_path, tools, secret)
        server.fails = [(grpc.StatusCode.INTERNAL, "it broke")]
        with pytest.raises(StepFailed) as raised:
            await tools.get("Orders_Add").binding.perform({"id": 1}, context(secret=secret))
        assert server.asked[-1][2]["authorization"] == f"Bearer {CANARY}-shop_token"
        assert CANARY not in str(raised.value)
        await tools.close()


async def test_a_server_that_is_gone_was_sent_nothing(tmp_path: Path) -> None:
    async with shop(tmp_path) as server:
        tools = await opened(tmp_path, server.target)
    with pytest.raises(Retry, match="failed to connect"):
        await tools.get("Orders_Add").binding.perform({"id": 1}, context())
    left = await open_sources(tmp_path, Registry())
    assert [each.source for each in left] == ["grpc:shop"]
    await tools.close()


async def test_a_source_can_be_opened_again(tmp_path: Path) -> None:
    async with shop(tmp_path) as server:
        tools = await opened(tmp_path, server.target)
        configure(tmp_path, server.target, 'skip = ["*_Add"]', 'reads = ["*_Put"]')
        await refresh_source(tmp_path, tools, "grpc:shop")
        assert {tool.name: tool.manifest.effect for tool in tools} == {
            "Orders_Get": Effect.READ,
            "Orders_Put": Effect.READ,
        }
        await tools.close()


async def test_what_describes_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.pb").write_bytes(b"\xff\x00nonsense")
    configure(tmp_path, "127.0.0.1:1", 'descriptors = "bad.pb"')
    with pytest.raises(InvalidDocument, match="no descriptor set"):
        await open_sources(tmp_path, Registry())
    async with shop(tmp_path, reflects=False) as server:
        configure(tmp_path, server.target)
        with pytest.raises(InvalidDocument, match="no server reflection"):
            await open_sources(tmp_path, Registry())
