"""The table in which keyed writes leave their key, in the same transaction as what they did."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from remit.store.foreign.database import Transaction

Json = Any
TABLE = "remit_keys"
DEFINITION = f"CREATE TABLE {TABLE} (key text PRIMARY KEY, answer text NOT NULL)"
_CLAIM = f"INSERT INTO {TABLE} (key, answer) VALUES ($1, '') ON CONFLICT (key) DO NOTHING RETURNING key"  # noqa: S608
_LOOK = f"SELECT answer FROM {TABLE} WHERE key = $1"  # noqa: S608
_KEEP = f"UPDATE {TABLE} SET answer = $2 WHERE key = $1 RETURNING key"  # noqa: S608


async def recall(opened: Transaction, key: str, *, claim: bool = False) -> Json | None:
    """What the write with this key came to, if it took place; a claim holds off whoever comes with the same key."""
    if claim and (await opened.run(_CLAIM, [key], 1)).rows:
        return None
    found = (await opened.run(_LOOK, [key], 1)).rows
    return json.loads(found[0]["answer"]) if found else None


async def remember(opened: Transaction, key: str, performed: Json) -> None:
    """Leave what it came to."""
    await opened.run(_KEEP, [key, json.dumps(performed)], 1)
