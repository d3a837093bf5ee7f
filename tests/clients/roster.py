"""Who is tried, with what, against which models; and the environment of each, made from its lock when first needed.

An environment holds exactly what its lock says. Nothing is installed into the one that runs the tests.
"""

from __future__ import annotations

import hashlib
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCKS, PROGRAMS, KEPT = HERE / "locks", HERE / "programs", HERE / ".envs"
MODELS = ("gpt", "gpt-responses", "claude", "gemini")
"""One route for each dialect that a provider may speak."""


@dataclass(frozen=True, slots=True)
class Client:
    """One client, speaking in one way."""

    label: str
    lock: str
    program: str
    name: str
    distributions: tuple[str, ...]


CLIENTS = (
    Client("openai 3", "openai3", "openai_client", "openai-3", ("openai",)),
    Client("openai 2", "openai2", "openai_client", "openai-2", ("openai",)),
    Client("anthropic 2", "anthropic2", "anthropic_client", "anthropic-2", ("anthropic",)),
    Client(
        "openai-agents, responses", "openai_agents", "openai_agents_client", "agents-responses", ("openai-agents",)
    ),
    Client("openai-agents, chat", "openai_agents", "openai_agents_client", "agents-chat", ("openai-agents",)),
    Client("pydantic-ai, chat", "pydantic_ai", "pydantic_ai_client", "pydantic-chat", ("pydantic-ai-slim",)),
    Client(
        "pydantic-ai, responses", "pydantic_ai", "pydantic_ai_client", "pydantic-responses", ("pydantic-ai-slim",)
    ),
    Client(
        "pydantic-ai, messages", "pydantic_ai", "pydantic_ai_client", "pydantic-messages", ("pydantic-ai-slim",)
    ),
    Client("langgraph, chat", "langgraph", "langgraph_client", "langgraph-chat", ("langgraph", "langchain")),
    Client(
        "langgraph, responses", "langgraph", "langgraph_client", "langgraph-responses", ("langgraph", "langchain")
    ),
    Client(
        "langgraph, messages", "langgraph", "langgraph_client", "langgraph-messages", ("langgraph", "langchain")
    ),
    Client(
        "agent-framework, chat", "agent_framework", "agent_framework_client", "framework-chat",
        ("agent-framework-core",),
    ),
    Client(
        "agent-framework, responses", "agent_framework", "agent_framework_client", "framework-responses",
        ("agent-framework-core",),
    ),
)  # fmt: skip


def python_of(name: str) -> Path:
    """The interpreter of the environment that a lock describes."""
    lock = (LOCKS / f"{name}.txt").read_bytes()
    home = KEPT / name
    python, stamp = home / "bin" / "python", home / "lock.sha256"
    digest = hashlib.sha256(lock).hexdigest()
    if not (stamp.exists() and stamp.read_text() == digest):
        venv.create(home, with_pip=True, clear=True)
        command = [
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
        ]
        command += ["--require-hashes", "--only-binary", ":all:", "-r", str(LOCKS / f"{name}.txt")]
        subprocess.run(command, check=True)
        stamp.write_text(digest)  # last: an installation that was interrupted is not taken for a finished one
    return python


def versions_of(client: Client) -> str:
    """What is really installed."""
    code = (
        "import sys, importlib.metadata as m; print(', '.join(f'{d} {m.version(d)}' for d in sys.argv[1:]))"
    )
    command = [str(python_of(client.lock)), "-c", code, *client.distributions]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
