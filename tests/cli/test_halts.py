"""Halts at the terminal: a run of a halted agent does not start, is listed as such, and starts after the lift."""

from __future__ import annotations

from tests.cli.conftest import Terminal

PLAIN = """
from remit import Run, flow


@flow
async def plain(run: Run) -> int:
    return 1
"""


def test_what_is_halted_does_not_start_until_it_is_lifted(remit: Terminal) -> None:
    (remit.place / "flows" / "plain.py").write_text(PLAIN)
    assert "say what to halt" in remit("halt", code=2).err
    assert "one thing only" in remit("halt", "--all", "--agent", "x", code=2).err
    made = remit("halt", "--all", "--reason", "a fire", "--json", code=0).json
    assert (made["scope"], made["state"], made["reason"]) == ("all", "standing", "a fire")
    refused = remit("run", "plain", "--json", code=1)
    assert refused.error["code"] == "halted"
    assert "a fire" in refused.error["message"]
    assert made["id"] in remit("halt", "list", code=0).out
    (lifted,) = remit("lift", "all", "--reason", "it is out", "--json", code=0).json
    assert lifted["state"] == "lifted"
    assert remit("halt", "list", "--json", code=0).json == []
    assert len(remit("halt", "list", "--everything", "--json", code=0).json) == 1
    remit("run", "plain", code=0)
    assert remit("lift", "all", "--json", code=2).error["code"] == "unknown_halt"
    assert "nothing descends" in remit("undo", "--tainted-by", "https://nowhere", "--preview", code=0).out
