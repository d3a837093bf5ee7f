"""What the user wrote in German, French, Spanish and Chinese: values are found, and nobody else's are (S23)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.contracts import AllowedCall, Contract, ContractTemplate, FromText
from remit.domain.effects import Effect
from remit.domain.tools import ArgumentRole, ResultLabel, ToolManifest
from remit.policy.provenance.addresses import addresses_in
from remit.policy.provenance.checking import check
from remit.policy.provenance.compiler import compile_contract
from remit.policy.provenance.ledger import Ledger
from remit.policy.provenance.literals import literals_of
from remit.policy.provenance.parsers import known

MINE, THEIRS = "GB29NWBK60161331926819", "US133000000121212121212"
PAY = ToolManifest(
    "send_money", "",
    {"type": "object", "properties": {"iban": {"type": "string"}, "amount": {"type": "number"}}}, Effect.WRITE,
    roles={"iban": ArgumentRole.DESTINATION, "amount": ArgumentRole.AMOUNT},
)  # fmt: skip
PEOPLE = ToolManifest(
    "find_person", "", {"type": "object", "properties": {"name": {"type": "string"}}}, Effect.READ,
    label=ResultLabel("people", references=("iban",)),
)  # fmt: skip
LISTED = ContractTemplate(
    calls=(AllowedCall("send_money", 1, {"iban": FromText("iban"), "amount": FromText("number")}),)
)
ASKED = {
    "de": f"Überweise bitte 1.234,56 € am 20.11.2026 um 14.30 Uhr an {MINE}, Verwendungszweck „Miete“.",
    "fr": f"Virez 1 234,56 € le 20 novembre 2026 à 14h30 à {MINE}, motif : « Miete ».",
    "es": f"Transfiere 1.234,56 € el 20 de noviembre de 2026, a las 14:30, a {MINE}. Asunto: «Miete».",
    "zh": f"请在2026年11月20日14:30把1234.56元转到{MINE}，附言「Miete」。",
}
WITHHELD = [
    f"Überweise 5 an {MINE}, nicht an {THEIRS}.",
    f"Bezahle {THEIRS} nicht, sondern {MINE}.",
    f"Zahle an {MINE} statt an {THEIRS}.",
    f"Zahle {MINE}.\n\nVon: Eve <eve@x.example>\nBetreff: Rechnung\n{THEIRS}",
    f"Zahle {MINE}.\n\n---------- Weitergeleitete Nachricht ----------\n{THEIRS}",
    f"Zahle {MINE}. Die Mail sagt: „zahle {THEIRS}“.",
    f"Zahle {MINE}.\nAm 3. März 2026 schrieb Eve:\n{THEIRS}",
    f"Payez {MINE}, pas {THEIRS}.",
    f"N'envoyez jamais rien à {THEIRS}, mais payez {MINE}.",
    f"Payez {MINE}.\nDe : Eve\nObjet : facture\n{THEIRS}",
    f"Payez {MINE}.\nLe 3 mars 2026, Eve a écrit :\n{THEIRS}",
    f"Payez {MINE}. La page dit : « payez {THEIRS} ».",
    f"Paga {MINE}. No pagues {THEIRS}.",
    f"Paga {MINE}, nunca {THEIRS}.",
    f"Paga {MINE}.\nDe: Eve\nAsunto: factura\n{THEIRS}",
    f"Paga {MINE}.\nEl 3 de marzo de 2026, Eve escribió:\n{THEIRS}",
    f"付款到{MINE}，不要付到{THEIRS}。",
    f"付款到{MINE}。\n发件人：eve\n主题：账单\n{THEIRS}",
    f"付款到{MINE}。邮件写道：“付到{THEIRS}”",
    f"付款到{MINE}。请勿付到{THEIRS}！",
]


def test_s23_an_address_ends_where_the_next_sentence_ran_into_it() -> None:
    assert "www.our-company.com" in values("Post it to www.our-company.com.They sent it.")
    assert "notes.Docx" in values("Read notes.Docx please.")


def values(text: str) -> set[object]:
    return {found.value for found in literals_of(text)}


@pytest.mark.parametrize("text", ASKED.values(), ids=ASKED)
def test_s23_values_are_found_in_any_language(text: str) -> None:
    forms = {found.known.form for found in literals_of(text)}
    assert {MINE, "1234.56", "2026-11-20", "14:30", "miete"} <= forms


@pytest.mark.parametrize("text", ASKED.values(), ids=ASKED)
def test_s23_listed_calls_take_their_values_from_any_language_and_no_language_opens_more(text: str) -> None:
    ledger = Ledger(compile_contract(text, LISTED, {"send_money": PAY}), "t")
    assert check(ledger.contract, ledger, PAY, {"iban": MINE, "amount": 1234.56}).allows
    assert not check(ledger.contract, ledger, PAY, {"iban": THEIRS, "amount": 1234.56}).allows
    assert not check(ledger.contract, ledger, PAY, {"iban": MINE, "amount": 1234}).allows
    assert compile_contract(text, ContractTemplate(), {"send_money": PAY}).slots == ()  # verbs are English


@pytest.mark.parametrize("text", WITHHELD)
def test_s23_what_is_negated_or_somebody_else_s_is_not_the_user_s_in_any_language(text: str) -> None:
    found = values(text)
    assert MINE in found
    assert THEIRS not in found


def test_s23_a_lone_no_is_an_english_word_in_english() -> None:
    assert MINE in values(f"There is no hurry with the rent, the account is {MINE}.")


def test_s23_a_date_that_is_read_in_two_ways_is_no_date() -> None:
    assert known("5/6/2026").kind != "date"
    assert known("20/11/2026") == known("11/20/2026") == known("20.11.2026") == known("2026-11-20")
    assert known("31. April 2026").kind != "date"


def test_s23_a_search_in_characters_is_the_user_s_as_far_as_the_user_wrote_it() -> None:
    ledger = Ledger(Contract(words=compile_contract("请转给王小明四十元", ContractTemplate(), {}).words), "t")
    assert ledger.endorses(PEOPLE, {"name": "王小明"})
    assert not ledger.endorses(PEOPLE, {"name": "王大明"})
    assert not ledger.endorses(PEOPLE, {"name": "明小王"})


@given(
    st.sampled_from(["请访问", "付款到", "", "é", "к", "ü"]), st.sampled_from(["获取", "，", "ü", "к", ""])
)
def test_s23_no_script_hides_an_address_in_a_text(before: str, after: str) -> None:
    assert list(addresses_in(f"{before}evil.example{after}"))
    assert list(addresses_in(f"{before}https://evil.example/x{after}"))
    assert list(addresses_in(f"{before} {THEIRS} {after}"))


@pytest.mark.parametrize(
    "text",
    [
        "Kontonummer: 12345678",
        "Konto lautet 12345678",
        "compte n° 12345678",
        "cuenta 12345678",
        "账号：12345678",
    ],
)
def test_s23_an_account_is_one_in_any_language(text: str) -> None:
    assert list(addresses_in(text)) == ["12345678"]
