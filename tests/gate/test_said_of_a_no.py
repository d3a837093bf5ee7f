"""What a refusal is made of: the rule, its place, what it looked at, and where the value of that came from; and what is
said of a file that limits something and is misspelt.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from remit.domain.contracts import Contract
from remit.domain.decisions import AccessRequest, Decision, Outcome, Reason
from remit.domain.errors import InvalidSetting
from remit.domain.labels import Integrity, Label
from remit.gate.answer_cache import AnswerCache
from remit.gate.explaining import denied, sourced
from remit.gate.guards.settings import read_guards
from remit.gate.toml_file import TomlFile, nearest
from remit.policy.provenance.ledger import Ledger
from remit.policy.provenance.parsers import known
from remit.wire.messages import Message, ModelRequest, Text, ToolSpec

CALL = AccessRequest("lea", "t", "clerk", "call", "refund", {}, {})
FULL = Reason("cap", "p.cedar:3", "too much", "cents", "from the code of the flow", ("ask lea", "or wait"))


@pytest.mark.parametrize(
    ("request_", "reason", "message", "hint"),
    [
        (CALL, FULL, "clerk may not call refund: too much (p.cedar:3, cents: from the code of the flow).",
        "ask lea or wait"),
        (CALL, Reason("cap", "p.cedar:3"), "clerk may not call refund: cap (p.cedar:3).", ""),
        (CALL, Reason("cap", text="no", source="known"), "clerk may not call refund: no (known).", ""),
        (CALL, Reason("cap", text="no", argument="cents"), "clerk may not call refund: no.", ""),
        (CALL, None, "clerk may not call refund.", ""),
        (AccessRequest("lea", "t", "", "undo", "refund", {}, {}), None, "lea may not undo refund.", ""),
        (AccessRequest("lea", "t", "", "memory", "user:lea", {}, {"operation": "recall"}), None,
         "lea may not use the memory user:lea (recall).", ""),
    ],
)  # fmt: skip
def test_a_no_says_who_what_why_where_and_what_instead(
    request_: AccessRequest, reason: Reason | None, message: str, hint: str
) -> None:
    wrong = denied(request_, Decision(Outcome.DENY, (reason, FULL) if reason else (), policy="d" * 40))
    assert (wrong.message, wrong.hint) == (message, hint)
    detail = cast("dict[str, Any]", wrong.detail)
    assert detail["policy"] == "d" * 16
    assert [each["rule"] for each in detail["reasons"]] == ([reason.rule, "cap"] if reason else [])


def source(
    argument: str, asked: Any, sent: Any, *, agent: str = "clerk", editor: str = "", bounds: Any = ()
) -> str:
    """What is said of an argument."""
    actor = cast("Any", SimpleNamespace(agent=agent, bounds=bounds))
    decision = Decision(Outcome.DENY, (Reason("cap", argument=argument), Reason("other"), FULL))
    found = sourced(decision, actor, asked, sent, editor)
    assert found.reasons[1:] == decision.reasons[1:], "what is about no argument, or is said already, stays"
    return found.reasons[0].source


def bound(ledger: Ledger, context: str = "", *, absent: bool = False) -> Any:
    return SimpleNamespace(run=SimpleNamespace(ledger=ledger, absent=absent), context=context)


def test_where_a_value_came_from_without_a_contract() -> None:
    both = {"cents": 5, "environment": "x"}
    assert source("cents", both, both) == "written by the model of clerk"
    assert source("cents", both, both, agent="") == "from the code of the flow"
    assert source("argument_environment", both, both) == "written by the model of clerk"
    assert (
        source("note", both, both) == source("argument_note", both, both) == "left out, so the tool's default"
    )
    assert source("cents", {"cents": 6}, both) == source("cents", {}, both) == "changed by a rule"
    assert source("cents", {"cents": 6}, both, editor="lea") == "changed by lea"
    assert source("cents", both, both, editor="lea") == "written by the model of clerk"
    assert source("cents, note", both, both) == (
        "cents is written by the model of clerk; note is left out, so the tool's default"
    )
    assert source("cents, environment", both, both) == "written by the model of clerk", "said once"
    allowed = Decision(Outcome.ALLOW, (Reason("cap", argument="cents"),))
    assert sourced(allowed, cast("Any", None), {}, {}, "") is allowed
    silent = Decision(Outcome.ASK)
    assert sourced(silent, cast("Any", None), {}, {}, "") is silent


def test_where_a_value_came_from_under_contracts() -> None:
    near, far = (
        Ledger(Contract(literals=("ana@x.org", "bea@x.org"))),
        Ledger(Contract(literals=("only-far@x.org",))),
    )
    near.references = {"crm.id": {known("INV-1"): "INV-1"}, "hr.id": {known("HR-77"): "HR-77"}}
    sent: dict[str, Any] = {
        "to": "ANA@x.org", "many": ["ana@x.org", "bea@x.org"], "mixed": ["ana@x.org", "eve@x.org"], "id": "inv-1",
        "ids": ["inv-1", "hr-77"], "strange": "eve@x.org", "far": "only-far@x.org", "none": [],
    }  # fmt: skip
    bounds = (bound(far), bound(near), bound(Ledger(Contract()), absent=True))

    def said(name: str, **more: Any) -> str:
        return source(name, sent, sent, bounds=bounds, **more)

    assert said("to") == said("many") == "as the user wrote it"
    assert said("id") == "from crm.id, which is trusted"
    assert said("ids") == "from crm.id, hr.id, which is trusted"
    assert said("far") == "as the user wrote it", "the one further out knows it"
    assert said("mixed") == said("none") == "written by the model of clerk"
    assert said("strange", agent="") == "from the code of the flow"
    for number in range(4):
        near.sees(Label(Integrity.UNTRUSTED, None, (f"tool:{number}",)))
    assert said("strange") == "from text that nobody vouches for: tool:1, tool:2, tool:3"
    assert source("to", {}, sent, bounds=bounds) == "as the user wrote it", (
        "under a contract its own writing is sent"
    )
    assert source("to", {}, sent, bounds=bounds, editor="lea") == "changed by lea"
    assert source("to", {}, sent, bounds=bounds[2:]) == "changed by a rule", (
        "a contract that is absent says nothing"
    )


def test_a_file_that_limits_something_is_refused_in_these_words(tmp_path: Path) -> None:
    file = TomlFile("limits.toml", "Read the page.")
    assert file.text_of(tmp_path) == ""
    assert (file.parsed(""), file.parsed("a = 1")) == ({}, {"a": 1})

    def refused(does: Any) -> str:
        with pytest.raises(InvalidSetting) as wrong:
            does()
        assert wrong.value.hint == "Read the page."
        return wrong.value.message

    assert (
        refused(lambda: file.parsed("a =")) == "limits.toml is not TOML: Invalid value (at end of document)."
    )
    assert refused(lambda: file.section(3, "budgets")) == (
        "limits.toml has budgets = 3; write a section [budgets] with its keys below."
    )
    assert refused(lambda: file.refuse_unknown({"amount": 1}, iter(["amounts", "calls"]), "b.")) == (
        'limits.toml has "b.amount", which means nothing (nearest: "amounts").'
    )
    file.refuse_unknown({"calls": 1}, ["amounts", "calls"], "")
    assert file.section({"a": 1}, "x") == {"a": 1}
    (tmp_path / "limits.toml").write_bytes(b"\xff")
    assert refused(lambda: file.text_of(tmp_path)).startswith(
        "limits.toml is not TOML: 'utf-8' codec can't decode byte 0xff"
    )
    (tmp_path / "limits.toml").unlink()
    (tmp_path / "limits.toml").mkdir()
    assert refused(lambda: file.text_of(tmp_path)) == "limits.toml cannot be read: Is a directory."
    assert nearest("refnd", {"refund", "refunds", "x"}) == ' (nearest: "refund")'
    assert nearest("zzz", {"refund"}) == ""


GUARD = '[guards.a]\ncheck = "secrets"\nat = ["input"]\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("guard = 1", 'has "guard", which means nothing; every guard is a section [guards.NAME]'),
        ("guards = 1", "has guards = 1; write a section [guards] with its keys below"),
        ("[guards]\na = 1", "has guards.a = 1; write a section [guards.a] with its keys below"),
        (f"{GUARD}name = 'x'", 'has "guards.a.name", which means nothing'),
        (f"{GUARD}acton = 'x'", 'has "guards.a.acton", which means nothing (nearest: "action")'),
        (f"{GUARD}kinds = 'x'", "has guards.a.kinds = 'x'; it is a list of texts"),
        (f"{GUARD}agents = [1]", "has guards.a.agents = [1]; it is a list of texts"),
        (f"{GUARD}threshold = '1'", "has guards.a.threshold = '1'; it is a number"),
        (f"{GUARD}timeout = true", "has guards.a.timeout = True; it is a number"),
        (f"{GUARD}private = 1", "has guards.a.private = 1; it is true or false"),
        (f"{GUARD}action = 1", "has guards.a.action = 1; it is a text"),
        (f"{GUARD}agents = ['clrk']", 'has guards.a for "clrk", which is no agent (nearest: "clerk")'),
        ("[guards.a]\nat = ['input']", "has guards.a without check"),
        ("[guards.a]\ncheck = 'secrets'", "has guards.a without at"),
    ],
)  # fmt: skip
def test_a_guard_that_is_misspelt_is_refused_in_these_words(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "guards.toml").write_text(text)
    with pytest.raises(InvalidSetting) as wrong:
        read_guards(tmp_path, ["clerk"])
    assert (wrong.value.message, wrong.value.hint) == (
        f"guards.toml {why}.", "What guards.toml can hold: docs/how-to/screen-content.md",
    )  # fmt: skip


def test_guards_are_read_in_their_order(tmp_path: Path) -> None:
    assert read_guards(tmp_path) == ()
    (tmp_path / "guards.toml").write_text(
        f"{GUARD}agents = ['clerk', 'stranger']\n{GUARD.replace('[guards.a]', '[guards.b]')}threshold = 1\n"
    )
    assert [(each.name, each.agents, each.threshold) for each in read_guards(tmp_path)] == [
        ("a", ("clerk", "stranger"), 0.0),
        ("b", (), 1),
    ]


HI = ModelRequest("m", (Message("user", (Text("hi"),)),), extra={"stream_options": {"x": 1}, "user": "u"})


def test_s32_an_answer_is_named_by_all_that_it_depends_on_and_by_nothing_else() -> None:
    name = AnswerCache.name
    assert name(HI, "team") == name(replace(HI, model="other", stream=True, extra={"user": "u"}), "team")
    assert len(name(HI)) == 48
    others = [
        name(HI), name(HI, "sales"), name(HI, "team", 1), name(replace(HI, extra={}), "team"),
        name(replace(HI, temperature=0.5), "team"), name(replace(HI, max_tokens=5), "team"),
        name(replace(HI, messages=()), "team"), name(HI, "team"),
    ]  # fmt: skip
    assert len(set(others)) == len(others)


def test_s32_what_acts_rolls_dice_or_is_forbidden_is_answered_anew() -> None:
    may = AnswerCache.may_serve
    assert may(HI, {})
    assert may(replace(HI, temperature=0.0), {"cache-control": "max-age=0"})
    spec = ToolSpec("t", "", {})
    for request in (replace(HI, tools=(spec,)), replace(HI, choices=2), replace(HI, temperature=0.1)):
        assert not may(request, {})
    assert not may(replace(HI, tools=(spec,), choices=2), {})
    for said in ("no-store", "max-age=3, No-Cache"):
        assert not may(HI, {"cache-control": said})
