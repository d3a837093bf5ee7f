"""The values that a user wrote, found in the request by their form and as a whole (S23). No model is asked.

A value is bounded by its own form, by quotation marks, or by the words around it; a part of one is none. Whatever
the user negated or merely passed on is not in here. To which argument a value belongs, the compiler says.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from remit.policy.provenance.languages import MONTH_NAMES, apart
from remit.policy.provenance.parsers import Known, known, parse
from remit.policy.provenance.request import Request, read_request
from remit.policy.provenance.wording import EMPTY_WORDS, VERBS, stem

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = Any


class Found(NamedTuple):
    """One value of the request."""

    value: Json
    """What the user wrote; a number for an amount."""
    known: Known
    start: int
    end: int
    quoted: bool = False


_EMAIL = re.compile(
    r"(?<![\w.%+@-])[\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}(?![\w@-])", re.ASCII
)
_URL = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s<>\"'“”\x00]+|(?<![\w@./-])(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}"
                  r"(?:/[^\s<>\"'“”\x00]*)?(?![\w@])")  # fmt: skip
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){2,9}(?!\w)")
_PATH = re.compile(
    r"(?<![\w@./])(?:[\w.~-]*/)*[\w~-][\w.~-]*\.[A-Za-z][A-Za-z0-9]{0,7}(?![\w@])|(?<![\w./])/(?:[\w.~-]+/?)+"
)
_DATE = re.compile(
    r"(?<!\d)\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?(?!\d)"
    r"|\b[A-Z][a-z]{2,8}\.? \d{1,2}(?:st|nd|rd|th)?(?:,? \d{4})?\b"
    r"|\b\d{1,2}(?:st|nd|rd|th)?(?: of)? [A-Z][a-z]{2,8}(?:,? \d{4})?\b"
    rf"|\b\d{{1,2}}(?:er|\.)?(?: de)? (?i:{MONTH_NAMES})\b\.?(?:(?: de)? \d{{4}}\b)?"
    r"|(?<![\d.])\d{1,2}\. ?\d{1,2}\. ?\d{4}(?!\d)|(?<![\d/])\d{1,2}/\d{1,2}/\d{4}(?![\d/])"
)
_CHARACTERS = re.compile(r"(?:(?<!\d)\d{4}年)?(?<!\d)\d{1,2}月\d{1,2}[日号]")
_CLOCK = re.compile(
    r"(?<![\d:])\d{1,2}:\d{2}(?:\s?[AaPp][Mm])?(?![\d:])|(?<![\d:.])\d{1,2}(?:[.:]\d{2})? Uhr\b"
    r"|(?<![\d:.])\d{1,2} ?h ?(?:\d{2})?(?!\w)"
)
_MONEY = re.compile(
    r"(?<![\w.,-])[$€£¥]?(?:\d{1,3}(?:[.  \u202f]\d{3})+,\d{1,2}|\d{1,15},\d{1,2})(?![\w,])|"
    r"(?<![\w.,-])[$€£¥]?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w,])|(?<![\w.,-])[$€£¥]?\d{1,15}(?:\.\d+)?(?=[$€£¥%]|\b)(?![\w-])"
)
_HANDLE = re.compile(r"(?<![\w@#])[#@]([\w][\w.-]{0,79})")
_ID = re.compile(
    r"(?<![\w.@-])(?=[A-Za-z._-]*\d)(?=[\d._-]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9_-]{2,63}(?![\w@-])"
)
_CAPITAL = "".join(chr(code) for code in range(0x530) if chr(code).isupper())
_NAME = re.compile(
    rf"\b[{_CAPITAL}][\w'’&-]*(?:(?: (?:of|the|and|&|de|la|von|van|del|der|du|di|da|zu))? [{_CAPITAL}][\w'’&-]*)*"
)
_TOGETHER = re.compile(r"[^\s&](?:(?! and | & ).)*")
_PLACE = re.compile(
    r"\b\d{1,6} [A-Z][\w'’-]*(?: [A-Z][\w'’-]*)*|\b[A-Z][\w'’-]*(?: [A-Z][\w'’-]*)*, [A-Z]{2} \d{4,6}\b"
)
_RUN = re.compile(r"(?<![\w'’-])[a-z][\w'’-]*(?: [\w'’-]+)*")
_BEGINNING = re.compile(r"[.!?:;¿¡\n\x00]\s*\Z")
_SHAPES = ("email", "url", "iban", "date", "time", "path", "money", "id")
_FORMS = {
    "email": _EMAIL, "url": _URL, "iban": _IBAN, "date": _DATE, "time": _CLOCK, "path": _PATH, "money": _MONEY,
    "id": _ID,
}  # fmt: skip


def literals_of(request: Request | str) -> tuple[Found, ...]:
    """Every value that the user wrote, in the order of the text."""
    request = read_request(request) if isinstance(request, str) else request
    found = {(each.start, each.end): each for each in _all(request)}
    return tuple(found[place] for place in sorted(found))


def _all(request: Request) -> Iterator[Found]:
    for match in _CHARACTERS.finditer(request.own):
        form = parse("date", match[0])
        if form is not None:
            yield Found(match[0], known(match[0]), *match.span())
    left = _CHARACTERS.sub(lambda match: "\x01" * len(match[0]), request.own)
    left = apart(left)
    for start, end in request.quotes:
        said = request.text[start:end]
        if said.strip():
            yield Found(said, known(said), start, end, quoted=True)
    for shape in _SHAPES:
        for match in _FORMS[shape].finditer(left):
            each = _typed(
                shape,
                _ended(shape, match[0]),
                match.start(),
            )
            if each is not None:
                yield each
                left = left[: each.start] + "\x01" * (each.end - each.start) + left[each.end :]
    for match in _HANDLE.finditer(left):
        name = match[1].rstrip(".-")
        yield Found(name, known(name), match.start(1), match.start(1) + len(name))
    spoken = "".join("\x00" if a == "\x00" else b for a, b in zip(request.spoken, left, strict=True))
    yield from _names(spoken)
    for match in _PLACE.finditer(request.spoken):
        yield Found(match[0], known(match[0]), match.start(), match.end())


def _ended(shape: str, text: str) -> str:
    """An address without the end of its sentence; `shop.example.They` is one that the next sentence ran into."""
    if shape not in {"url", "path"}:
        return text
    text = text.rstrip(".,;:!?)]}'\"’")
    before, _, last = text.rpartition(".")
    runs_in = shape == "url" and last.istitle() and last.isalpha() and parse("url", text) is None
    return before if runs_in else text


def _typed(shape: str, text: str, start: int) -> Found | None:
    form = parse(shape, text)
    if shape == "date" and form is None:
        form = parse("datetime", text)
    if form is None:
        return None
    if shape == "money":
        number = float(form) if "." in form else int(form)
        return Found(number, known(number), start, start + len(text))
    return Found(text, known(text), start, start + len(text))


def _names(spoken: str) -> Iterator[Found]:
    """Capitalised names, and the noun phrases between words that carry no meaning of their own."""
    for match in _NAME.finditer(spoken):
        if not (_begins(spoken, match.start()) and _is_plain(match[0].split(" ")[0])):
            yield _name(match[0], match.start())
        if _begins(spoken, match.start()) and " " in match[0]:  # the capital of its first word says nothing
            first, _, rest = match[0].partition(" ")
            yield _name(rest, match.start() + len(first) + 1)
        for part in _TOGETHER.finditer(match[0]):
            words, start = part[0].split(" "), match.start() + part.start()  # `Ana and Bo` are two
            while words and _is_plain(words[0]):
                start += len(words.pop(0)) + 1
            if words:
                yield _name(" ".join(words), start)
    for match in _RUN.finditer(spoken):
        yield from _phrases(match[0], match.start())


def _begins(spoken: str, start: int) -> bool:
    """Whether a sentence begins here, where every word has a capital."""
    return start == 0 or _BEGINNING.search(spoken, max(0, start - 4), start) is not None


def _is_plain(word: str) -> bool:
    """Whether a word names nothing: a verb, or one without a meaning of its own."""
    return word.casefold() in EMPTY_WORDS or stem(word) in VERBS


def _name(text: str, start: int) -> Found:
    """A name, without the `'s` of what belongs to it."""
    text = text.removesuffix("'s").removesuffix("’s")
    return Found(text, known(text), start, start + len(text))


def _phrases(run: str, offset: int) -> Iterator[Found]:
    """The longest runs of two or more words that are neither empty words nor verbs."""
    kept: list[str] = []
    at = begun = 0
    for word in [*run.split(" "), ""]:
        plain = word.casefold().removesuffix("'s").removesuffix("’s")
        if not word or plain in EMPTY_WORDS or stem(plain) in VERBS:
            phrase = " ".join(kept)
            if len(kept) > 1:
                yield Found(phrase, known(phrase), offset + begun, offset + begun + len(phrase))
            kept = []
        else:
            begun = begun if kept else at
            kept.append(word)
        at += len(word) + 1
