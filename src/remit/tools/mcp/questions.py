"""What a server in the era of sessions asks back in the middle of a call, and to whom such a question goes.

Nothing in a question says which call it belongs to. So it goes to the one party whose call the connection carries,
or to the one owner of all of them; where that is not clear it is refused, never guessed.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import mcp_types
from pydantic import ValidationError

from remit.domain.event import object_of
from remit.tools.mcp.relaying import KINDS, Unanswered

if TYPE_CHECKING:
    from collections.abc import Generator

    from pydantic import BaseModel

    from remit.tools.mcp.relaying import Relay

Json = Any

NAME = "remit/input-key"
"""In `_meta` of a question: the name that it has where questions have names."""
_REFUSED = -32600
"""How every question is refused: a server may hand our code on as its own, and no code that says that a call was never
begun may come back that way.
"""


class Questions:
    """The questions of one connection."""

    def __init__(self, abilities: tuple[str, ...]) -> None:
        self._abilities = abilities
        self._relays: list[Relay] = []
        self._asked = 0

    @contextmanager
    def of(self, relay: Relay) -> Generator[None]:
        """While a call of a party is under way."""
        self._relays.append(relay)
        try:
            yield
        finally:
            self._relays.remove(relay)

    def callbacks(self) -> dict[str, Any]:
        """What the SDK's client is given: it declares exactly what is given here."""
        known = {
            "elicitation": ("elicitation_callback", self._elicit),
            "sampling": ("sampling_callback", self._sample),
            "roots": ("list_roots_callback", self._list_roots),
        }
        found: dict[str, Any] = {known[each][0]: known[each][1] for each in self._abilities}
        return found | {"logging_callback": self._log}

    async def _elicit(self, context: object, params: BaseModel) -> Any:
        del context
        return await self._ask("elicitation/create", params, mcp_types.ElicitResult)

    async def _sample(self, context: object, params: BaseModel) -> Any:
        del context
        kind = mcp_types.CreateMessageResult
        if getattr(params, "tools", None):
            kind = mcp_types.CreateMessageResultWithTools
        return await self._ask("sampling/createMessage", params, kind)

    async def _list_roots(self, context: object) -> Any:
        del context
        return await self._ask("roots/list", None, mcp_types.ListRootsResult)

    async def _ask(self, method: str, params: BaseModel | None, kind: type[BaseModel]) -> Any:
        relay = self._party()
        ability = KINDS[method]
        if relay is None or not relay.can(ability):
            return mcp_types.ErrorData(code=_REFUSED, message=f"Nobody here takes a request for {ability}.")
        plain: dict[str, Json] = (
            {} if params is None else params.model_dump(mode="json", by_alias=True, exclude_none=True)
        )
        self._asked += 1
        name = str(object_of(plain.get("_meta")).get(NAME) or f"{ability}-{self._asked}")
        plain.pop("_meta", None)
        try:
            while True:
                given = relay.answers.pop(name, None)
                if given is None:
                    given = (await relay.ask({name: {"method": method, "params": plain}})).get(name)
                if given is not None:
                    return kind.model_validate(given)
        except Unanswered as wrong:
            return mcp_types.ErrorData(code=_REFUSED, message=str(wrong))
        except ValidationError:
            return mcp_types.ErrorData(code=_REFUSED, message=f"The answer is no answer to {method}.")

    async def _log(self, params: mcp_types.LoggingMessageNotificationParams) -> None:
        relay = self._party()
        if relay is not None:
            await relay.log(params.model_dump(mode="json", by_alias=True, exclude_none=True))

    def _party(self) -> Relay | None:
        owners = {each.owner for each in self._relays}
        if not self._relays or (len(self._relays) > 1 and (len(owners) > 1 or self._relays[-1].alone)):
            return None
        return self._relays[-1]
