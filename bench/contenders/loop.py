"""The event loop Remit is measured on: uvloop where it is installed, else the standard one.

It owns that choice for every Remit contender. Its rivals that run on asyncio always get uvloop.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Coroutine
from typing import Any


def run_main(main: Coroutine[Any, Any, None]) -> None:
    if importlib.util.find_spec("uvloop") is None:
        asyncio.run(main)
    else:
        import uvloop

        uvloop.run(main)
