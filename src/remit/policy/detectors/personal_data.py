"""Finds what identifies a person: by checksum where the number has one, by exact form where it has none.

Names and addresses in free text are not looked for: no form tells them from other words, and a guess would take out
what is innocent. Declare the fields that hold them instead.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from remit.policy.detectors import checksums
from remit.policy.detectors.finding import PERSONAL, Found, apart

if TYPE_CHECKING:
    from collections.abc import Callable

_SPACES = str.maketrans("", "", " -.\u00a0")


class _Rule(NamedTuple):
    kind: str
    pattern: re.Pattern[str]
    holds: Callable[[str], bool] | None
    """What confirms it, of the text without its separators; None: the form is all there is."""


def _card(text: str) -> bool:
    return checksums.card_brand(text) and checksums.luhn(text)


_BEFORE = r"(?<![\w.+@#/=-])"
_AFTER = r"(?![\w@=-]|[.]\w)"
_RULES = (
    _Rule("email", re.compile(
        r"(?<![\w.+-])[A-Za-z0-9][A-Za-z0-9._%+'-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
        r"(?![\w-])"
    ), None),
    _Rule("iban", re.compile(
        _BEFORE + r"[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?" + _AFTER
    ), checksums.iban),
    _Rule("card", re.compile(_BEFORE + r"\d(?:[ -]?\d){12,18}" + _AFTER), _card),
    _Rule("phone", re.compile(r"(?<![\w.+@#/=-])\+[1-9](?:[ /-]?(?:\(\d{1,4}\)|\d)){6,13}(?![\w@=])"), None),
    _Rule("us_ssn", re.compile(_BEFORE + r"\d{3}-\d{2}-\d{4}" + _AFTER), checksums.social_security),
    _Rule("es_dni", re.compile(_BEFORE + r"(?:\d{8}|[XYZ]-?\d{7})-?[A-HJ-NP-TV-Z]" + _AFTER), checksums.dni),
    _Rule("uk_nhs", re.compile(_BEFORE + r"\d{3} \d{3} \d{4}" + _AFTER), checksums.nhs),
    _Rule("de_tax_id", re.compile(_BEFORE + r"\d{2}[ ]?\d{3}[ ]?\d{3}[ ]?\d{3}" + _AFTER), checksums.steuer_id),
)  # fmt: skip
_CHECKED = frozenset({"iban", "card", "es_dni", "uk_nhs", "de_tax_id"})
KINDS = tuple(rule.kind for rule in _RULES)


def personal_data(text: str) -> list[Found]:
    """Every place, in the order of the text, none twice."""
    found: list[Found] = []
    if "@" in text:
        found += _matches(text, _RULES[0])
    if any(digit in text for digit in "0123456789"):
        for rule in _RULES[1:]:
            found += _matches(text, rule)
    return apart(found)


def _matches(text: str, rule: _Rule) -> list[Found]:
    found: list[Found] = []
    for match in rule.pattern.finditer(text):
        span = _holding(match.group(), rule)
        if span:
            end = match.start() + span
            found.append(Found(match.start(), end, rule.kind, PERSONAL, rule.kind in _CHECKED))
    return found


def _holding(text: str, rule: _Rule) -> int:
    """How much of a match holds: a word after an IBAN may have been read as a part of it."""
    if rule.holds is None:
        return len(text)
    for end in dict.fromkeys((len(text), *(m.start() for m in reversed(list(re.finditer(" ", text)))))):
        if rule.holds(text[:end].translate(_SPACES)):
            return end
        if rule.kind != "iban":
            break
    return 0
