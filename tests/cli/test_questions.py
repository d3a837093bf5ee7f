"""Questions at the terminal: what they are about, what yes does, ids typed in part, and answers that are none."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.cli.conftest import REMIT, Terminal

ODD = """
from remit import AskHuman, Run, flow, step

asked = []


@step(key_ttl="0s")
async def charge(order: str, cents: int, *, idempotency_key: str) -> str:
    raise ConnectionError("the line went dead")


@step(effect="read")
async def careful(order: str) -> str:
    if not asked:
        asked.append(order)
        raise AskHuman("may I?", group="leads")
    return order


@step(effect="read")
async def interrupted() -> None:
    raise KeyboardInterrupt


@flow
async def charged(run: Run, order: str) -> str:
    return await run.step(charge, order, 500)


@flow
async def asking(run: Run) -> str:
    return await run.step(careful, "o-1")


@flow
async def decided(run: Run) -> int:
    return await run.human("leads", 1)


@flow
async def endless(run: Run) -> None:
    await run.sleep("99999999999999999999d")


@flow
async def left(run: Run) -> None:
    await run.step(interrupted)
"""


@pytest.fixture
def odd(remit: Terminal) -> Terminal:
    """A workspace with flows that ask."""
    (remit.place / "flows" / "odd.py").write_text(ODD)
    return remit


def test_a_write_that_nobody_knows_of_is_shown_as_it_was_called(odd: Terminal) -> None:
    odd("run", "charged", "--input", '{"order": "o-7"}', code=4)
    (item,) = odd("inbox", "--json", code=0).json
    assert item["value"]["arguments"] == {"order": "o-7", "cents": 500}
    lines = [
        line.split(maxsplit=1) for line in odd("inbox", code=0).out.splitlines() if line.startswith("  ")
    ]
    shown = {line[0]: line[1] for line in lines}
    assert shown["step"] == "charge"
    assert shown["with"] == '{"order": "o-7", "cents": 500}'
    assert shown["key"] == item["value"]["idempotency_key"]
    assert "value" not in shown


def test_a_step_that_asks_says_what_yes_does_and_takes_nothing_else(odd: Terminal) -> None:
    odd("run", "asking", code=4)
    (item,) = odd("inbox", "--json", code=0).json
    listed = odd("inbox", code=0).out
    assert "may careful go on?" in listed
    assert "the step is tried again" in listed
    refused = odd("approve", item["id"], "--value", '"anything"', code=2)
    assert "takes yes or no, and no other value: approved, the step is tried again" in refused.err
    assert "the step is tried again" in odd("approve", item["id"], code=0).out


def test_an_id_typed_in_part_says_the_same_as_the_whole(odd: Terminal) -> None:
    odd("run", "decided", code=4)
    (item,) = odd("inbox", "--json", code=0).json
    odd("approve", item["id"][:6], code=0)
    for name in (item["id"], item["id"][:6], item["id"][2:6]):
        refused = odd("reject", name, "--json", code=1)
        assert refused.error["code"] == "already_decided"
        assert refused.error["message"] == f"{item['id']} was approved by owner already."


def test_half_a_character_is_bad_input_wherever_it_is_typed(odd: Terminal) -> None:
    odd("run", "decided", code=4)
    (item,) = odd("inbox", "--json", code=0).json
    for words in (
        ["approve", item["id"], "--value", r'"\ud800"'],
        ["run", "charged", "--input", r'{"order": "\ud800"}'],
        ["signal", item["run"], "word", "--payload", r'["\udfff"]'],
    ):
        refused = odd(*words, "--json", code=2)
        assert refused.error["code"] == "invalid_input"
        assert "not valid Unicode" in refused.error["message"]
    for option in ("--comment", "--value"):
        words = [*REMIT, "approve", item["id"], option, os.fsdecode(b'"\xff"')]
        done = subprocess.run(words, cwd=odd.place, env=odd.environment, capture_output=True, check=False)
        assert done.returncode == 2, done.stderr
    assert [question["id"] for question in odd("inbox", "--json", code=0).json] == [item["id"]]


def test_times_that_never_come_end_in_a_sentence_and_the_process_ends_too(odd: Terminal) -> None:
    failed = odd("run", "endless", code=1)
    assert "the longest is 100 years" in failed.out
    odd.environment["REMIT_WORKER_LEASE_SECONDS"] = "99999999999999"
    assert "far too large; the most it can be is 86,400." in odd("runs", code=2).err


def test_a_step_that_interrupts_itself_has_failed_and_the_worker_goes_on(odd: Terminal) -> None:
    failed = odd("run", "left", code=1)
    assert "it was left by a KeyboardInterrupt that nobody outside of it asked for." in failed.out
