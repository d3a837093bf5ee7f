"""Shows every text of the index to the sentence model once, where the workspace wants that, and keeps what the model
made of it beside the index: under the key of the text, and gone with it. One process of a workspace does it at a time.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from remit.control.searching.comparing import is_free
from remit.control.searching.finding import text_of
from remit.domain.beside import Beside
from remit.domain.errors import RemitError
from remit.insight.emission.exporter import Turn
from remit.insight.search.finding import Found
from remit.insight.search.turning import turned
from remit.store.database import Commit, Op

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.control.searching.sentences import Sentences, Vector
    from remit.store.database import Row

_log = logging.getLogger("remit.control")
_TURN = "search.turn"
_MOST = 64
_PAUSE, _LONGEST_PAUSE = 30.0, 60.0
_AGAIN = 20
"""Pauses after which it looks from the beginning: a rule may have left another text in the place of one."""


class Learner(Beside):
    """Goes on behind whatever happens."""

    def __init__(self, ground: Ground, sentences: Sentences) -> None:
        self._ground = ground
        self._sentences = sentences
        self._turn = Turn(ground.database, _TURN)
        self._place = -1
        self._idle = 0
        self._batch = _MOST
        """Fewer after a refusal: one text that the model does not take must not keep the others from it."""
        self._model: str = ""
        """The model that answered last."""

    async def go_on(self) -> None:
        """Look for new texts, and wait longer where the model does not answer."""
        pause = _PAUSE
        try:
            while True:
                try:
                    more = await self._turn.mine() and await self.learn()
                    pause = 0.0 if more else _PAUSE
                except Exception as wrong:  # noqa: BLE001 - whatever it is, searches go on without
                    pause = min(max(2 * pause, _PAUSE), _LONGEST_PAUSE)
                    _log.warning(
                        "texts could not be shown to the sentence model: %s Again in %.0f s.", wrong, pause
                    )
                await asyncio.sleep(pause)
        finally:
            await self._turn.give_back()

    async def learn(self) -> bool:
        """Show the model the next texts; true if there may be more."""
        ground = self._ground
        rows = await ground.database.fetch("meanings.next", ground.principal.team, self._place, self._batch)
        if not rows:
            self._idle += 1
            if self._idle >= _AGAIN:
                self._idle, self._place = 0, -1
            return False
        shown: list[tuple[Row, str]] = []
        hidden: list[Row] = []
        for row in rows:
            free = await is_free(ground, self._sentences, row[1])
            said = (await text_of(ground, Found._make((*row[:11], 0.0, ())))).strip() if free else ""
            if said:
                shown.append((row, said))
            else:
                hidden.append(row)
        ops: list[Op] = []
        model = ""
        if shown:
            vectors, model = await self._shown([said for _, said in shown], rows[-1][0])
            secret = ground.keys.tag("meanings")
            if model != self._model:
                ops.append(Op("meanings.drop_others", (model,)))
            ops += [
                Op("meanings.put", (row[0], model, row[11], turned(vector, secret)))
                for (row, _), vector in zip(shown, vectors, strict=True)
            ]
        ops += [Op("meanings.put", (row[0], model, row[11], b"")) for row in hidden if model]
        if ops:
            await ground.database.submit(Commit(ops=ops))
        self._place = rows[-1][0] if model in {"", self._model} else -1
        self._model = model or self._model
        more, self._batch = len(rows) == self._batch, _MOST
        return more

    async def _shown(self, texts: list[str], last: int) -> tuple[list[Vector], str]:
        """What the model makes of them; where it refuses, fewer are tried next, and in the end the next ones."""
        try:
            return await self._sentences.vectors(texts)
        except RemitError:
            if self._batch == 1:
                self._place = last
            self._batch = max(1, self._batch // 4)
            raise
