"""Personal data and credentials made with a seed, by arithmetic of its own: real by form and checksum, nobody's.

It must not use any function of the detectors that it is there to try.
"""

from __future__ import annotations

import random
import string
import zlib
from collections.abc import Callable

_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_IBANS = {"DE": 18, "ES": 20, "AT": 16, "FI": 14, "BE": 12}
"""Countries whose accounts are digits alone, and how many."""


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice(string.digits) for _ in range(count))


def card(rng: random.Random) -> str:
    body = "4" + _digits(rng, 14)
    total = sum(sum(divmod(int(digit) * (2 - i % 2), 10)) for i, digit in enumerate(body))
    number = body + str(-total % 10)
    return " ".join(number[i : i + 4] for i in range(0, 16, 4)) if rng.random() < 0.5 else number


def iban(rng: random.Random) -> str:
    country = rng.choice(list(_IBANS))
    body = _digits(rng, _IBANS[country])
    number = int(body + "".join(str(ord(letter) - 55) for letter in country) + "00")
    text = f"{country}{98 - number % 97:02}{body}"
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4)) if rng.random() < 0.5 else text


def es_dni(rng: random.Random) -> str:
    number = rng.randrange(10**7, 10**8)
    return f"{number}{_LETTERS[number % 23]}"


def uk_nhs(rng: random.Random) -> str:
    while True:
        body = _digits(rng, 9)
        check = (
            11 - sum(int(digit) * weight for digit, weight in zip(body, range(10, 1, -1), strict=True)) % 11
        )
        if check != 10:
            whole = body + str(check % 11)
            return f"{whole[:3]} {whole[3:6]} {whole[6:]}"


def us_ssn(rng: random.Random) -> str:
    return f"{rng.randrange(1, 666):03}-{rng.randrange(1, 100):02}-{rng.randrange(1, 10_000):04}"


def phone(rng: random.Random) -> str:
    return f"+{rng.choice(('49', '44', '34', '1'))} {rng.randrange(100, 999)} {_digits(rng, 7)}"


def email(rng: random.Random) -> str:
    name = "".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randrange(3, 10)))
    return (
        f"{name}.{rng.choice(('silva', 'novak', 'li'))}@{rng.choice(('example.org', 'mail.example.co.uk'))}"
    )


def github_token(rng: random.Random) -> str:
    body = "".join(rng.choice(_BASE62) for _ in range(30))
    left, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        left, digit = divmod(left, 62)
        check = _BASE62[digit] + check
    return f"ghp_{body}{check}"


def aws_access_key(rng: random.Random) -> str:
    return "AKIA" + "".join(rng.choice(string.ascii_uppercase + "234567") for _ in range(16))


MADE: dict[str, Callable[[random.Random], str]] = {
    "card": card, "iban": iban, "es_dni": es_dni, "uk_nhs": uk_nhs, "us_ssn": us_ssn, "phone": phone, "email": email,
    "github_token": github_token, "aws_access_key": aws_access_key,
}  # fmt: skip
CHECKED = ("card", "iban", "es_dni", "uk_nhs", "github_token")
"""Kinds of which one wrong character makes something else."""


def miss(kind: str, value: str, rng: random.Random) -> str:
    """Almost one: a single digit is another, and nothing else has changed."""
    places = [i for i, sign in enumerate(value) if sign.isdigit() and i > 4]
    at = rng.choice(places) if places else len(value) - 1
    other = rng.choice([digit for digit in string.digits if digit != value[at]])
    del kind
    return value[:at] + other + value[at + 1 :]
