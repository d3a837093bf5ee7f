"""The test server keeps what it acknowledged through a crash, clones templates, and leaves nothing behind."""

from __future__ import annotations

import errno
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from tests.architecture.tree import ROOT
from tests.postgres import PostgresUnavailable, postgres_server

STARTER = """
import sys
from tests.postgres import PostgresUnavailable, postgres_server
with postgres_server() as server:
    print(server.port, server.home, flush=True)
    sys.stdin.read()
"""


async def test_a_crashed_server_keeps_every_commit() -> None:
    with postgres_server() as server:
        dsn = server.create_database("kept")
        await execute(dsn, "CREATE TABLE facts(x int); INSERT INTO facts VALUES (7)")
        before = server.pid
        server.restart("immediate")
        assert server.pid != before
        assert await value(dsn, "SELECT x FROM facts") == 7


async def test_a_clone_has_what_its_template_has_and_is_its_own() -> None:
    with postgres_server() as server:
        template = server.create_database("template")
        await execute(template, "CREATE TABLE facts(x int)")
        clone = server.create_database(template="template")
        await execute(clone, "INSERT INTO facts VALUES (1)")
        assert await value(template, "SELECT count(*) FROM facts") == 0
        assert await value(server.dsn("template", tcp=True), "SELECT count(*) FROM facts") == 0


def test_a_killed_starter_leaves_no_server_and_no_folder() -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    port, home = starter.stdout.readline().split()
    starter.kill()
    starter.communicate()  # its standard error ends when the watcher is done
    assert not Path(home).exists()
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", int(port))) == errno.ECONNREFUSED


def test_a_server_that_does_not_run_is_refused_and_never_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy(*paths: object, **options: object) -> None:
        raise AssertionError("the folder above a named server may be the whole disk")

    monkeypatch.setattr(shutil, "copytree", copy)
    monkeypatch.setenv("REMIT_POSTGRES_BIN", str(tmp_path))
    with pytest.raises(PostgresUnavailable, match="none was found"), postgres_server():
        pass
    for program, code in (("postgres", 'echo "postgres (PostgreSQL) 99.1"'), ("initdb", "exit 1")):
        (tmp_path / program).write_text(f"#!/bin/sh\n{code}\n")
        (tmp_path / program).chmod(0o755)
    with pytest.raises(PostgresUnavailable, match="runs here"), postgres_server():
        pass


async def execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()


async def value(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    found = await connection.fetchval(query)
    await connection.close()
    return found
