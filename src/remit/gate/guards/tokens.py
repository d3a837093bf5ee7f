"""What stands for personal data that a run keeps from its models: a token, the same for the same value.

A tool is given the value again at its edge; a model never. Which token means what is in the details of the log, so
that a restart finds it there; in memory it lives as long as the run does. A token that nobody knows stands for nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import Blocked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Json = Any
_TOKEN = re.compile(r"\[[a-z][a-z0-9_-]{0,40}#[0-9a-f]{12}\]")


class Tokens:
    """The tokens of one run."""

    __slots__ = ("_keyed", "_run", "_values", "_words")

    def __init__(self, run: str, keyed: Callable[[str], str]) -> None:
        self._run = run
        self._keyed = keyed
        self._values: dict[str, str] = {}
        """What each token stands for."""
        self._words: dict[str, str] = {}
        """The token of each value."""

    def token(self, kind: str, value: str) -> str:
        """What stands for a value from now on."""
        known = self._words.get(value)
        if known is None:
            known = f"[{kind}#{self._keyed(f'guard|{self._run}|{kind}|{value}')[:12].lower()}]"
            self.learn({known: value})
        return known

    def drop(self, value: str, mark: str) -> str:
        """From now on a value is a mark that stands for nothing."""
        return self._words.setdefault(value, mark)

    def learn(self, known: Mapping[str, str]) -> None:
        """What the log says that tokens stand for."""
        for token, value in known.items():
            self._values[token] = value
            self._words.setdefault(value, token)

    def hidden(self, text: str) -> str:
        """A text in which every known value is its token."""
        for value in sorted(self._words, key=len, reverse=True):
            if value in text:
                text = text.replace(value, self._words[value])
        return text

    def whole(self, value: Json) -> Json:
        """A value for a tool: with what the tokens in it stand for; raises `Blocked` for one that nobody knows."""
        return replaced(value, self._value)

    def _value(self, token: str) -> str:
        found = self._values.get(token)
        if found is None:
            raise Blocked(
                f"{token} stands for nothing that this run knows.",
                "Look the value up again, and use the token that comes back.",
            )
        return found

    @property
    def any(self) -> bool:
        """Whether anything was hidden so far."""
        return bool(self._values)


def restored(value: Json, known: Mapping[str, str]) -> Json:
    """A recorded value as it was before anything in it was hidden."""
    return replaced(value, lambda token: known.get(token, token)) if known else value


def replaced(value: Json, by: Callable[[str], str]) -> Json:
    """A value with something else in the place of every token; the same object if it has none."""
    match value:
        case str():
            return _TOKEN.sub(lambda match: by(match.group()), value) if "#" in value else value
        case dict():
            return {
                replaced(key, by): replaced(inner, by)
                for key, inner in cast("dict[str, Json]", value).items()
            }
        case list():
            return [replaced(inner, by) for inner in cast("list[Json]", value)]
        case _:
            return value
