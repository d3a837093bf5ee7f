"""How the code is changed on purpose: which lines a change touches, that the loaded program becomes the changed one,
which changes a sample takes, and what counts as noticed and what as argued.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.mutants_judged import Argument, Known, arguments_of, judge
from scripts.mutants_made import Made, make, put
from scripts.mutants_sampled import Stratum, choose, score, wilson
from scripts.mutants_warm import Child
from scripts.mutate import ARGUED, LEAST, PACKAGES, SUITES
from tests.architecture.tree import ROOT

SOURCE = '''
LIMIT = 3

def bounded(value: int, most: int = 2) -> bool:
    """Whether it fits."""
    if (
        value < LIMIT
        and value <= most
    ):
        return True
    return False

class Shelf:
    def size(self) -> int:
        return 1
'''
CODE = '''
def x_bounded__mutmut_orig(value: int, most: int = 2) -> bool:
    """Whether it fits."""
    if (
        value < LIMIT
        and value <= most
    ):
        return True
    return False

def x_bounded__mutmut_1(value: int, most: int = 3) -> bool:
    """Whether it fits."""
    if (
        value < LIMIT
        and value <= most
    ):
        return True
    return False

def x_bounded__mutmut_2(value: int, most: int = 2) -> bool:
    """Whether it fits."""
    if (
        value < LIMIT
        or value <= most
    ):
        return True
    return False

class Shelf:
    def xǁShelfǁsize__mutmut_orig(self) -> int:
        return 1

    def xǁShelfǁsize__mutmut_1(self) -> int:
        return 2
'''


def made(path: str) -> Made:
    """What mutmut would have made of it; mutmut itself is in an environment of its own."""
    spans = {
        each.name: (each.lineno, each.end_lineno or 0)
        for each in ast.walk(ast.parse(CODE))
        if isinstance(each, ast.FunctionDef)
    }
    names = [name for name in spans if not name.endswith("orig")]
    return Made(path, SOURCE, CODE, spans, names, {"x_bounded": "a", "xǁShelfǁsize": "b"})


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The source, loaded."""
    (tmp_path / "mutable_shelf.py").write_text(SOURCE)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield __import__("mutable_shelf")
    del sys.modules["mutable_shelf"]


def test_a_change_touches_its_statement_and_the_loaded_function_becomes_the_changed_one(shelf: Any) -> None:
    module = made("mutable_shelf.py")
    default, other, size = map(module.mutant, module.mutants())
    assert [SOURCE.splitlines()[each.line - 1].strip() for each in (default, other, size)] == [
        "def bounded(value: int, most: int = 2) -> bool:", "and value <= most", "return 1",
    ]  # fmt: skip
    assert default.lines == default.function, "a head is reached by whoever reaches the function"
    assert other.lines == 0b1111 << 6, "the whole condition is one statement, and its body is not"
    assert "-        and value <= most\n+        or value <= most" in other.difference

    held: Callable[[int], bool] = shelf.bounded
    one = shelf.Shelf()
    assert (held(5), held(3), one.size()) == (False, False, 1)
    put(size)
    assert one.size() == 2
    put(other)
    assert held(2), "whoever holds the function already runs the changed one"
    assert not held(5)
    put(default)
    assert not held(3), "the limit still holds"
    shelf.LIMIT = 9
    assert held(3), "the changed default, and the module's own names"


def test_a_function_that_was_made_while_modules_were_imported_becomes_the_changed_one_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "def x_maker__mutmut_{}(more: int):\n    def inner() -> int:\n        return more + {}\n    return inner\n"
    source = text.format("orig", 1).replace("x_maker__mutmut_orig", "maker")
    (tmp_path / "mutable_maker.py").write_text(f"{source}\nmade = maker(1)\nTABLE = {{'a': maker(2)}}\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    module = __import__("mutable_maker")
    monkeypatch.setitem(sys.modules, "remit.mutable_maker", module)
    monkeypatch.setitem(sys.modules, "mutable_maker", module)
    names, code = ["x_maker__mutmut_orig", "x_maker__mutmut_1"], text.format("orig", 1) + text.format("1", 5)
    spans = {name: (4 * n + 1, 4 * n + 4) for n, name in enumerate(names)}
    changed = Made("mutable_maker.py", source, code, spans, names[1:], {})
    assert (module.made(), module.TABLE["a"](), module.maker(3)()) == (2, 3, 4)
    put(changed.mutant("mutable_maker.x_maker__mutmut_1"))
    assert (module.made(), module.TABLE["a"](), module.maker(3)()) == (6, 7, 8)


def test_what_was_made_is_read_again_while_the_source_is_the_same(tmp_path: Path) -> None:
    source = tmp_path / "src" / "remit" / "policy" / "memo.py"
    source.parent.mkdir(parents=True)
    source.write_text(SOURCE)
    module = made("src/remit/policy/memo.py")
    kept = tmp_path / "kept"
    with pytest.raises(ModuleNotFoundError):
        make(tmp_path, module.path, kept)  # here only the environment of `make mutate` could make it
    kept.mkdir()
    (kept / "old").write_text("")
    digest = __import__("hashlib").sha256(SOURCE.encode()).hexdigest()[:16]
    said = {"code": CODE, "spans": module.spans, "names": module.names, "hashes": module.hashes}
    (kept / f"remit.policy.memo-{digest}.json").write_text(json.dumps(said))
    again = make(tmp_path, module.path, kept)
    assert again.mutants()[0] == "remit.policy.memo.x_bounded__mutmut_1"
    assert again.digest(again.mutants()[2]) == "b"


def test_what_no_test_notices_is_argued_of_this_text_or_left() -> None:
    module = made("src/remit/policy/memo.py")
    names = first, second, size = module.mutants()
    known = {first: Known("a", "killed"), second: Known("a", "survived"), size: Known("b", "no tests")}
    verdict = judge(module, known, {second: Argument("The same.", "a")}, names)
    assert verdict.stratum == Stratum(3, 1, 1, 1)
    assert verdict.left == [size], "what no test reaches is noticed by none"
    verdict = judge(module, known, {second: Argument("The same.", "z")}, names)
    assert (verdict.left, verdict.stale) == ([second, size], [second]), "said of another text of the function"
    known[first] = Known("z", "killed")
    assert judge(module, known, {}, names).untried == [first], "found out of another text"
    assert judge(module, known, {}, [second]).stratum.tried == 1


def test_every_argument_has_a_name_a_text_and_a_reason() -> None:
    argued = arguments_of(ARGUED.read_text("utf-8"))
    assert argued
    for name, each in argued.items():
        assert name.startswith("remit.")
        assert "__mutmut_" in name
        assert len(each.of) == 12, "which text of the function this was said of"
        assert each.why.endswith(".")
    assert LEAST == 0.95
    assert all((ROOT / path).is_dir() for path in (*SUITES, *(f"src/remit/{each}" for each in PACKAGES)))


@given(sizes=st.lists(st.integers(0, 60), max_size=6), total=st.integers(0, 90), seed=st.integers(0, 9))
def test_a_sample_has_some_of_each_and_a_larger_one_has_the_same_and_more(
    sizes: list[int], total: int, seed: int
) -> None:
    modules = {f"m{n}": [f"m{n}.{i}" for i in range(size)] for n, size in enumerate(sizes)}
    chosen = choose(modules, total, 2, seed)
    assert len(chosen) == len(set(chosen))
    assert all(sum(name.startswith(f"{m}.") for name in chosen) >= min(2, len(s)) for m, s in modules.items())
    assert set(chosen) <= set(choose(modules, total + 20, 2, seed)), "more by the same seed: these and others"
    assert len(choose(modules, sum(sizes), 0, seed)) == sum(sizes)


def test_a_score_weighs_modules_by_size_and_says_how_sure_it_is() -> None:
    large, small = Stratum(900, 50, 50, 0), Stratum(100, 100, 0, 0)
    figure = score([large, small])
    assert figure.share == pytest.approx(0.55)
    assert figure.low < 0.55 < figure.high
    assert score([Stratum(900, 500, 400, 0), small]).low == pytest.approx(0.6), "nothing is left to guess"
    assert score([]) == score([Stratum(9, 0, 0, 3)])
    assert score([]).low == 0.0
    assert score([Stratum(100, 5, 5, 10), small]).share == pytest.approx((50 * 0.5 + 100) / 150)
    assert wilson(0.95, 500) == pytest.approx((0.9272, 0.9659), abs=1e-4)
    assert wilson(1.0, 100) == pytest.approx((0.9630, 1.0), abs=1e-4)


def test_a_child_is_heard_line_by_line_and_ends_with_all_that_it_started() -> None:
    def does(say: Callable[[Any], None]) -> None:
        say({"test": "one"})
        say({"result": "survived"})

    child = Child.start("name", does, lambda _: 60.0)
    while not child.ended:
        child.hear()
    child.end()
    assert child.said == [{"test": "one"}, {"result": "survived"}]
    assert not child.place.exists()


def test_what_is_the_same_in_other_words_is_no_change() -> None:
    def text(body: str, name: str) -> str:
        return f"def x_it__mutmut_{name}(rows):\n    return {body}\n"

    before = 'cast("list[int]", rows), zip(rows, rows, strict=False), rows.get(1, None), "".encode("ascii"), rows[0]'
    same = [
        ('"list[int]"', "None"),
        (", strict=False", ""),
        ("False", "None"),
        (", None", ""),
        ("ascii", "ASCII"),
    ]
    other = [("False", "True"), ("rows[0]", "rows[1]"), ('"".encode', '"".decode'), ("None", "0")]
    texts = [text(before, "orig")] + [
        text(before.replace(*each, 1), str(n)) for n, each in enumerate(same + other)
    ]
    names = ["x_it__mutmut_orig", *(f"x_it__mutmut_{n}" for n in range(len(same + other)))]
    spans = {name: (2 * n + 1, 2 * n + 2) for n, name in enumerate(names)}
    module = Made("src/remit/policy/memo.py", "", "".join(texts), spans, names[1:], {})
    assert module.other_programs() == names[1 + len(same) :]
