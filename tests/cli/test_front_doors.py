"""An agent comes in, as a person sets it up and looks at it: a key, the server, what it did, how far it is covered."""

from __future__ import annotations

import json
import re
import signal
import urllib.error
import urllib.request
from typing import Any

from tests.cli.conftest import Terminal

TOOL: dict[str, Any] = {"type": "function", "function": {"name": "lookup", "parameters": {"type": "object"}}}


def post(url: str, key: str, **more: str) -> tuple[int, Any]:
    body = {"model": "fast", "messages": [{"role": "user", "content": "hello"}]}
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}", **more}
    request = urllib.request.Request(f"{url}/v1/chat/completions", json.dumps(body).encode(), headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310 - the server of this test
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def test_an_agent_comes_in_by_a_key_and_is_seen(remit: Terminal) -> None:
    assert "no agent has come in yet" in remit("key", "agents", code=0).out
    assert "--route is for the key of an agent" in remit("key", "new", "--route", "fast", code=2).err
    words = (
        "key",
        "new",
        "--for-agent",
        "bot",
        "--route",
        "fast",
        "--budget",
        "2",
        "--per",
        "day",
        "--rpm",
        "60",
    )
    made = remit(*words, "--json", code=0).json
    assert made["scope"]["budget"] == {"usd": 2.0, "per": "day"}
    assert "agent bot: routes fast" in remit("key", "list", code=0).out
    token = remit("key", "token", made["id"], "--run", "case-7", "--json", code=0).json["token"]
    up = remit.start("up", "--json")
    url = json.loads(up.until('"event": "serving"'))["url"]
    status, told = post(url, made["key"], **{"x-remit-run-token": token})
    assert (status, told["choices"][0]["finish_reason"]) == (200, "stop")
    run = remit("runs", "--flow", "remit.exchange", "--json", code=0).json[0]["id"]
    shown = remit("show", run, code=0).out
    assert "its model call: enforced" in shown
    assert "advised, not enforced" in shown
    assert remit("show", run, "--json", code=0).json["input"]["about"]["run"] == "case-7"
    assert re.search(r"bot +1 +0 +0 +0", remit("key", "agents", code=0).out)
    assert "nobody here has the code" in remit("replay", run, code=1).err
    remit("key", "revoke", made["id"], code=0)
    assert remit("key", "list", "--json", code=0).json[0]["state"] == "revoked"
    up.signal(signal.SIGTERM)
    assert up.end() == 0
