"""Behind a Python tool that asks for a tier: its function runs in a sandbox of that tier, by its import path, with JSON
in and JSON out. It sees the workspace's imported code and the installed packages, and neither keys nor network.
"""

from __future__ import annotations

import json
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import InvalidTool
from remit.domain.effects import Effect
from remit.domain.errors import NotEncodable, ToolFailed
from remit.domain.tools import Performed, Undo
from remit.tools.reading import ReadOnly
from remit.tools.sandbox import Ending, SandboxLimits
from remit.tools.sandboxes.choosing import sandbox_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.domain.tools import ToolManifest
    from remit.tools.binding import ToolContext
    from remit.tools.sandbox import Outcome
    from remit.tools.schema import Signature

Json = Any

_CODE = "from remit.tools.sandboxes.inside.function import main; main()"
_SOURCES = Path(__file__).resolve().parents[2]
_SECONDS = 10.0
_MEMORY = 1024 * 1024 * 1024
"""Bytes of address space: the packages that the function imports count."""
_LARGEST = 4 * 1024 * 1024
_TOLD = 2_000


class SandboxedBinding(ReadOnly):
    """Implements `Binding` over a function that is called in a sandbox."""

    def __init__(self, fn: Callable[..., Any], signature: Signature, declared: ToolManifest) -> None:
        _check(fn, signature, declared)
        self._fn = fn
        self._signature = signature
        self._declared = declared
        self._limits = SandboxLimits(declared.timeout or _SECONDS, _MEMORY, output=_LARGEST)

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Call it behind the walls; raises `IsolationMissing` where they cannot be built."""
        del context
        modules = _workspace_of(self._fn.__module__)
        order = {
            "modules": modules, "module": self._fn.__module__, "name": self._fn.__qualname__, "arguments": arguments,
        }  # fmt: skip
        visible = [*modules.values(), *_packages(), str(_SOURCES / "remit")]
        bootstrap = f"import sys; sys.path[:0] = {[str(_SOURCES), *_packages()]!r}\n{_CODE}"
        outcome = await sandbox_of(self._declared.tier).run(
            bootstrap, json.dumps(order), self._limits, visible
        )
        return Performed(self._answer(outcome))

    def _answer(self, outcome: Outcome) -> Json:
        name = self._declared.name
        if outcome.ending is Ending.TIMED_OUT:
            raise ToolFailed(f"{name} was not done after {self._limits.seconds:g} s, and was ended.")
        if outcome.ending is not Ending.DONE or outcome.cut:
            raise ToolFailed(f"{name} ended with {outcome.exit}: {outcome.errors[-_TOLD:].strip()}")
        said: dict[str, Json] = json.loads(outcome.output)
        if "failed" in said:
            raise ToolFailed(said["failed"])
        try:
            if self._signature.result is not None:
                self._signature.restore_result(said["result"])
        except NotEncodable as wrong:
            raise ToolFailed(wrong.message) from None
        return said["result"]


def _check(fn: Callable[..., Any], signature: Signature, declared: ToolManifest) -> None:
    """What a sandbox cannot keep is refused where it is declared."""
    name, tier = declared.name, declared.tier
    if "<locals>" in fn.__qualname__ or fn.__module__ == "__main__":
        raise InvalidTool(
            f"{name} asks for the tier {tier}, where it is imported anew, and it has no import path.",
            "Write it at the top of a module of the workspace.",
        )
    if declared.effect is not Effect.READ or declared.undo is not Undo.NONE:
        raise InvalidTool(
            f"{name} asks for the tier {tier} and is no read; behind its walls nothing can be changed.",
            'Write effect="read", and let another tool write what it computed.',
        )
    if declared.secrets or signature.takes_context or signature.keyed:
        raise InvalidTool(
            f"{name} asks for the tier {tier}, and neither secrets nor its context go in there.",
            "Give it what it needs as arguments.",
        )


def _packages() -> list[str]:
    """Where installed packages lie."""
    found = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *_site_packages()])
    return [path for path in found if Path(path).is_dir()]


def _site_packages() -> list[str]:
    return [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]


def _workspace_of(module: str) -> dict[str, str]:
    """The modules beside this one that this process has imported, and their files: the code of the workspace, and never
    the log, the keys or the settings that lie beside it.
    """
    file = getattr(sys.modules[module], "__file__", None)
    if file is None or _is_installed(file):
        return {}
    root = Path(file).resolve().parents[module.count(".") + (Path(file).stem == "__init__")]
    loaded = {name: getattr(each, "__file__", None) for name, each in list(sys.modules.items())}
    found = {
        name: str(Path(each).resolve()) for name, each in loaded.items() if each and not _is_installed(each)
    }
    return {name: each for name, each in found.items() if each.startswith(f"{root}/") and name != "__main__"}


def _is_installed(file: str) -> bool:
    return any(file.startswith(f"{path}/") for path in (*_packages(), str(_SOURCES / "remit")))
