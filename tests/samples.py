"""How many examples a property is tried on. Every run draws others, so the ordinary one is content with few; with
`SAMPLES=10` in the environment ten times as many are drawn.
"""

from __future__ import annotations

import os

_TIMES = int(os.environ.get("SAMPLES", "1"))


def samples(ordinarily: int) -> int:
    """So many in the ordinary run."""
    return ordinarily * _TIMES
