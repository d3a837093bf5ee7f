"""The changed programs: what mutmut's default operators make of a module, which lines each change touches, and how one
is put in the place of the function that is loaded. It knows nothing of tests. What was made of a source is kept.
"""

from __future__ import annotations
import __future__

import ast
import difflib
import hashlib
import importlib
import inspect
import json
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

_MARK, _ORIGINAL, _CLASS = "__mutmut_", "__mutmut_orig", "ǁ"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed function."""

    name: str
    """As mutmut calls it: `remit.policy.memo.x_size__mutmut_1`."""
    path: str
    line: int
    lines: int
    """The statement that is changed, as bits: line n is `1 << n`."""
    function: int
    """All lines of the function."""
    difference: str
    code: str


@dataclass(frozen=True)
class Made:
    """What was made of one module."""

    path: str
    source: str
    code: str
    spans: Mapping[str, Sequence[int]]
    names: Sequence[str]
    """Without those that are the same program in other words."""
    hashes: Mapping[str, str]

    @property
    def module(self) -> str:
        """`remit.policy.memo`."""
        return module_of(self.path)

    def mutants(self) -> list[str]:
        """Their full names."""
        return [f"{self.module}.{name}" for name in self.names]

    def digest(self, name: str) -> str:
        """Which text of its function a mutant was made of."""
        return self.hashes.get(name.removeprefix(f"{self.module}.").rpartition(_MARK)[0], "")

    def mutant(self, name: str) -> Mutant:
        """One of them, whole."""
        short = name.removeprefix(f"{self.module}.")
        key = short.rpartition(_MARK)[0]
        node = self._functions[key]
        before, after = self._text(key + _ORIGINAL), self._text(short)
        start = node.lineno - _head(before)
        changed = [start + number for number in _differing(before, after)]
        statements = [_statement(node, line) for line in changed]
        whole = _bits(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        lines = whole if None in statements else _joined([each for each in statements if each is not None])
        told = difflib.unified_diff(
            _named(before, key + _ORIGINAL, node.name), _named(after, short, node.name), n=1, lineterm=""
        )
        line = min(changed, default=node.lineno)
        return Mutant(name, self.path, line, lines, whole, "\n".join(list(told)[2:]), "\n".join(after))

    def other_programs(self) -> list[str]:
        """The names without those that do the same whatever they are given."""
        originals: dict[str, str] = {}
        found: list[str] = []
        for name in self.names:
            key = name.rpartition(_MARK)[0]
            if key not in originals:
                originals[key] = _meaning(self._text(key + _ORIGINAL))
            if _meaning(self._text(name)) != originals[key]:
                found.append(name)
        return found

    @cached_property
    def _functions(self) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
        found: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        for node in ast.parse(self.source).body:
            if isinstance(node, ast.ClassDef):
                found |= {
                    f"x{_CLASS}{node.name}{_CLASS}{each.name}": each
                    for each in node.body
                    if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
                }
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found[f"x_{node.name}"] = node
        return found

    @cached_property
    def _lines(self) -> list[str]:
        return self.code.splitlines()

    def _text(self, name: str) -> list[str]:
        first, last = self.spans[name]
        return self._lines[first - 1 : last]


def module_of(path: str) -> str:
    """`src/remit/policy/memo.py` is `remit.policy.memo`."""
    return path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def make(root: Path, path: str, kept: Path) -> Made:
    """What mutmut makes of one file; what it made of the same text before is read again."""
    source = (root / path).read_text("utf-8")
    place = kept / f"{module_of(path)}-{hashlib.sha256(source.encode()).hexdigest()[:16]}.json"
    if place.exists():
        said: dict[str, Any] = json.loads(place.read_text("utf-8"))
    else:
        mutation = importlib.import_module("mutmut.mutation.file_mutation")  # in an environment of its own
        made = mutation.mutate_file_contents(path, source)
        spans = {name: (span.start, span.end) for name, span in made.line_span_by_function_name.items()}
        hashes = dict(made.hash_by_function_name)
        whole = Made(path, source, made.code, spans, list(made.mutant_names), hashes)
        said = {"code": made.code, "spans": spans, "names": whole.other_programs(), "hashes": hashes}
        kept.mkdir(parents=True, exist_ok=True)
        for old in kept.glob(f"{module_of(path)}-*.json"):
            old.unlink()
        place.write_text(json.dumps(said), "utf-8")
    return Made(path, source, **said)


def put(mutant: Mutant) -> None:
    """Let the function that is loaded do what the changed one does, wherever somebody already holds it."""
    module = importlib.import_module(module_of(mutant.path))
    short = mutant.name.removeprefix(f"{module.__name__}.")
    key = short.rpartition(_MARK)[0]
    _, owner, function = key.split(_CLASS) if _CLASS in key else ("", "", key.removeprefix("x_"))
    holder: Any = getattr(module, owner) if owner else module
    there: Mapping[str, Any] = holder.__dict__
    text = textwrap.dedent(mutant.code)
    if owner:
        text = f"class {owner}:\n{textwrap.indent(text, '    ')}"
    names: dict[str, Any] = {**vars(module), **(there if owner else {})}
    later = __future__.annotations.compiler_flag  # what the module says at its top
    exec(compile(text, mutant.path, "exec", later, dont_inherit=True), names)  # noqa: S102 - it is our own code
    made, loaded = _plain(vars(names[owner])[short] if owner else names[short]), _plain(there[function])
    _put_inner(loaded.__code__, made.__code__)
    loaded.__code__ = made.__code__
    loaded.__defaults__, loaded.__kwdefaults__ = made.__defaults__, made.__kwdefaults__


def _put_inner(before: CodeType, after: CodeType) -> None:
    """Functions that it made while modules were imported, and that stand in a module or in a table of one."""
    inner = [[each for each in code.co_consts if isinstance(each, CodeType)] for code in (before, after)]
    changed = {id(old): new for old, new in zip(*inner, strict=False) if old.co_freevars == new.co_freevars}
    if not changed:
        return
    for name, module in list(sys.modules.items()):
        if not name.startswith("remit."):
            continue
        values = list(vars(module).values())
        for each in (
            *values,
            *(inner for table in values if isinstance(table, dict) for inner in _values(table)),
        ):
            if isinstance(each, FunctionType) and id(each.__code__) in changed:
                each.__code__ = changed[id(each.__code__)]


def _values(table: Any) -> list[Any]:
    return list(table.values())


class _Meaning(ast.NodeTransformer):
    """What a program says, without what nothing ever looks at."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(ast.Name("cast"), [_, value], []):
                return value  # the type is for readers and for pyright
            case ast.Call(ast.Name("zip")):
                # by default a zip is not strict
                node.keywords = [each for each in node.keywords if not _is_false(each)]
            case ast.Call(ast.Attribute(attr="get"), [key, ast.Constant(None)], []):
                node.args = [key]
            case ast.Call(ast.Attribute(attr="encode" | "decode"), [ast.Constant(str(codec)), *more]):
                node.args = [ast.Constant(codec.lower()), *more]  # a codec has its name in any case
            case _:
                pass
        return node


def _is_false(told: ast.keyword) -> bool:
    return told.arg == "strict" and isinstance(told.value, ast.Constant) and not told.value.value


def _meaning(text: Sequence[str]) -> str:
    body = ast.parse(textwrap.dedent("\n".join(text))).body[0]
    if isinstance(body, ast.FunctionDef | ast.AsyncFunctionDef):
        body.name = ""
    return ast.dump(_Meaning().visit(body))


def _plain(found: Any) -> FunctionType:
    """Of a method of a class or of nobody the function, and of what was wrapped the one within."""
    found = inspect.unwrap(getattr(found, "__func__", found))
    if not isinstance(found, FunctionType):
        raise TypeError(f"{found!r} is not a function of ours")
    return found


def _head(text: Sequence[str]) -> int:
    return next(n for n, line in enumerate(text) if line.lstrip().startswith(("def ", "async def ")))


def _differing(before: Sequence[str], after: Sequence[str]) -> list[int]:
    """Which lines of the first are other ones in the second. The line with the name always differs."""
    head = _head(before)
    after = [line if n != _head(after) else _renamed(line, before[head]) for n, line in enumerate(after)]
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    found: list[int] = []
    for kind, first, last, _, _ in matcher.get_opcodes():
        if kind != "equal":
            found += list(range(first, last)) or [max(first - 1, 0)]
    return found


def _renamed(line: str, like: str) -> str:
    return like[: like.index("(")] + line[line.index("(") :]


def _named(text: Sequence[str], old: str, name: str) -> list[str]:
    return [line.replace(old, name) for line in text]


def _statement(function: ast.AST, line: int) -> int | None:
    """The innermost statement that the line belongs to; nothing if that is the function's own head."""
    best: tuple[int, int] | None = None
    for node in ast.walk(function):
        if node is function or not isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
            continue
        first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
        body: list[ast.stmt] = getattr(node, "body", [])
        end = node.body[-1].end_lineno if isinstance(node, ast.match_case) else node.end_lineno
        last = max(body[0].lineno - 1, first) if body else end or first
        if first <= line <= last and (best is None or last - first <= best[1] - best[0]):
            best = (first, last)
    return None if best is None else _bits(range(best[0], best[1] + 1))


def _bits(lines: range) -> int:
    return _joined([1 << line for line in lines])


def _joined(parts: Sequence[int]) -> int:
    whole = 0
    for part in parts:
        whole |= part
    return whole
