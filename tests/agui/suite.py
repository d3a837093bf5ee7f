"""The events of AG-UI before a judge that nobody here wrote: `make test-agui` runs it; it needs Node."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from remit.testing.scripting import Script
from tests.a2a.front import served
from tests.a2a.test_asking import ASKS
from tests.gate.desk import Bank, agent

JUDGE = Path(__file__).parent / "judge"


async def judged(url: str, key: str, question: str) -> dict[str, Any]:
    """What the official client made of a run."""
    assert (JUDGE / "node_modules").exists(), "it is not installed: run `make test-agui`"
    node = await asyncio.create_subprocess_exec(
        "node",
        JUDGE / "judge.mjs",
        url,
        key,
        question,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, wrong = await node.communicate()
    assert node.returncode == 0, wrong.decode()
    return json.loads(told)


async def test_the_official_client_follows_and_resumes_a_run(tmp_path: Path, script: Script) -> None:
    bank = Bank()
    clerk = agent(bank.keyed_refund())
    script(clerk).says("a plain answer").calls("refund", order="o-1", cents=500).says("done")
    async with served(tmp_path, agents=[clerk], script=script, policy=ASKS) as on:
        plain = await judged(f"{on.url}/agui/clerk", on.local_key, "hello")
        assert plain["messages"][-1] == {"role": "assistant", "content": "a plain answer"}
        assert plain["result"] == "a plain answer"
        asking = await judged(f"{on.url}/agui/clerk", on.local_key, "refund o-1")
        assert len(asking["asked"]) == 1
        assert [each["role"] for each in asking["messages"]] == ["user", "assistant", "tool", "assistant"]
        assert asking["messages"][1]["tools"] == ["refund"]
        assert asking["result"] == "done"
        assert len(bank.paid) == 1
