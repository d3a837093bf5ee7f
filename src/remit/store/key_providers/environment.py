"""The root key from an environment variable, for containers whose secrets arrive that way."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from remit.domain.errors import Refused
from remit.store.key_providers.root import RootKey

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "REMIT_ROOT_KEY"


class KeyVariable:
    """Implements `RootKeeper` over one variable, which somebody else sets."""

    place = VARIABLE

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment

    async def read(self) -> RootKey | None:
        """What the variable holds."""
        text = self._environment.get(VARIABLE, "")
        return RootKey.from_text(text, VARIABLE) if text else None

    async def write(self, key: RootKey, before: RootKey | None) -> bool:
        """Refused: a process cannot change what the next one will be given."""
        del key, before
        raise Refused(
            f"the root key comes from {VARIABLE}, and that is set outside of Remit.",
            "Write the next one to a file (remit key rotate --draft FILE), set the variable to what stands there for"
            " every process, and run remit key rotate again.",
        )
