"""Readers of retired event shapes: a kind that was once released stays readable for ever.

Each entry maps the old kind to the shape it had and the function that turns it into today's event. The first
release has retired nothing; `tests/replay` holds golden journals that keep this file honest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from remit.domain.event import Event

Reader = tuple[type, Callable[[Any], Event]]

OLD_READERS: dict[str, Reader] = {}
