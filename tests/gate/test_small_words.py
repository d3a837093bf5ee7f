"""Small pieces of the gate whose words and figures people see: why something cannot be taken back, what no memory is
called, what an answer of a person is, and what is counted of models.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from remit.domain.action_errors import BadArguments
from remit.domain.effects import Effect
from remit.domain.errors import InvalidSetting
from remit.domain.memory import LARGEST_VALUE, LONGEST_KEY
from remit.domain.tools import ObjectImage, Receipt, ToolManifest, Undo
from remit.gate.figures import EVERY, Figures
from remit.gate.memory.passage import _check_key, _size
from remit.gate.questions import _words
from remit.gate.secrets.secrets_file import read_secrets
from remit.gate.undoing import PlannedUndo, _planned, difference_of, reason_of
from remit.store.database import Op
from remit.wire.messages import Usage

IMAGE = ObjectImage("row/1", {"a": 1}, {"a": 2})
RECEIPT = Receipt("r-1", "set#1", "set", "d", {}, None, (IMAGE,), "", "k", 7)


def planned(manifest: ToolManifest | None, **changes: Any) -> PlannedUndo:
    """What undo would say of a receipt."""
    tool = None if manifest is None else SimpleNamespace(manifest=manifest)
    parts = cast("Any", SimpleNamespace(registry=SimpleNamespace(find={"set": tool}.get)))
    return _planned(parts, replace(RECEIPT, **changes))


def tool(effect: Effect = Effect.WRITE, **more: Any) -> ToolManifest:
    more = {"undo": Undo.RESTORE} | more
    return ToolManifest("set", "", {}, effect, **more)


@pytest.mark.parametrize(
    ("manifest", "changes", "possible", "exact", "why"),
    [
        (tool(), {}, True, True, ""),
        (tool(), {"best_effort": "it has no ETag"}, True, False, "it has no ETag"),
        (None, {}, False, False, "this workspace does not have the tool any more"),
        (tool(Effect.IRREVERSIBLE), {}, False, False, "it is irreversible"),
        (tool(undo=Undo.NONE), {}, False, False, "the tool does not say how it is undone"),
        (tool(undo=Undo.NONE, best_effort="triggers"), {}, False, False, "triggers"),
        (tool(), {"captured": False}, False, False, "nothing was captured of how things stood before"),
        (tool(), {"captured": False, "best_effort": "too large"}, False, False, "too large"),
        (None, {"kind": "memory"}, True, True, ""),
        (None, {"kind": "memory", "best_effort": "gone"}, False, False, "gone"),
    ],
)
def test_s27_why_a_write_cannot_be_taken_back_or_not_exactly(
    manifest: ToolManifest | None, changes: dict[str, Any], possible: bool, exact: bool, why: str
) -> None:
    assert planned(manifest, **changes) == PlannedUndo("set#1", "set", ("row/1",), 7, possible, exact, why)


def test_s27_the_reason_of_a_failure_is_told_without_the_words_around_it() -> None:
    assert reason_of(SimpleNamespace(reason="changed", message="it failed: changed")) == "changed"
    assert reason_of(SimpleNamespace(reason="", message="it failed")) == reason_of(
        SimpleNamespace(message="it failed")
    )
    assert difference_of({"why": [1, 2]}) == difference_of([1, 2]) == [1, 2]
    assert difference_of({"why": "x"}) == difference_of(None) == difference_of({}) == ()


@pytest.mark.parametrize("key", ["a", "ä b", "x" * LONGEST_KEY])
def test_a_memory_is_called_by_one_line(key: str) -> None:
    _check_key(key)


@pytest.mark.parametrize("key", ["", "  ", "a\nb", "x" * (LONGEST_KEY + 1), 3, None])
def test_what_is_no_name_is_none_of_a_memory(key: object) -> None:
    with pytest.raises(BadArguments) as refused:
        _check_key(key)
    assert (
        refused.value.message
        == f"a memory is found by a name of one line and {LONGEST_KEY} characters at most."
    )
    assert refused.value.hint == 'Such as "address".'


def test_what_is_remembered_is_measured_as_it_is_written() -> None:
    assert (_size("ä"), _size({"a": [1]}), _size(None)) == (4, 9, 4)
    assert _size("x" * (LARGEST_VALUE - 2)) == LARGEST_VALUE
    with pytest.raises(BadArguments, match="this cannot be remembered: "):
        _size(object())


def test_an_answer_of_a_person_is_said_in_words() -> None:
    asked = {"question": "which?"}
    said = {
        "left": {"answer": "left"},
        "3": {"answer": 3},
        "right": "right",
        "7": 7,
        "True": True,
        "[1]": [1],
    }
    assert all(_words(value, asked, "") == words for words, value in said.items())
    assert _words(asked, asked, "") == _words(None, asked, "") == "yes"
    assert _words(asked, asked, "the blue one") == _words(None, asked, "the blue one") == "the blue one"
    assert _words({"answer": "left"}, asked, "a comment") == "left"
    assert _words({"other": 1}, asked, "") == "{'other': 1}"


def test_what_foreign_agents_use_models_for_is_counted_by_day_and_taken_along_now_and_then() -> None:
    figures, at = Figures(), int(datetime(2026, 11, 21, 23, 59, tzinfo=UTC).timestamp()) * 1_000_000
    assert figures.take(at) == ()
    figures.called("fast", "small", Usage(input=10, cache_read=4, output=3), at)
    figures.called("fast", "small", None, at)
    figures.spared("fast", "small", 700, at)
    figures.called("fast", "large", Usage(input=1), at + 120_000_000)
    prompt = Usage(input=10, cache_read=4, output=3).prompt
    assert figures.take(EVERY - 1) == ()
    assert list(figures.take(at)) == [
        Op("figures.add", ("2026-11-21", "fast", "small", 2, prompt, 4, 1, 700)),
        Op("figures.add", ("2026-11-22", "fast", "large", 1, 1, 0, 0, 0)),
    ]
    figures.called("fast", "small", None, at)
    assert figures.take(at + EVERY - 1) == ()
    assert len(figures.take(at + EVERY)) == 1
    assert figures.take(at + 9 * EVERY) == (), "each is taken once"


def test_a_file_of_secrets_that_is_no_toml_says_where(tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text("a =")
    with pytest.raises(InvalidSetting) as refused:
        read_secrets(tmp_path)
    assert (
        refused.value.message
        == f"{tmp_path / 'secrets.toml'} is not TOML: Invalid value (at end of document)."
    )
    assert refused.value.hint == "Mend that place."
