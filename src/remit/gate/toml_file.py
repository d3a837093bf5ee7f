"""A TOML file of a workspace that limits something: whatever in it is misspelt is refused, with the nearest name.

It knows no file's content, only how one is read and how it is said that something in it is wrong.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from remit.domain.errors import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class TomlFile:
    """What a file is called, and where it is said what it can hold."""

    name: str
    hint: str

    def text_of(self, root: Path) -> str:
        """Word for word; empty where there is none."""
        try:
            return (root / self.name).read_text("utf-8")
        except FileNotFoundError:
            return ""
        except UnicodeDecodeError as wrong:
            raise self.wrong(f"is not TOML: {str(wrong).rstrip('.')}") from None
        except OSError as wrong:
            raise self.wrong(f"cannot be read: {wrong.strerror}") from None

    def parsed(self, text: str) -> dict[str, Any]:
        """Its tables."""
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as wrong:
            raise self.wrong(f"is not TOML: {str(wrong).rstrip('.')}") from None

    def section(self, value: object, place: str) -> Mapping[str, Any]:
        """A table in it."""
        if not isinstance(value, dict):
            raise self.wrong(f"has {place} = {value!r}; write a section [{place}] with its keys below")
        return cast("dict[str, Any]", value)

    def refuse_unknown(self, table: Mapping[str, Any], known: Iterable[str], prefix: str) -> None:
        """A key that means nothing would look as if it limited something."""
        names = list(known)
        for key in table:
            if key not in names:
                raise self.wrong(f'has "{prefix}{key}", which means nothing{nearest(key, names)}')

    def wrong(self, why: str) -> InvalidSetting:
        """What is wrong with it, and where it is said what it can hold."""
        return InvalidSetting(f"{self.name} {why}.", self.hint)


def nearest(name: str, known: Iterable[str]) -> str:
    """Which of those that are known may be meant, in brackets; empty if none is near."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f' (nearest: "{near[0]}")' if near else ""
