"""What was taken, out of the log again: blobs by their names, opened with the keys that there still are. What is gone
is not there, and is no error (S7).
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from remit.domain.errors import StoreCorrupt
from remit.store.database import BlobRow
from remit.store.pen import open_blob

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from remit.insight.foreign.filing import Taken
    from remit.store.database import Database
    from remit.store.keys import KeyRing

_log = logging.getLogger("remit.insight")


class Archive:
    """Opens what was taken."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    async def open(self, taken: Iterable[Taken]) -> dict[str, bytes]:
        """What was sent, by the names of its blobs."""
        return await self.open_named({each.blob: each.desk.key_id for each in taken if each.blob})

    async def open_named(self, key_of: Mapping[str, str]) -> dict[str, bytes]:
        """The same, for blobs of which the keys are known."""
        if not key_of:
            return {}
        names, wanted = json.dumps(sorted(key_of)), json.dumps(sorted(set(key_of.values())))
        keys = {
            key_id: self._keys.opened(key_id, wrapped)
            for key_id, wrapped in await self._database.fetch("insight.keys", wanted)
        }
        found: dict[str, bytes] = {}
        for row in await self._database.fetch("insight.blobs", names):
            blob = BlobRow(*row)
            if blob.key_id not in keys:
                continue
            try:
                found[blob.id.hex()] = open_blob(blob, keys[blob.key_id])
            except StoreCorrupt as wrong:
                _log.warning("telemetry was left out of what is derived from the log: %s", wrong)
        return found
