"""Values that somebody decides about are shown as they are."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from remit.cli.cards import WHOLE, card_lines
from remit.cli.wording import value
from remit.control.approving.views import InboxItem


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_a_value_hides_nothing_and_turns_nothing_around(text: str) -> None:
    shown = value({"to": text}, 1_000)
    assert shown.isprintable()
    assert json.loads(shown) == {"to": text}


def test_an_account_that_reads_backwards_is_seen_to() -> None:
    assert value("o-\u202e4321\u200b") == '"o-\\u202e4321\\u200b"'


def test_a_card_shows_every_argument_or_says_where_the_rest_of_it_is() -> None:
    call = {"rule": "some", "reason": "", "tool": "pay", "undo": "none"}

    def card(text: str, longest: int = 400) -> str:
        item = InboxItem(
            "a-1", "approval", "r-1", "pay", "pay", "pay", "leads", 0, None, call | {"arguments": {"to": text}}, "", ""
        )  # fmt: skip
        return "\n".join(card_lines(item, 1, longest))

    account = "someone.with.a.long.name@example.com.evil.example"
    assert f'pay(to="{account}")' in card(account)
    assert "remit inbox show" not in card(account)
    assert "it is longer than that: remit inbox show a-1" in card("a" * 1_000 + account)
    assert account in card("a" * 1_000 + account, WHOLE)


def test_what_people_say_on_a_card_makes_no_line_of_it() -> None:
    item = InboxItem(
        "a-1",
        "human",
        "r-1",
        "f",
        "p",
        "n",
        "leads",
        0,
        None,
        1,
        "yes",
        "no",
        note="x\x1b[2J\n    what pay(1)",
    )
    said = "\n".join(card_lines(item, 1))
    assert "    note     x\\u001b[2J\\n    what pay(1)\n" in said
