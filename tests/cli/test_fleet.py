"""The same terminal on Postgres: workers share the work, and the doctor knows what the server would lose."""

from __future__ import annotations

import signal

import pytest

from tests.cli.conftest import Terminal


@pytest.fixture
def fleet(remit: Terminal, postgres_dsn: str) -> Terminal:
    remit.environment["REMIT_DATABASE"] = postgres_dsn
    return remit


def test_a_run_submitted_here_is_executed_by_the_fleet(fleet: Terminal) -> None:
    up = fleet.start("up", "--processes", "2")
    run = fleet("run", "order", "--input", '{"item": "lamp"}', "--detach", "--json", code=0).json["run"]["id"]
    assert 'result  "paid 4"' in fleet("watch", run, code=0).out
    up.signal(signal.SIGTERM)
    assert up.end() == 0
    assert fleet("replay", run, code=0).out.startswith("equal: 2 of 2")


def test_a_server_that_does_not_flush_is_named_by_the_doctor(fleet: Terminal) -> None:
    """The server of the tests runs without fsync, which is fast, and nothing for a workspace."""
    said = fleet("doctor", code=1).out
    assert "fsync is off: a power cut can destroy the whole database" in said
    assert "Set fsync = on." in said


def test_a_server_that_is_not_there_is_one_sentence(remit: Terminal) -> None:
    remit.environment["REMIT_DATABASE"] = "postgresql://nobody@127.0.0.1:1/nothing"
    refused = remit("runs", code=5)
    assert "does not answer" in refused.err
    assert "password" not in refused.err


def test_a_database_without_its_schema_says_what_to_run(fleet: Terminal) -> None:
    assert fleet("migrate", "--check", code=1).out.startswith("missing: ")
    fleet("migrate", code=0)
    assert fleet("runs", code=0).out == "no runs\n"
