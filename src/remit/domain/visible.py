"""A text of others as it may be shown to a person. It knows no terminal and no page."""

from __future__ import annotations

import json
import re

_LONGEST_WORD = 200
_LONGEST = 4_000
_WORD = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")


def seen(text: str) -> str:
    """A text on one line, in which whatever steers a terminal, hides or turns the text around stands as its escape."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


def shortened(text: str) -> str:
    """A sentence about something that has a name of any length: the middle of what nobody reads is left out."""
    text = _WORD.sub(lambda word: _ends(word[0], _LONGEST_WORD), text)
    return _ends(text, _LONGEST) if len(text) > _LONGEST else text


def _ends(text: str, longest: int) -> str:
    return f"{text[: longest // 2]}… ({len(text):,} letters) …{text[-longest // 4 :]}"
