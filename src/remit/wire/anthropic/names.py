"""Names that the modules of this dialect share."""

from __future__ import annotations

from typing import Any

Json = Any
Block = dict[str, Json]

NAME = "anthropic"
CARRIED = "remit"
"""The key under which a tool call carries, through a client, what belongs to other dialects."""
