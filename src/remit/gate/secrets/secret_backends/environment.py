"""Secrets in the environment of this process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from remit.domain.action_errors import SecretUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping


class EnvironmentBackend:
    """Implements `SecretBackend` over environment variables."""

    def __init__(self, prefix: str = "", environment: Mapping[str, str] | None = None) -> None:
        self._prefix = prefix
        self._environment = os.environ if environment is None else environment

    async def read(self, name: str) -> str:
        """The variable of this name, as it is written or in capitals."""
        names = dict.fromkeys((f"{self._prefix}{name}", f"{self._prefix}{name}".upper()))
        for variable in names:
            if self._environment.get(variable):
                return self._environment[variable]
        variable = list(names)[-1]
        raise SecretUnavailable(f"the variable {variable} is not set.", f"Set it: export {variable}=…")

    async def close(self) -> None:
        """Nothing is held open."""
