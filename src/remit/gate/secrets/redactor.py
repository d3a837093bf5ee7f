"""Keeps secrets out of what is kept: results, errors and log text, in every form in which a value usually travels.

It is the last line, not the first: a tool that is given a secret should not repeat it. Values shorter than six
characters are not looked for, because they stand in innocent text too.
"""

from __future__ import annotations

import base64
import html
import json
import logging
import re
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

Json = Any

SHORTEST = 6
_SHORTEST_PART = 12
_TELLING = re.compile(r"secret|token|passw|pwd|key|credential", re.IGNORECASE)
_MOST_CAUSES = 100
_MOST_KEPT = 1_000
_SPEAKING = ("strerror", "filename", "filename2", "reason", "msg", "text")
"""Where errors of the interpreter keep words outside of their `args`."""


class Redactor:
    """The values that must not show."""

    def __init__(self) -> None:
        self._held: Counter[tuple[str, str]] = Counter()
        self._kept: dict[tuple[str, str], None] = {}
        self._forms: dict[str, str] = {}
        """Every form, the longest first, and the name of its secret."""
        self._beginnings: frozenset[str] | None = None
        """What a form may begin with; made when somebody listens to a stream."""

    def hide(self, name: str, value: str) -> None:
        """Look for this value from now on; once more for each time it is given."""
        self._held[name, value] += 1
        if self._held[name, value] == 1:
            self._rebuild()

    def show(self, name: str, value: str) -> None:
        """Whoever it was given to is gone."""
        self._held[name, value] -= 1
        if self._held[name, value] <= 0:
            del self._held[name, value]
            self._rebuild()

    def keep(self, name: str, value: str) -> None:
        """Look for this value for as long as this process lives."""
        if (name, value) in self._kept:
            return
        self._kept[name, value] = None
        while len(self._kept) > _MOST_KEPT:  # values that were rotated long ago
            self._kept.pop(next(iter(self._kept)))
        self._rebuild()

    def text(self, text: str) -> str:
        """A text without secrets."""
        for form, name in self._forms.items():
            if form in text:
                text = text.replace(form, f"[secret {name}]")
        return text

    def whole(self, text: str) -> int:
        """How much of a text that goes on can be shown by now: not what may be the beginning of a secret."""
        if not self._forms:
            return len(text)
        if self._beginnings is None:
            self._beginnings = frozenset(form[:end] for form in self._forms for end in range(1, len(form)))
        longest = len(next(iter(self._forms))) - 1
        start = max(0, len(text) - longest)
        cut = next((at for at in range(start, len(text)) if text[at:] in self._beginnings), len(text))
        while cut and (inside := self._across(text, cut)) < cut:
            cut = inside
        return cut

    def _across(self, text: str, cut: int) -> int:
        """Where a secret begins that goes on beyond the cut; the cut itself if none does."""
        found = cut
        for form in self._forms:
            at = text.find(form, max(0, cut - len(form) + 1))
            if 0 <= at < cut:
                found = min(found, at)
        return found

    @property
    def knows_any(self) -> bool:
        """Whether there is anything to hide."""
        return bool(self._forms)

    def value(self, value: Json) -> Json:
        """A JSON value without secrets; the same object if there is nothing to hide."""
        if not self._forms:
            return value
        return self._without(value)

    def found_in(self, value: Json) -> str:
        """The name of a secret that stands somewhere in a JSON value; empty if none does."""
        if not self._forms:
            return ""
        for text in _texts(value):
            for form, name in self._forms.items():
                if form in text:
                    return name
        return ""

    @contextmanager
    def scrubbing(self) -> Generator[None]:
        """What is raised within it leaves without secrets."""
        try:
            yield
        except BaseException as raised:
            self.scrub(raised)
            raise

    def scrub(self, raised: BaseException) -> None:
        """Take secrets out of an error, its notes and what it came from, in place."""
        if not self._forms:
            return
        for wrong in _chain(raised):
            self._scrub_one(wrong)

    def _scrub_one(self, wrong: BaseException) -> None:
        wrong.args = tuple(self._scrubbed(part) for part in wrong.args)
        for name, value in list(vars(wrong).items()):
            if isinstance(value, str | dict | list | tuple):
                setattr(wrong, name, self._scrubbed(cast("Json", value)))
        for name in _SPEAKING:
            with suppress(AttributeError, TypeError):
                if isinstance(value := getattr(wrong, name, None), str):
                    setattr(wrong, name, self.text(value))

    def _scrubbed(self, value: Json) -> Json:
        if isinstance(value, str | dict | list | int):
            return self._without(value)
        if isinstance(value, tuple):
            return tuple(self._scrubbed(part) for part in cast("tuple[Json, ...]", value))
        if isinstance(value, bytes):
            text = value.decode("utf-8", "replace")
            return self.text(text).encode() if self.found_in(text) else value
        return value

    def _without(self, value: Json) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            items = cast("dict[Json, Json]", value).items()
            return {
                self.text(key) if isinstance(key, str) else key: self._without(inner) for key, inner in items
            }
        if isinstance(value, list | tuple):
            return [self._without(inner) for inner in cast("list[Json]", value)]
        if isinstance(value, int | float) and not isinstance(value, bool) and str(value) in self._forms:
            return self.text(str(value))
        return value

    def _rebuild(self) -> None:
        found: dict[str, str] = {}
        for name, value in (*self._kept, *self._held):
            for form in forms_of(value):
                found.setdefault(form, name)
        self._forms = dict(sorted(found.items(), key=lambda item: -len(item[0])))
        self._beginnings = None


class RedactingFilter(logging.Filter):
    """Put on a handler, so that no line of a log shows a secret, whoever writes it."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, without secrets."""
        record.msg = self._redactor.text(record.getMessage())
        record.args = None
        if record.exc_info and record.exc_info[1] is not None:
            self._redactor.scrub(record.exc_info[1])
        if record.exc_text:
            record.exc_text = self._redactor.text(record.exc_text)
        return True


def forms_of(value: str) -> set[str]:
    """The ways in which a value may stand in a text."""
    found: set[str] = set()
    for part in _parts_of(value):
        found |= {part, *_escaped(part), *_base64(part.encode("utf-8", "surrogatepass"))}
    return {form for form in found if len(form) >= SHORTEST}


def _parts_of(value: str) -> set[str]:
    """The value, and the lines and fields of it that are secret by themselves."""
    if len(value) < SHORTEST:
        return set()
    parts = {value, value.strip()}
    if "\n" in value:
        parts |= {
            line.strip()
            for line in value.splitlines()
            if len(line.strip()) >= _SHORTEST_PART and "-----" not in line
        }
    if value.lstrip().startswith("{"):
        with suppress(ValueError, RecursionError):  # it may only look like an object
            parts |= set(_telling(json.loads(value)))
    return parts


def _telling(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in cast("dict[str, Json]", value).items():
            if isinstance(inner, str) and len(inner) >= _SHORTEST_PART and _TELLING.search(key):
                yield from _parts_of(inner) if not inner.lstrip().startswith("{") else (inner,)
            else:
                yield from _telling(inner)
    elif isinstance(value, list):
        for inner in cast("list[Json]", value):
            yield from _telling(inner)


def _escaped(part: str) -> set[str]:
    data = part.encode("utf-8", "surrogatepass")
    found = {
        json.dumps(part)[1:-1],
        json.dumps(part, ensure_ascii=False)[1:-1],
        repr(part)[1:-1],
        html.escape(part),
        html.escape(part, quote=False),
        data.hex(),
        data.hex().upper(),
    }
    for percent in (quote(data), quote(data, safe=""), quote_plus(data)):
        found |= {percent, re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), percent)}
    return found


def _base64(data: bytes) -> set[str]:
    """As base64, also as the middle of something longer, such as `user:secret`: three ways to fall into its rhythm."""
    found: set[str] = set()
    for before in range(3):
        text = base64.b64encode(b"\0" * before + data).decode()
        first, last = -(-before * 8 // 6), (before + len(data)) * 8 // 6
        core = text[first:last]
        found |= {core, core.replace("+", "-").replace("/", "_")}
    return found


def _texts(value: Json) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            inside = cast("dict[Json, Json]", each)
            waiting += [*inside.keys(), *inside.values()]
        elif isinstance(each, list | tuple):
            waiting += cast("list[Json]", each)
        elif isinstance(each, int | float) and not isinstance(each, bool):
            yield str(each)


def _chain(raised: BaseException) -> Iterator[BaseException]:
    """An error, what it came from, and those that it groups."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [raised]
    while waiting and len(seen) < _MOST_CAUSES:
        wrong = waiting.pop()
        if wrong is None or id(wrong) in seen:
            continue
        seen.add(id(wrong))
        yield wrong
        waiting += [wrong.__cause__, wrong.__context__]
        if isinstance(wrong, BaseExceptionGroup):
            waiting += cast("BaseExceptionGroup[BaseException]", wrong).exceptions
