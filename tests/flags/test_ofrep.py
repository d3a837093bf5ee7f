"""Flags as OpenFeature providers ask for them: by OFREP, with a key, one or all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from remit.control.flagging.desk import FlagWish
from remit.domain.event import object_of
from remit.domain.flags import Flag, FlagKind
from remit.engine.outside import run_stream
from tests.gateway.front import Front, front

FLAGS = "/ofrep/v1/evaluate/flags"


async def test_flags_are_told_as_the_protocol_says_and_the_same_as_runs_meet(tmp_path: Path) -> None:
    async with front(tmp_path, http=True) as made, ClientSession() as http:

        async def ask(path: str, body: Any, key: str = made.key, **more: str) -> tuple[int, Any, str]:
            headers = {"authorization": f"Bearer {key}", **{n.replace("_", "-"): v for n, v in more.items()}}
            data = body if isinstance(body, bytes) else None
            given: Any = {"data": data} if data is not None else {"json": body}
            async with http.post(made.url + path, headers=headers, **given) as reply:
                said = await reply.json() if reply.status != 304 else None
                return reply.status, said, reply.headers.get("etag", "")

        await said_of(made)
        flag = next(each for each in await made.platform.flags.list() if each.name == "half")
        for number in range(8):
            status, said, _ = await ask(f"{FLAGS}/half", {"context": {"targetingKey": f"k{number}"}})
            assert (status, said["variant"], said["reason"]) == (
                200,
                flag.pick(f"k{number}").variant,
                "SPLIT",
            )
            assert said.get("value") == flag.pick(f"k{number}").value
        assert (await ask(f"{FLAGS}/all", {}))[:2] == (
            200, {"key": "all", "value": False, "reason": "STATIC", "variant": "off",
                  "metadata": {"kind": "tool", "target": "look"}},
        )  # fmt: skip
        assert [
            each["key"] for each in (await ask(FLAGS, {"context": {"targetingKey": "k"}}))[1]["flags"]
        ] == ["all", "half"]
        tag = (await ask(FLAGS, {"context": {"targetingKey": "k"}}))[2]
        assert (await ask(FLAGS, {"context": {"targetingKey": "k"}}, if_none_match=tag))[0] == 304
        status, said, _ = await ask(f"{FLAGS}/nobody", {"context": {}})
        assert (status, said["errorCode"]) == (404, "FLAG_NOT_FOUND")
        wrong: list[tuple[Any, str]] = [
            (b"{", "PARSE_ERROR"),
            (b"[1]", "PARSE_ERROR"),
            ({"context": {}}, "TARGETING_KEY_MISSING"),
        ]
        for body, code in wrong:
            status, said, _ = await ask(f"{FLAGS}/half", body)
            assert (status, said["errorCode"]) == (400, code)
        assert (await ask(FLAGS, {}, key="rk_nobody"))[0] == 401


async def test_a_foreign_agent_is_led_by_a_flag_on_its_route_and_its_run_says_so(tmp_path: Path) -> None:
    async with front(tmp_path, http=True) as made, ClientSession() as http:
        await made.platform.flags.set(FlagWish("try", route="fast", to="strong", agents=("bot",)))
        await made.platform.parts.house.gate.parts.flags.look()
        asked = {"model": "fast", "messages": [{"role": "user", "content": "hello"}]}
        headers = {"authorization": f"Bearer {made.key}"}
        async with http.post(f"{made.url}/v1/chat/completions", headers=headers, json=asked) as reply:
            assert (reply.status, (await reply.json())["model"]) == (200, "sim-strong")
            run = reply.headers["x-remit-run"]
        entries, _ = await made.platform.ground.log.read(run_stream(run))
        details = [object_of(getattr(each.event, "detail", None)) for each in entries]
        (flag,) = [detail["flag"] for detail in details if "flag" in detail]
        assert (flag["flag"], flag["variant"], flag["value"]) == ("try", "on", "strong")


async def said_of(made: Front) -> None:
    await made.platform.flags.set(FlagWish("half", value={"tone": "warm"}, percent=50))
    await made.platform.flags.set(FlagWish("all", tool="look", percent=0))
    (first, _) = await made.platform.flags.list()
    assert first == Flag("all", FlagKind.TOOL, "look", True, False, 0, (), first.salt, first.since, first.by)
