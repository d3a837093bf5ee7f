"""The gateways that are compared, each as its makers say it should run in production: started, waited for, stopped.

It owns their settings. It must not measure. LiteLLM and Portkey are asked for less than Remit: a master key or none, no
budget, no ledger, because that is what they do without a database of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from bench.environments import KEPT, PEERS, EnvironmentFailed, own_python, peer_python
from bench.meter import process_cpu, resident_bytes, tree
from bench.protocol import ContenderFailed
from bench.stage import SOURCE

LITELLM, PORTKEY, REMIT, DIRECT = "LiteLLM", "Portkey", "Remit", "direct"
MODEL = "bench"
START_SECONDS, STILL_SECONDS = 1200.0, 60.0
"""How long a start may take on a machine that others use; and how long it may do nothing meanwhile."""
STOP_SECONDS = 20.0
KEY = "sk-bench-0123456789"
HEADERS = {"authorization": f"Bearer {KEY}"}

LITELLM_CONFIG = """\
model_list:
  - model_name: bench
    litellm_params:
      model: openai/bench
      api_key: sk-upstream
      api_base: http://127.0.0.1:{port}/v1
litellm_settings:
  request_timeout: 600
  set_verbose: false
  json_logs: true
  telemetry: false
general_settings:
  master_key: {key}
"""

MODELS_TOML = """\
[providers.mock]
kind = "openai"
base_url = "http://127.0.0.1:{port}/v1"

[models.bench]
provider = "mock"
window = 128000
max_output = 16384
capabilities = ["tools", "json_schema", "streaming"]
price = {{ input = 0.4, output = 1.6 }}

[routes.bench]
models = ["bench"]

[routes.fast]
models = ["bench"]
"""


@dataclass(slots=True)
class Gateway:
    """One that runs."""

    label: str
    port: int
    headers: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def target(self) -> dict[str, Any]:
        """As the load generator wants it."""
        return {"host": "127.0.0.1", "port": self.port, "model": MODEL, "headers": dict(self.headers)}

    def pids(self) -> list[int]:
        """It and everything it started."""
        return [] if self.process is None else tree(self.process.pid)

    def resident(self) -> int:
        """Memory of all of it."""
        return sum(map(resident_bytes, self.pids()))

    def serving(self) -> int:
        """Memory of the process that holds the port."""
        return max((resident_bytes(pid) for pid in self.pids() if holds(pid, self.port)), default=0)


@dataclass(frozen=True, slots=True)
class Launch:
    """How one is started, where, and what opens it."""

    command: list[str]
    place: Path
    environment: Mapping[str, str]
    headers: Mapping[str, str]


Start = Callable[[Path, int, int], Launch]
"""From a folder, the port of the mock and the port to listen on."""


@contextmanager
def started(label: str, folder: Path, upstream: int) -> Generator[Gateway]:
    """One gateway, while it is needed."""
    if label == DIRECT:
        yield Gateway(label, upstream, HEADERS)
        return
    folder.mkdir(parents=True)
    port = free_port()
    launch = STARTS[label](folder, upstream, port)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REMIT_")}
    with (folder / "output.log").open("wb") as log:
        process = subprocess.Popen(
            launch.command, cwd=launch.place, env=kept | dict(launch.environment), stdin=subprocess.DEVNULL,
            stdout=log, stderr=log,
        )  # fmt: skip
    gateway = Gateway(label, port, launch.headers, process)
    try:
        wait_for(gateway, folder / "output.log")
        yield gateway
    finally:
        stop(process)


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def wait_for(gateway: Gateway, log: Path) -> None:
    """Until it answers a whole request; its start-up counts for nothing here."""
    deadline = time.monotonic() + START_SECONDS
    spent, moved = 0.0, time.monotonic()
    body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "hello"}], "max_tokens": 64})
    said: object = "nothing"
    while time.monotonic() < min(deadline, moved + STILL_SECONDS):
        assert gateway.process is not None
        if gateway.process.poll() is not None:
            break
        if (worked := sum(map(process_cpu, gateway.pids()))) != spent:
            spent, moved = worked, time.monotonic()
        connection = HTTPConnection("127.0.0.1", gateway.port, timeout=10)
        try:
            connection.request(
                "POST", "/v1/chat/completions", body, {"content-type": "application/json", **gateway.headers}
            )
            reply = connection.getresponse()
            said = reply.read()
            if reply.status == 200:
                return
        except (OSError, HTTPException) as wrong:
            said = wrong
        finally:
            connection.close()
        time.sleep(0.2)
    tail = log.read_text(errors="replace")[-3000:]
    raise ContenderFailed(f"{gateway.label} did not answer: {said!r}. The end of its log:\n{tail}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Politely, then not; what it left behind goes with it."""
    children = tree(process.pid)[1:]
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in children:
        try:
            os.kill(child, 9)
        except ProcessLookupError:
            continue


def holds(pid: int, port: int) -> bool:
    """Whether a process listens on this port."""
    listening = {
        fields[9]
        for table in ("tcp", "tcp6")
        for line in Path("/proc/net", table).read_text(encoding="utf-8").splitlines()[1:]
        if (fields := line.split())[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port
    }
    try:
        links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return False
    return any(link == f"socket:[{inode}]" for link in links for inode in listening)


def _litellm(folder: Path, upstream: int, port: int) -> Launch:
    """As its page on production says: a worker for every core, errors only, no verbose log; the map of prices local."""
    python = peer_python("litellm")
    config = folder / "config.yaml"
    config.write_text(LITELLM_CONFIG.format(port=upstream, key=KEY), encoding="utf-8")
    command = [str(python.parent / "litellm"), "--config", str(config), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--num_workers", str(os.cpu_count() or 1)]
    # it imports for seconds, and a worker that keeps silent so long on a busy machine would be killed and started anew
    command += ["--timeout_worker_healthcheck", "120"]
    environment = {
        "LITELLM_LOG": "ERROR",
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_TELEMETRY": "False",
        "NO_DOCS": "True",
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
    }
    return Launch(command, folder, environment, HEADERS)


def _portkey(_folder: Path, upstream: int, port: int) -> Launch:
    """As its package starts it, without the page it would show."""
    home = _node_modules("portkey")
    program = home / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    trusted = {"TRUSTED_CUSTOM_HOSTS": f"127.0.0.1:{upstream},127.0.0.1,localhost", "NODE_ENV": "production"}
    where = {"x-portkey-provider": "openai", "x-portkey-custom-host": f"http://127.0.0.1:{upstream}/v1"}
    return Launch(["node", str(program), f"--port={port}", "--headless"], home, trusted, HEADERS | where)


def _node_modules(peer: str) -> Path:
    """A folder with exactly what the lock of a peer says, without scripts of packages; its stamp is written last."""
    source, home = PEERS / peer, KEPT / peer
    lock, stamp = (source / "package-lock.json").read_bytes(), home / "installed.json"
    if stamp.exists() and stamp.read_bytes() == lock:
        return home
    if shutil.which("npm") is None:
        raise EnvironmentFailed(f"{peer} needs npm, which comes with Node.")
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(source, home)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, cwd=home, check=False, capture_output=True, text=True)
    if done.returncode:
        raise EnvironmentFailed(f"npm could not install {peer}: {done.stderr[-2000:]}")
    stamp.write_bytes(lock)
    return home


def _remit(folder: Path, upstream: int, port: int) -> Launch:
    """As `remit up` runs it: the workspace that `remit new` makes, its policies, a virtual key with a budget."""
    place = folder / "workspace"
    environment = {"PYTHONPATH": str(SOURCE), "REMIT_SERVER_PORT": str(port)}
    remit = [str(own_python()), "-m", "remit"]
    _run([*remit, "new", str(place)], folder, environment)
    (place / "models.toml").write_text(MODELS_TOML.format(port=upstream), encoding="utf-8")
    made = _run(
        [*remit, "--json", "key", "new", "--for-agent", "bench", "--route", MODEL, "--budget", "100000"],
        place,
        environment,
    )
    opens = {"authorization": f"Bearer {json.loads(made)['key']}"}
    return Launch([*remit, "up"], place, environment, opens)


def _run(command: list[str], place: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=place, env=os.environ | environment, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise ContenderFailed(f"{' '.join(command[2:5])} failed: {done.stdout}{done.stderr}")
    return done.stdout


STARTS: dict[str, Start] = {LITELLM: _litellm, PORTKEY: _portkey, REMIT: _remit}
