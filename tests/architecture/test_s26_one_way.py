"""There is one way to a tool, to a model and to a secret, and it leads through the gate: the package is walked, and
whoever takes another one is named here (S26).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from remit.domain.action_errors import NotInARun
from remit.tools.tool import tool
from tests.architecture.tree import ROOT, modules, name

ACTS = frozenset({"perform", "before", "restore", "reconcile", "current"})
"""What a binding does."""
ANSWERS = frozenset({"complete", "stream"})
"""What a provider does."""
GATE = "src/remit/gate/"
MODELS = "src/remit/models/"

PLANTED = {
    "a tool, performed": "async def f(tool): return await tool.binding.perform({}, None)",
    "a tool, by a name of its own": "async def f(binding): return await binding.restore()",
    "a tool, by way of getattr": "def f(tool): return getattr(tool.binding, 'perform')",
    "a provider": "async def f(provider): return await provider.complete(None)",
    "a provider, kept": "class C:\n  async def f(self): return self._provider.stream(None)",
    "a provider, opened": "from remit.models.opening import open_provider",
    "a secret, given": "async def f(self): return await self.parts.vault.give('x', None, '', '')",
    "a secret, opened": "async def f(vault): return await vault.open_provider('x')",
    "a secret, read where it lies": "from remit.gate.secrets.secret_backends.environment import EnvironmentBackend",
}


def test_s26_nobody_but_the_gate_reaches_tools_models_and_secrets() -> None:
    found = [
        f"{name(path)}:{line}: {what}"
        for path in modules("src/remit")
        for line, what in ways_around(ast.parse(path.read_text("utf-8")), name(path))
    ]
    assert found == []


@pytest.mark.parametrize("code", PLANTED.values(), ids=PLANTED)
def test_s26_the_walk_sees_every_way_around(code: str) -> None:
    assert list(ways_around(ast.parse(code), "src/remit/agents/planted.py"))


def test_s26_the_gate_is_looked_at() -> None:
    """What it may do, it does: the walk looks in the right places."""
    texts = [path.read_text("utf-8") for path in modules("src/remit/gate")]
    assert any(".binding.perform(" in text for text in texts)
    assert any("vault.give(" in text for text in texts)
    assert (ROOT / MODELS).is_dir()
    assert Path(ROOT / "src/remit/gate/models.py").read_text("utf-8").count("open_provider") > 1


async def test_s26_a_tool_that_is_called_outside_of_a_run_says_where_it_belongs() -> None:
    @tool(effect="read")
    async def look() -> str:
        """Look."""
        return "seen"

    with pytest.raises(NotInARun, match=r"run\.call"):
        await look()


def ways_around(tree: ast.Module, place: str) -> Iterator[tuple[int, str]]:
    """Where a module takes another way than the gate."""
    for node in ast.walk(tree) if not place.startswith(GATE) else ():
        yield from _around(node, place)


def _around(node: ast.AST, place: str) -> Iterator[tuple[int, str]]:
    match node:
        case ast.Attribute(attr=attr, value=owner) if attr in ACTS and _called(owner) == "binding":
            yield node.lineno, "calls a binding"
        case ast.Call(func=ast.Name(id="getattr"), args=[owner, *_]) if _called(owner) == "binding":
            yield node.lineno, "calls a binding"
        case ast.Attribute(attr=attr, value=owner) if attr in ANSWERS and _called(owner) == "provider":
            if not place.startswith(MODELS):
                yield node.lineno, "asks a provider"
        case ast.Attribute(attr="give" | "open_provider", value=owner) if _called(owner) == "vault":
            yield node.lineno, "takes a secret"
        case ast.ImportFrom(module=str(module), names=names):
            if not place.startswith(MODELS) and any(each.name == "open_provider" for each in names):
                yield node.lineno, "opens a provider"
            if module.startswith("remit.gate.secrets.secret_backend"):
                yield node.lineno, "reads secrets where they lie"
        case _:
            pass


def _called(owner: ast.expr) -> str:
    """The last name of an expression, without the underscores that make it private."""
    match owner:
        case ast.Name(id=found) | ast.Attribute(attr=found):
            return found.lstrip("_")
        case _:
            return ""
