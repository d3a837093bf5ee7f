"""What a user may import is a promise: the list changes only together with this page, and asking for it costs
nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import remit

PUBLIC = [
    "Absent",
    "Agent",
    "AskHuman",
    "Attachment",
    "Backoff",
    "Breaker",
    "Budget",
    "Cancelled",
    "Conversation",
    "Edge",
    "Effect",
    "Fallback",
    "Graph",
    "Guard",
    "Happened",
    "Integrity",
    "Label",
    "Limits",
    "Memory",
    "Node",
    "Personal",
    "Platform",
    "Rejected",
    "RemitError",
    "Retry",
    "Run",
    "StepFailed",
    "StopRun",
    "Terms",
    "TimedOut",
    "ToolFailed",
    "allow",
    "bind",
    "contract",
    "data_class",
    "flow",
    "patterns",
    "step",
    "tool",
]
HEAVY = ["apsw", "asyncpg", "click", "cryptography", "msgspec", "rich", "uvloop"]


def test_the_public_names_are_these() -> None:
    assert sorted(remit.__all__) == PUBLIC


@pytest.mark.parametrize("public", PUBLIC)
def test_every_public_name_is_there(public: str) -> None:
    assert getattr(remit, public) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        getattr(remit, "nobody_made_this")  # noqa: B009 - the checker knows that it is not there


def test_import_remit_loads_nothing_else() -> None:
    loaded = modules_after("import remit")
    assert [name for name in loaded if name.startswith("remit.")] == []
    assert [name for name in HEAVY if name in loaded] == []


def modules_after(statement: str) -> list[str]:
    script = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    printed = subprocess.run(
        [sys.executable, "-I", "-c", script], check=True, capture_output=True, text=True
    ).stdout
    return json.loads(printed)
