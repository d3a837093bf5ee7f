"""`python -m tests.clients.schema`: schemathesis makes requests out of the published description, and none of them
may end in an error of the server. The models are simulated, so that no failure is a provider's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.clients.place import workspace
from tests.clients.roster import python_of

ROUTES = ("fast", "strong", "nobody")


def main() -> int:
    wanted = _arguments()
    python = python_of("schemathesis")
    with workspace() as (url, key), tempfile.TemporaryDirectory() as folder:
        description = Path(folder) / "openapi.json"
        with urlopen(f"{url}/v1/openapi.json", timeout=20) as reply:  # noqa: S310 - loopback
            description.write_text(json.dumps(_with_routes(json.load(reply))), encoding="utf-8")
        command = [str(python.parent / "schemathesis"), "run", str(description), "--url", url]
        command += ["-H", f"Authorization: Bearer {key}", "--checks", "not_a_server_error"]
        command += ["--max-examples", str(wanted.examples), "--no-color", *wanted.more]
        return subprocess.run(command, cwd=folder, check=False).returncode


def _with_routes(said: Any) -> Any:
    """The description, with models that there are, so that more is reached than "unknown model"."""
    if isinstance(said, list):
        return [_with_routes(each) for each in said]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(said, dict):
        return said
    found: dict[str, Any] = {name: _with_routes(value) for name, value in said.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(found.get("model"), dict) and "minLength" in found["model"]:
        found["model"] = {"enum": list(ROUTES)}
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.clients.schema")
    parser.add_argument("--examples", type=int, default=100, help="requests for each operation and phase")
    parser.add_argument("more", nargs="*", help="for schemathesis")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
