"""The checksums that tell a number that means somebody from one that only looks like it. Digits in, truth out."""

from __future__ import annotations

import zlib
from collections import Counter

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28,
    "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20,
    "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
    "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
    "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}  # fmt: skip
_STEUER_ID_DIGITS = 11
_NHS_DIGITS = 10


def luhn(digits: str) -> bool:
    """ISO/IEC 7812: payment cards."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the sum of two digits
    return total % 10 == 0


def card_brand(digits: str) -> bool:
    """Whether numbers that begin so, and are so long, are given out to cards at all."""
    first2, first3, first4, size = int(digits[:2]), int(digits[:3]), int(digits[:4]), len(digits)
    return (
        (digits[0] == "4" and size == 16)  # noqa: PLR2004 - Visa
        or ((51 <= first2 <= 55 or 2221 <= first4 <= 2720) and size == 16)  # noqa: PLR2004 - Mastercard
        or (first2 in {34, 37} and size == 15)  # noqa: PLR2004 - American Express
        or ((first4 == 6011 or first2 == 65 or 644 <= first3 <= 649) and size == 16)  # noqa: PLR2004 - Discover
        or ((300 <= first3 <= 305 or first2 in {36, 38, 39}) and size == 14)  # noqa: PLR2004 - Diners
        or (3528 <= first4 <= 3589 and size == 16)  # noqa: PLR2004 - JCB
        or (first2 == 62 and size in {16, 19})  # noqa: PLR2004 - UnionPay
    )


def iban(text: str) -> bool:
    """ISO 13616: the length of the country, and the remainder 1 modulo 97."""
    if _IBAN_LENGTHS.get(text[:2]) != len(text):
        return False
    number = "".join(str(int(each, 36)) for each in text[4:] + text[:4])
    return int(number) % 97 == 1


def dni(text: str) -> bool:
    """Spain: the letter after a DNI or NIE is its number modulo 23."""
    number = {"X": "0", "Y": "1", "Z": "2"}.get(text[0], text[0]) + text[1:-1]
    return _DNI_LETTERS[int(number) % 23] == text[-1]


def nhs(digits: str) -> bool:
    """United Kingdom: weights ten to two, modulo 11."""
    if len(digits) != _NHS_DIGITS:
        return False
    total = sum(int(digit) * (10 - place) for place, digit in enumerate(digits[:9]))
    return (11 - total % 11) % 11 == int(digits[9])


def steuer_id(digits: str) -> bool:
    """Germany: of the first ten digits one stands twice or three times, and ISO 7064 (mod 11, 10) holds."""
    if len(digits) != _STEUER_ID_DIGITS or digits[0] == "0":
        return False
    repeated = sorted(count for count in Counter(digits[:10]).values() if count > 1)
    if repeated not in ([2], [3]):
        return False
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def social_security(digits: str) -> bool:
    """United States: numbers that were given out; there is no checksum."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def crc_token(body: str, check: str) -> bool:
    """Tokens of GitHub and npm end with the CRC32 of what stands before, in base 62."""
    value, digits = zlib.crc32(body.encode()), ""
    while value:
        value, rest = divmod(value, 62)
        digits = _BASE62[rest] + digits
    return digits.rjust(6, "0") == check
