"""People at the terminal: the first user, keys by file and by variable, and two who answer at the same moment."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Terminal

ASKING = """
from remit import Run, flow


@flow
async def decided(run: Run) -> int:
    return await run.human("leads", 1)
"""


@pytest.fixture(params=["sqlite", "postgres"])
def office(request: pytest.FixtureRequest, remit: Terminal) -> Terminal:
    """A workspace with a flow that asks, on each store, and with ada, lea and max in it."""
    if request.param == "postgres":
        remit.environment["REMIT_DATABASE"] = request.getfixturevalue("migrated_dsn")
    (remit.place / "flows" / "asking.py").write_text(ASKING)
    remit.environment["HOME"] = str(remit.place)
    hire(remit, "ada", "admin")
    for name in ("lea", "max"):
        hire(remit, name, "leads", "--key-file", "ada.key")
    return remit


def hire(remit: Terminal, name: str, role: str, *words: str) -> None:
    """A user whose key lies in a file."""
    said = remit("user", "add", name, "--role", role, "--json", *words, code=0).json
    (remit.place / f"{name}.key").write_text(said["key"]["key"] + "\n")


def test_a_key_decides_by_file_by_variable_and_from_home_and_nothing_decides_without(
    office: Terminal,
) -> None:
    office("run", "decided", code=4)
    (item,) = office("inbox", "--json", code=0).json
    refused = office("approve", item["id"], "--json", code=1)
    assert refused.error["code"] == "key_needed"
    office.environment["REMIT_KEY"] = "rk_0000000000_" + "A" * 43
    assert office("inbox", "--json", code=1).error["code"] == "key_unknown"
    office.environment["REMIT_KEY"] = (office.place / "ada.key").read_text().strip()
    (item,) = office("inbox", "--json", code=0).json
    assert not item["mine"]
    del office.environment["REMIT_KEY"]
    home = office.place / ".config" / "remit"
    home.mkdir(parents=True)
    (home / "key").write_text((office.place / "lea.key").read_text())
    assert office("inbox", "--mine", "--json", code=0).json[0]["mine"]
    said = office("approve", item["id"], "--value", "7", code=0)
    assert f"approved {item['id']}" in said.out
    assert office("user", "list", code=0).out.splitlines()[1].split()[:3] == ["ada", "user", "admin"]
    for words in (["key", "list"], ["grant", "list"], ["inbox", "stats"]):
        office(*words, code=0)


def test_of_two_processes_that_answer_at_once_one_counts(office: Terminal) -> None:
    office("run", "decided", code=4)
    (item,) = office("inbox", "--json", code=0).json
    commands = [
        ["approve", item["id"], "--json", "--key-file", "lea.key"],
        ["reject", item["id"], "--json", "--key-file", "max.key"],
    ]
    started = [office.start(*words) for words in commands]
    assert sorted(each.end() for each in started) == [0, 1], [each.said for each in started]
    (lost,) = [each.said for each in started if each.end() == 1]
    assert json.loads("".join(lost))["error"]["code"] == "already_decided"
