"""One database of tools.toml: its driver, its password, and what its failures mean for a call."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from remit.domain.errors import Retry, StepFailed, ToolFailed
from remit.store.foreign.database import AnswerTooLarge, BrokenOff, NotNow, OutcomeUnknown, StatementRefused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from remit.store.foreign.database import ForeignDatabase, Transaction
    from remit.tools.binding import ToolContext


class SqlDatabase:
    """The database behind the tools of one source."""

    def __init__(self, name: str, driver: ForeignDatabase, secret: str, seconds: float) -> None:
        self.name = name
        self.driver = driver
        self.secret = secret
        self.seconds = seconds

    @asynccontextmanager
    async def transaction(
        self, context: ToolContext, *, read_only: bool, suspect: bool = False
    ) -> AsyncGenerator[Transaction]:
        """A transaction whose failures say whether anything happened; what breaks under a `suspect` statement may have
        been broken by it, and is not tried again.
        """
        password = await context.secret(self.secret) if self.secret and context.secret is not None else ""
        seconds = min(self.seconds, context.seconds) if context.seconds else self.seconds
        try:
            async with self.driver.transaction(
                read_only=read_only, seconds=seconds, password=password
            ) as opened:
                yield opened
        except StatementRefused as wrong:
            raise ToolFailed(f"{self.name} does not take it: {wrong}") from None
        except AnswerTooLarge as wrong:
            raise ToolFailed(f"{self.name}: {wrong}; ask for less.") from None
        except NotNow as wrong:
            if suspect and isinstance(wrong, BrokenOff):
                raise ToolFailed(
                    f"{self.name} broke off while this was executed, and nothing was done: {wrong}. Ask for something "
                    "else, or once more if the statement was not the reason."
                ) from None
            raise Retry(f"{self.name} cannot do it now, and nothing was done: {wrong}") from None
        except OutcomeUnknown as wrong:
            raise StepFailed(
                f"{self.name} broke off while it committed; it may have been done: {wrong}"
            ) from None

    async def close(self) -> None:
        """Let go of connections."""
        await self.driver.close()
