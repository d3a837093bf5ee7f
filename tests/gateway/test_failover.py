"""Two upstreams, sixteen ways to fail, whole and as a stream, before a word was said and after: what was not delivered
is rescued, what was delivered ends with an honest error, nothing is said twice, and every attempt is one charge.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.answers import SOUND, SPOILT
from tests.faults.scripts import ADDRESSES, FAULTS
from tests.faults.upstream import Faulty, faulty_upstream
from tests.gateway.failing import (
    Case,
    House,
    Reply,
    at_once,
    cases,
    closed_port,
    frames,
    house,
    models_toml,
    name_leads_nowhere,
)
from tests.gateway.judges import judge_stream, judge_whole, text_of

PAIRS = (
    ("openai_chat", "openai_chat"),
    ("openai_responses", "openai_responses"),
    ("anthropic", "anthropic"),
    ("openai_chat", "gemini"),
    ("anthropic", "openai_chat"),
)
"""What the client speaks, and what the providers speak: raw where they agree, translated where they do not."""
MOST_TRIES = 3
FREE = {"failed", "busy"}
"""Attempts that no provider bills: it was not reached, or it turned the request away."""


@pytest.fixture(scope="module")
def faulty() -> Iterator[Faulty]:
    with faulty_upstream() as process:
        yield process


@pytest.mark.parametrize(("client", "provider"), PAIRS)
async def test_c41_sixteen_faults_are_rescued_or_told_honestly(
    tmp_path: Path, faulty: Faulty, monkeypatch: pytest.MonkeyPatch, client: str, provider: str
) -> None:
    name_leads_nowhere(monkeypatch)
    known, corner = cases(client, provider), f"{client}-{provider}"
    assert len(FAULTS) == 16
    with closed_port() as closed:
        async with house(tmp_path, models_toml(known, faulty, corner, closed)) as made:
            at_once(made)
            replies = await asyncio.gather(*(made.ask(case) for case in known))
            wrong = [
                said for case, reply in zip(known, replies, strict=True) if (said := _judged(case, reply))
            ]
            wrong += await _miscounted(made, known, replies, faulty, corner)
    assert not wrong, "\n".join(wrong)


def _judged(case: Case, reply: Reply) -> str:
    """What is wrong with a reply; nothing if it is rescued, or an honest error after something was delivered."""
    said = f"{case.name}: {reply.status} {reply.broken} {reply.body[-300:]!r}"
    if reply.status != 200 or reply.broken:
        return f"not answered in order: {said}"
    if "x-request-id" not in reply.headers:
        return f"no id: {said}"
    try:
        if not case.stream:
            body = json.loads(reply.body)
            judge_whole(case.client, body)
            return "" if text_of(case.client, body) == "".join(SOUND) else f"not the sound answer: {said}"
        delivered, failed = _heard(case.client, reply.body)
        if not failed:
            judge_stream(case.client, reply.body)
    except (AssertionError, ValueError, KeyError, IndexError) as broken:
        return f"not an answer of its dialect ({broken}): {said}"
    if not failed:
        return "" if delivered == "".join(SOUND) else f"not the sound answer alone: {said}"
    if case.when == "early" and case.fault != "cut-in-tool":
        return f"not rescued though nothing was delivered: {said}"
    return (
        "" if "".join(SPOILT).startswith(delivered) else f"delivered what the failing one did not say: {said}"
    )


def _heard(client: str, body: bytes) -> tuple[str, bool]:
    """The words of a stream, and whether it ended with an error of its dialect, behind which nothing came."""
    words, failed = "", False
    for name, event in frames(body):
        assert not failed, f"after the error came {event}"
        match client:
            case "openai_chat":
                failed = event != "[DONE]" and bool(event.get("error"))
                choices: list[Any] = [] if event == "[DONE]" else event.get("choices", [])
                words += "".join(each["delta"].get("content") or "" for each in choices)
            case "openai_responses":
                failed = event["type"] in {"error", "response.failed"}
                words += event["delta"] if event["type"] == "response.output_text.delta" else ""
            case _:
                failed = name == "error" and event["type"] == "error"
                words += (
                    event.get("delta", {}).get("text", "") if event["type"] == "content_block_delta" else ""
                )
    return words, failed


async def _miscounted(
    made: House, known: list[Case], replies: list[Reply], faulty: Faulty, corner: str
) -> list[str]:
    """Where what the log charged is not what the upstreams saw, or somebody was asked too often."""
    charged = await made.attempts()
    first = Counter((visit["model"], visit["stream"]) for visit in faulty.journal(f"{corner}-faulty"))
    second = Counter(visit["model"] for visit in faulty.journal(f"{corner}-sound"))
    wrong: list[str] = []
    for case, reply in zip(known, replies, strict=True):
        tried = [attempt["model"] for attempt in charged[case.name]]
        seen, rescued = first[case.faulty, case.stream], second[f"sound.{case.name}"]
        failed = case.stream and _heard(case.client, reply.body)[1]
        asked = tried.count(case.name)
        # on a slow machine a deadline may pass before the request is on its way: then nobody knows, and it is charged
        unseen = sum(each.get("code") == "provider_down" for each in charged[case.name])
        reached = case.fault in ADDRESSES or seen <= asked <= seen + unseen
        if asked > MOST_TRIES or not reached:
            wrong.append(f"{case.name}: the failing one was asked {seen} times, and charged {asked} times")
        if rescued != tried.count(f"sound.{case.name}") or rescued != (0 if failed else 1):
            wrong.append(f"{case.name}: the sound one was asked {rescued} times; charged were {tried}")
        unpaid = [
            each
            for each in charged[case.name]
            if each["outcome"] in {"lost", "answered"} and not _money(each)
        ]
        if unpaid:
            wrong.append(f"{case.name}: charged nothing for {unpaid}")
    return wrong


def _money(attempt: dict[str, Any]) -> int:
    return attempt["money"] if "money" in attempt else attempt["used"]["money"]
