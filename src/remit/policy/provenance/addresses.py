"""Addresses inside of a text: whatever a reader's program would make a link of, and wherever money could be sent.

Who may name them, others say. A number is an account where a word in front of it says so, or where its form does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from remit.policy.provenance.parsers import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = Any

_ADDRESS = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]{1,20}:/{1,3}[^\s<>\"'`]+|\bwww\.[^\s<>\"'`]+"
    r"|(?<![\w@.-])(?:[\w-]{1,63}\.)+(?:com|org|net|edu|gov|info|biz|dev|app|io|ai|co|uk|de|fr|es|it|nl|ch|at|eu|us|"
    r"ca|au|jp|cn|ru|xyz|site|online|tech|cloud|page|link|example|test|top|shop|click|live|me|tv|"
    r"中国|中國|公司|网络|рф|укр)(?![A-Za-z0-9_])(?:/[^\s<>\"'`]*)?(?![A-Za-z0-9_@])"
    r"|\b(?:javascript|data|mailto|tel):[^\s<>\"'`]+",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"(?:\b(?:iban|account|acct|a/c|bank|wallet|routing|sort code|swift|bic|konto(?:nummer|nr)?|compte|cuenta)\b"
    r"(?:\s+(?:number|no|nr|id|address|is|lautet|ist|est|es|número|numéro|n°))*|账号|账户|帐号|賬號)"
    r"[\s.:：#=\"'(-]*(?P<named>(?=(?:[A-Za-z]*[ -]?\d){8})[A-Za-z0-9](?:[ -]?[A-Za-z0-9]){7,63})(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9])(?P<iban>[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?)(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9])(?P<wallet>0x[0-9A-Fa-f]{40}|bc1[a-z0-9]{25,60})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_LEAST_IBAN = 15
_DIGITS = re.compile(r"\d[ -]?\d")
_TRAILING = ".,;:!?)]}*_"


def addresses_in(value: Json) -> Iterator[str]:
    """Every address in a text, or in the texts of an object."""
    if isinstance(value, str):
        if "." in value or ":" in value:
            for match in _ADDRESS.finditer(value):
                yield match[0].rstrip(_TRAILING)
        if _DIGITS.search(value):
            yield from _accounts_in(value)
    elif isinstance(value, dict):
        for inner in cast("dict[str, Json]", value).values():
            yield from addresses_in(inner)
    elif isinstance(value, list):
        for inner in cast("list[Json]", value):
            yield from addresses_in(inner)


def _accounts_in(text: str) -> Iterator[str]:
    for match in _ACCOUNT.finditer(text):
        found = match["named"] or match["iban"] or match["wallet"]
        written = match["iban"]
        if not written or (
            len(written.replace(" ", "")) >= _LEAST_IBAN and parse("iban", written) is not None
        ):
            yield found
