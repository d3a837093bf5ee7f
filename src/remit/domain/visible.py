"""A text of others as it may be shown to a person. It knows no terminal and no page."""

from __future__ import annotations

import json


def seen(text: str) -> str:
    """A text on one line, in which whatever steers a terminal, hides or turns the text around stands as its escape."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)
