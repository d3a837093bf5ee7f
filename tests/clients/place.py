"""The place of the trial: a mock of providers that nobody here wrote, a workspace over it, and `remit up --single`.

It knows no client. What reached the mock is read from the mock's own journal.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from tests.upstream.conftest import PROGRAM, address_in

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = Path(__file__).resolve().parent / "fixtures.json"
PROVIDERS = {
    "gpt": ("openai", "/v1", 'dialect = "openai_chat"'),
    "gpt-responses": ("openai", "/v1", 'dialect = "openai_responses"'),
    "claude": ("anthropic", "", 'api_version = "2023-06-01"'),
    "gemini": ("gemini", "/v1beta", ""),
}
UPSTREAM = {
    "gpt": "gpt-6-luna",
    "gpt-responses": "gpt-6-luna",
    "claude": "claude-opus-5-5",
    "gemini": "gemini-4-argon",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the gateway is, a key for it, and the mock behind it."""

    url: str
    key: str
    mock: str

    def attempts(self, text: str) -> int:
        """How often a request with this text reached the mock."""
        with urlopen(f"{self.mock}/__aimock/journal", timeout=20) as reply:  # noqa: S310 - loopback
            entries: list[Any] = json.load(reply)
        return sum(text in json.dumps(entry, ensure_ascii=False) for entry in entries)


@contextmanager
def place() -> Generator[Place]:
    """It, while it is needed."""
    with _mock() as mock, workspace(_models(mock)) as (url, key):
        yield Place(url, key, mock)


@contextmanager
def workspace(models: str = "") -> Generator[tuple[str, str]]:
    """A new workspace that is served, and a key for it; without `models` its answers are simulated."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "workspace"
        port = _free_port()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REMIT_")}
        environment |= {"PYTHONPATH": str(ROOT / "src"), "REMIT_SERVER_PORT": str(port)}
        _remit(environment, Path(folder), "new", str(made))
        if models:
            (made / "models.toml").write_text(models, encoding="utf-8")
        key = _remit(environment, made, "--json", "key", "new", "--for-agent", "stranger", "--budget", "1000")
        with _up(environment, made, port):
            yield f"http://127.0.0.1:{port}", json.loads(key)["key"]


@contextmanager
def _mock() -> Generator[str]:
    assert PROGRAM.exists(), "the mock is not installed: run `make test-clients`"
    command = ["node", PROGRAM, "-p", "0", "-h", "127.0.0.1", "-f", FIXTURES, "--strict"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield address_in(iter(process.stdout.readline, ""))
        finally:
            process.terminate()
            process.stdout.close()


@contextmanager
def _up(environment: dict[str, str], workspace: Path, port: int) -> Generator[None]:
    command = [sys.executable, "-m", "remit", "up", "--single"]
    with (
        (workspace / "up.log").open("wb") as log,
        subprocess.Popen(
            command, cwd=workspace, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        ) as process,
    ):
        try:
            _wait(process, port, workspace / "up.log")
            yield
        finally:
            process.terminate()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until it says that it is ready."""
    while process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as reply:
                if reply.status == 200:
                    return
        except (URLError, ConnectionError):
            try:
                process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
    raise AssertionError(f"`remit up` did not start: {log.read_text(errors='replace')[-2000:]}")


def _models(mock: str) -> str:
    said: list[str] = []
    for name, (kind, path, more) in PROVIDERS.items():
        said += [
            f'[providers.{name}]\nkind = "{kind}"\nbase_url = "{mock}{path}"\n{more}\n',
            f'[models.{name}]\nprovider = "{name}"\nid = "{UPSTREAM[name]}"\nwindow = 200000\nmax_output = 64000',
            'capabilities = ["tools", "json_schema", "parallel_tools"]\nprice = { input = 1, output = 4 }\n',
            f'[routes.{name}]\nmodels = ["{name}"]\n',
        ]
    # what the example of a new workspace asks for
    return "\n".join([*said, '[routes.fast]\nmodels = ["gpt"]\n'])


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _remit(environment: dict[str, str], where: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "remit", *arguments]
    done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)
    assert not done.returncode, f"remit {arguments[0]}: {done.stdout}{done.stderr}"
    return done.stdout
