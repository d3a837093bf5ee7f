"""Personal data and secrets are found by what confirms them; what only looks like them is left alone."""

from __future__ import annotations

import json
import random
import string
import zlib
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.policy.detectors import checksums
from remit.policy.detectors.finding import Found, apart, replaced
from remit.policy.detectors.personal_data import personal_data
from remit.policy.detectors.secret_values import secret_values

ALNUM = string.ascii_letters + string.digits
FALSE_POSITIVES = 0.002
"""Of generated sentences full of numbers; measured: 26 of 20,000. A number of 16 digits is a card in one of 40."""


def with_luhn(body: str) -> str:
    return next(body + str(digit) for digit in range(10) if checksums.luhn(body + str(digit)))


def as_iban(country: str, account: str) -> str:
    number = "".join(str(int(each, 36)) for each in f"{account}{country}00")
    return f"{country}{98 - int(number) % 97:02}{account}"


def github_token(body: str) -> str:
    value, digits = zlib.crc32(body.encode()), ""
    base = string.digits + string.ascii_uppercase + string.ascii_lowercase
    while value:
        value, rest = divmod(value, 62)
        digits = base[rest] + digits
    return f"ghp_{body}{digits.rjust(6, '0')}"


JWT = ".".join(
    [
        urlsafe_b64encode(json.dumps({"alg": "HS256"}).encode()).decode().rstrip("="),
        "eyJzdWIiOiIxIn0",
        "c2lnbmF0dXJl",
    ]
)
PERSONAL = {
    "card": ["4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005"],
    "iban": ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "NO9386011117947"],
    "email": ["ana.silva@example.org", "o'neil+x@mail.example.co.uk"],
    "phone": ["+34 612 345 678", "+1 (415) 555-2671", "+4915112345678"],
    "us_ssn": ["123-45-6789"],
    "es_dni": ["12345678Z", "X1234567L"],
    "uk_nhs": ["943 476 5919"],
    "de_tax_id": ["86095742719"],
}
SECRETS = {
    "github_token": [github_token("a1B2" * 7 + "xy")],
    "npm_token": [github_token("0" * 30).replace("ghp_", "npm_")],
    "aws_access_key": ["AKIAIOSFODNN7EXAMPLE"],
    "anthropic_key": [f"sk-ant-api03-{'x' * 80}"],
    "openai_key": [f"sk-proj-{'a' * 40}T3BlbkFJ{'b' * 40}"],
    "google_api_key": [f"AIza{'c' * 35}"],
    "stripe_key": [f"sk_live_{'d' * 24}"],
    "slack_token": ["xoxb-123456789012-123456789012-abcdefghijkl"],
    "jwt": [JWT],
    "password_in_url": ["ana:tr0ub4dor"],
    "private_key": ["-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----"],
}


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, texts in PERSONAL.items() for t in texts])
def test_personal_data_is_found_where_it_stands(kind: str, text: str) -> None:
    for before, after in (("", ""), ("Mine is ", ", thanks."), ("(", ")"), ('{"a":"', '"}'), ("x: ", "\n")):
        found = personal_data(f"{before}{text}{after}")
        assert [(f.kind, f.start, f.end) for f in found] == [(kind, len(before), len(before) + len(text))]


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, texts in SECRETS.items() for t in texts])
def test_secrets_are_found_where_they_stand(kind: str, text: str) -> None:
    around = ("postgres://", "@db.example/x") if kind == "password_in_url" else ("key=", " and more")
    found = secret_values(f"{around[0]}{text}{around[1]}")
    assert [(f.kind, f.start) for f in found] == [(kind, len(around[0]))]
    assert found[0].end == len(around[0]) + len(text)


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112", "order 1234567890123456", "DE88 3704 0044 0532 0130 00", "12345678A", "943 476 5918",
        "86095742718", "000-12-3456", "2026-11-21 10:45:00", "+3.14159265358", "v1.2.3@latest", "user@localhost",
        "https://example.org/a/4111111111111111", "550e8400-e29b-41d4-a716-446655440000", "0x4111111111111111",
        "ghp_" + "a" * 36, "eyJhbGciOiJ.not.a-token-really", "sk-short", "AKIAlowercase0000000", "http://host:80/@x",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert personal_data(text) == []
    assert secret_values(text) == []


@given(st.text(string.digits, min_size=15, max_size=15), st.integers(0, 15), st.integers(0, 9))
def test_a_card_with_one_wrong_digit_is_none(body: str, place: int, digit: int) -> None:
    card = with_luhn(f"4{body[1:]}")
    wrong = card[:place] + str(digit) + card[place + 1 :]
    kinds = {found.kind for found in personal_data(f"paid with {wrong}")}
    assert ("card" in kinds) == (wrong == card)


@given(st.sampled_from(["DE", "ES"]), st.text(string.digits, min_size=20, max_size=20))
def test_an_iban_is_found_in_groups_of_four_and_in_one(country: str, account: str) -> None:
    whole = as_iban(country, account[: 18 if country == "DE" else 20])
    grouped = " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))
    for text in (whole, grouped):
        assert [f.kind for f in personal_data(f"to {text} please")] == ["iban"]
        assert [(f.start, f.end) for f in personal_data(f"to {text} OKAY now")] == [(3, 3 + len(text))]


def test_false_positives_in_text_without_personal_data() -> None:
    chance = random.Random(20261121)
    words = [
        "the",
        "order",
        "was",
        "sent",
        "to",
        "our",
        "store",
        "and",
        "arrived",
        "in",
        "good",
        "time",
        "but",
        "one",
        "part",
        "is",
        "missing",
    ]

    def token() -> str:
        kinds = (
            lambda: chance.choice(words),
            lambda: "".join(chance.choices(string.digits, k=chance.randint(1, 19))),
            lambda: f"{chance.randint(0, 9999)}-{chance.randint(0, 9999)}",
            lambda: f"{chance.uniform(-1e6, 1e6):.4f}",
            lambda: "".join(chance.choices("0123456789abcdef", k=chance.choice((8, 32, 40, 64)))),
            lambda: "".join(chance.choices(ALNUM, k=chance.randint(6, 40))),
            lambda: f"2026-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}T10:00:00Z",
            lambda: (
                f"/v{chance.randint(1, 3)}/tickets/{chance.randint(1, 10**9)}?page={chance.randint(1, 99)}"
            ),
        )
        return chance.choices(kinds, (70, 4, 4, 4, 4, 4, 5, 5))[0]()

    sentences = [" ".join(token() for _ in range(12)) for _ in range(20_000)]
    wrong = [text for text in sentences if personal_data(text) or secret_values(text)]
    assert len(wrong) / len(sentences) < FALSE_POSITIVES


@given(st.text(max_size=200))
def test_any_text_can_be_searched(text: str) -> None:
    for found in (personal_data(text), secret_values(text)):
        assert all(0 <= f.start < f.end <= len(text) for f in found)
        assert apart(found) == found
        assert replaced(text, found, lambda _, said: said) == text


def test_places_that_overlap_are_replaced_once() -> None:
    found = [
        Found(2, 6, "a", "personal", True),
        Found(0, 4, "b", "personal", True),
        Found(6, 8, "c", "secret", False),
    ]
    assert replaced("0123456789", found, lambda f, _: f"<{f.kind}>") == "<b>45<c>89"
