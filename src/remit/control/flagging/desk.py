"""The part of the office where flags are set. What a flag says is checked here; what it names may be of a release
that is not the code at hand, and is not looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.control.authority.duties import require
from remit.domain.flag_errors import InvalidFlag
from remit.domain.flags import Flag, FlagKind, Picked
from remit.domain.ids import is_code_name
from remit.operations.flags.book import FlagBook
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground

Json = Any


@dataclass(frozen=True, slots=True)
class FlagWish:
    """A flag as somebody wants it."""

    name: str
    tool: str = ""
    route: str = ""
    to: str = ""
    value: Json = None
    otherwise: Json = None
    percent: int = 100
    agents: tuple[str, ...] = ()
    reason: str = ""


class FlagDesk:
    """What can be asked of flags."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._book = FlagBook(ground.database, ground.keys, ground.clock, ground.principal.team)

    async def list(self) -> list[Flag]:
        """All flags, by name."""
        return await self._book.list()

    async def show(self, name: str) -> Flag:
        """One flag."""
        return await self._book.find(name)

    async def set(self, wish: FlagWish) -> Flag:
        """Let a flag stand like this from now on; runs under way meet it at their next step."""
        await require(self._ground, "admin", "releases", "set a flag")
        return await self._book.set(_flag(wish), self._ground.principal.id, wish.reason)

    async def off(self, name: str, reason: str = "") -> Flag:
        """Take a flag away: everything is as it would be without it."""
        await require(self._ground, "admin", "releases", "take a flag away")
        return await self._book.remove(name, self._ground.principal.id, reason)

    async def evaluate(self, name: str, key: str) -> Picked:
        """What a flag comes to for a key: a session, or a run."""
        return (await self._book.find(name)).pick(key)


def _flag(wish: FlagWish) -> Flag:
    canonical.accept([wish.name, wish.value, wish.otherwise, wish.reason], "what a flag says")
    if not is_code_name(wish.name):
        raise InvalidFlag(
            f'a flag cannot be called "{wish.name}".', "Use letters, digits, dots, dashes and _."
        )
    if not 0 <= wish.percent <= 100:  # noqa: PLR2004 - all there is
        raise InvalidFlag(f"{wish.name} is to be on for {wish.percent} % of runs.", "Say 0 to 100.")
    said = [each for each in (wish.tool, wish.route, "" if wish.value is None else "value") if each]
    if len(said) != 1 or bool(wish.route) != bool(wish.to):
        raise InvalidFlag(
            f"{wish.name} has to be about one thing.",
            "Say --tool TOOL, or --route ROUTE --to OTHER, or --value JSON.",
        )
    if wish.otherwise is not None and wish.value is None:
        raise InvalidFlag(f"{wish.name} has otherwise, which only a value has.", "Leave it away.")
    if wish.tool:
        return Flag(wish.name, FlagKind.TOOL, wish.tool, True, False, wish.percent, wish.agents)
    if wish.route:
        return Flag(wish.name, FlagKind.ROUTE, wish.route, wish.to, None, wish.percent, wish.agents)
    return Flag(wish.name, FlagKind.VALUE, "", wish.value, wish.otherwise, wish.percent, wish.agents)
