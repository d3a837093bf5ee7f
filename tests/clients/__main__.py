"""`python -m tests.clients`: every client does its cases against the gateway, and one page says what came out.

It owns the order, the page and the exit code. It must not know what a case does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.clients.place import Place, place
from tests.clients.roster import CLIENTS, MODELS, PROGRAMS, Client, python_of, versions_of

MOST_TRIES = 3
"""A candidate is asked so often by the gateway; whatever is beyond it came from a client that tried again."""
PATIENCE_SECONDS = 300
CASES = (
    "plain", "streaming", "tools", "parallel tools", "structured output", "errors", "retries", "a person approves",
    "responses", "responses, streaming", "responses, tools", "counting tokens", "models",
)  # fmt: skip


@dataclass(slots=True)
class Result:
    """What one client did."""

    client: Client
    versions: str
    passed: dict[str, int] = field(default_factory=dict[str, int])
    tried: dict[str, int] = field(default_factory=dict[str, int])
    wrong: list[str] = field(default_factory=list[str])

    def cell(self, case: str) -> str:
        """One case over all models."""
        if case not in self.tried:
            return ""
        passed, tried = self.passed.get(case, 0), self.tried[case]
        return "yes" if passed == tried else f"{passed} of {tried}"


def main() -> int:
    wanted = _arguments()
    chosen = [
        client for client in CLIENTS if not wanted.names or any(name in client.name for name in wanted.names)
    ]
    pythons = {client.lock: python_of(client.lock) for client in chosen}
    with place() as made:
        results = [_try(client, pythons[client.lock], made) for client in chosen]
    page = _page(results)
    print(page)  # noqa: T201 - this is what it is for
    if wanted.page is not None:
        wanted.page.write_text(page, encoding="utf-8")
    return 1 if any(result.wrong for result in results) else 0


def _try(client: Client, python: Path, made: Place) -> Result:
    result = Result(client, versions_of(client))
    told: dict[str, Any] = {"url": made.url, "key": made.key, "name": client.name, "models": MODELS}
    done = subprocess.run(
        [str(python), str(PROGRAMS / f"{client.program}.py"), json.dumps(told)],
        env=_QUIET, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"case"')]
    if not said or done.returncode:
        result.wrong.append(f"{client.label}: ended with status {done.returncode}: {done.stderr[-2000:]}")
    for each in said:
        if each["case"] == "retries" and each["ok"]:
            tries = made.attempts(f'be broken for {client.name} {each["model"]}"')
            each["ok"] = 1 <= tries <= MOST_TRIES
            each["said"] = f"the upstream was asked {tries} times"
        case = each["case"]
        result.tried[case] = result.tried.get(case, 0) + 1
        result.passed[case] = result.passed.get(case, 0) + each["ok"]
        if not each["ok"]:
            result.wrong.append(f"{client.label}, {case}, {each['model']}: {each['said']}")
    return result


_QUIET = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
    "LANGSMITH_TRACING": "false",
}
"""No setting of whoever runs this reaches a client, and nobody reports to anybody."""


def _page(results: Sequence[Result]) -> str:
    """Markdown: clients down, cases across."""
    cases = [case for case in CASES if any(case in result.tried for result in results)]
    rows = [["client", "version", *cases], ["---"] * (len(cases) + 2)]
    rows += [[each.client.label, each.versions, *(each.cell(case) for case in cases)] for each in results]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    wrong = [f"- {line}" for result in results for line in result.wrong]
    failed = ["", "## What does not work", "", *wrong] if wrong else []
    return "\n".join([*_OPENING, "", table, *failed, ""])


_OPENING = (
    "# Clients that were tried",
    "",
    "Real clients, unmodified, each in an environment of its own from a lock with hashes, against `remit up --single`,",
    "whose providers are a mock that nobody here wrote. `make test-clients` runs them and prints this page;",
    '`make test-clients ARGS="--page docs/reference/clients.md"` writes it. How an agent is connected stands in',
    "[connect an existing agent](../how-to/connect-an-existing-agent.md).",
    "",
    f"Every case is tried with {len(MODELS)} models, whose providers speak OpenAI's chat completions and responses,",
    "Anthropic's messages and Gemini: where both agree, bytes pass; where they do not, they are translated.",
    "*Retries*: the provider fails, the gateway has tried, and the client tries no more, by the mock's own journal.",
)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.clients", description="Try real clients.")
    parser.add_argument("names", nargs="*", help="only clients with this in their name; else all")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the page here")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
