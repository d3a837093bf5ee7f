"""The words of a text in their plainest form, as search compares them: without case, accents and most endings. Pure;
it knows no index and no key.

Endings are taken off by a few rules for English, which leave other languages mostly as they stand; scripts that put
no space between words are cut into pairs of signs. What almost every text has says nothing and is left out.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_TEXT = 20_000
"""So many letters of a text are looked at; what is longer is told by its beginning."""
MOST_WORDS = 1_000
"""So many different words of a text are kept."""
_LONGEST_WORD = 40
_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
STOP = frozenset(
    """
    a about after again all also am an and any are as at be because been before being both but by can could did do
    does doing done down each few for from further had has have having he her here hers him his how i if in into is
    it its just let me more most my no nor not now of off on once only or other our out over own please same she
    should so some such than that the their them then there these they this those through to too under until up very
    was we were what when where which while who whom why will with would you your true false null none
    """.split()  # noqa: SIM905 - a list of so many literals is unreadable
)
_ENDINGS = (
    ("ational", "ate"), ("ization", "ize"), ("fulness", "ful"), ("ements", ""), ("ations", ""), ("ement", ""),
    ("ments", ""), ("ation", ""), ("ingly", ""), ("ment", ""), ("ness", ""), ("ies", "y"), ("ied", "y"), ("ions", ""),
    ("ion", ""), ("ings", ""), ("ing", ""), ("edly", ""), ("ers", ""), ("ed", ""), ("er", ""), ("ly", ""), ("es", ""),
    ("s", ""), ("e", ""),
)  # fmt: skip
_LEAST_STEM = 4
_LEAST_WORD = 2


def raw_words(text: str) -> list[str]:
    """What stands between spaces and signs, as it was written, each once; `plain_words` says what each is."""
    return list(dict.fromkeys(_WORD.findall(text[:LONGEST_TEXT])))


def plain_words(raw: str) -> tuple[str, ...]:
    """The words that one written word is made of: none for one that says nothing, several for `cancelOrder`."""
    return tuple(
        stem
        for part in _HUMP.split(raw)
        for piece in _pieces(_folded(part))
        if piece not in STOP and (stem := stem_of(piece)) and _says_something(stem)
    )


def words(text: str) -> list[str]:
    """The different words of a text, in their order."""
    found = dict.fromkeys(word for raw in raw_words(text) for word in plain_words(raw))
    return [*found][:MOST_WORDS]


def stem_of(word: str) -> str:
    """A word without its ending, where enough is left of it."""
    if not word.isascii() or not word.isalpha():
        return word[:_LONGEST_WORD]
    if word.endswith("ss"):
        return word[:_LONGEST_WORD]
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) + len(instead) >= _LEAST_STEM:
            return _undoubled(word[: -len(ending)] + instead)[:_LONGEST_WORD]
    return word[:_LONGEST_WORD]


def _undoubled(stem: str) -> str:
    """`cancelled` and `canceled`, `stopped` and `stop` meet."""
    twice = len(stem) > _LEAST_STEM and stem[-1] == stem[-2] and stem[-1] in "bdfglmnprt"
    return stem[:-1] if twice else stem


def _folded(part: str) -> str:
    if part.isascii():
        return part.lower()
    folded = unicodedata.normalize("NFKD", part.casefold())
    return "".join(each for each in folded if not unicodedata.combining(each))


def _pieces(word: str) -> list[str]:
    if word.isascii() or not _DENSE.search(word):
        return [word]
    return [word[at : at + 2] for at in range(max(len(word) - 1, 1))]


def _says_something(stem: str) -> bool:
    return len(stem) >= _LEAST_WORD or not stem.isascii() or stem.isdigit()
