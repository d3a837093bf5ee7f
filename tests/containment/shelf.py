"""A shelf that a tool puts things on, and that can be put back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from remit.tools.tool import PythonTool, tool


@dataclass
class Shelf:
    """What stands on it, by name."""

    items: dict[str, str] = field(default_factory=dict[str, str])

    def tool(self) -> PythonTool:
        """Puts one thing there."""

        @tool(name="put", undo="restore", object="shelf/{name}")
        async def put(name: str, value: str) -> dict[str, Any]:
            """Put something on the shelf."""
            self.items[name] = value
            return {"value": value}

        @put.before
        async def look(name: str, **_: Any) -> dict[str, Any] | None:
            return {"value": self.items[name]} if name in self.items else None

        @put.restore
        async def back(before: dict[str, Any] | None, name: str) -> None:
            if before is None:
                self.items.pop(name, None)
            else:
                self.items[name] = before["value"]

        return put
