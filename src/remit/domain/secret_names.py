"""Names of secrets, and values that were pasted where a name belongs. It says which is which, and repeats neither."""

from __future__ import annotations

import math
import re
from collections import Counter

_MARKED = re.compile(
    r"(sk|pk|rk)[-_][A-Za-z0-9]|AIza|ya29\.|gh[opusr]_|github_pat_|glpat-|xox[abprs]-|AKIA|ASIA|hvs\.|eyJ[A-Za-z0-9_-]{8}|"
    r"Bearer\s|-----BEGIN"
)
"""How the keys of services begin."""
RUN_TOKEN = "run-token:"  # noqa: S105 - how a token is asked for, not one
"""Begins the name of what is kept nowhere: a token for a key of our own front doors, made for one call."""
_LONG = 32
_DISORDER = 4.0
"""Bits for each character: words and paths of names have less, random text of that length has more."""


def looks_like_a_value(name: str) -> bool:
    """Whether this is a key itself rather than the name of one."""
    if _MARKED.match(name) or any(letter.isspace() for letter in name):
        return True
    if len(name) < _LONG or not any(letter.isdigit() for letter in name):
        return False
    counts = Counter(name)
    return -sum(n / len(name) * math.log2(n / len(name)) for n in counts.values()) >= _DISORDER
