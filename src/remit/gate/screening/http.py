"""A guard that is a service: one request over HTTP, one answer in JSON, and nothing else travels.

The request is `{"guard", "at", "texts": [{"place", "text"}]}`; the answer `{"findings": [{"text", "kind", "start",
"end", "score"}]}`, where `text` is the position in the list, and `start` and `end` count characters of it; without
them the finding is about the text as a whole. Only the guard's own host is reached, and only with its own secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard, cast

import aiohttp

from remit.domain.action_events import ActionAdmitted
from remit.domain.budgets import Amount
from remit.domain.effects import Effect
from remit.domain.errors import InvalidInput, StepFailed
from remit.engine.attempts import InTime
from remit.engine.step import Step
from remit.gate.passage import Passage
from remit.policy.guard import WHOLE, Finding
from remit.tools.egress import Egress, host_of
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.guards import Guard
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.policy.guard import Content
    from remit.store.database import Op

Json = Any
_LARGEST = 1024 * 1024
_CHUNK = 64 * 1024
_MOST_FINDINGS = 1_000


async def _nobody() -> object:
    raise AssertionError  # the passage performs it


SERVICE = Step(_nobody, effect=Effect.READ, name="service")


class ServicePassage(Passage):
    """One question to one service."""

    def __init__(self, parts: GateParts, actor: Actor, guard: Guard, at: str, content: Content) -> None:
        super().__init__(parts, actor)
        self._guard = guard
        self._at = at
        self._content = content
        self._facts: dict[str, Json] = {"guard": guard.name, "at": at, "texts": len(content.texts)}

    async def admit(self, execution: Execution, call: Placed, number: int) -> None:
        """An operator named the service; there is nothing else to decide."""
        del number
        self.pipe.again()
        self.check_people()
        self.place = (execution, call.path)
        execution.admit(ActionAdmitted("guard", call.digest, self.facts() | self._facts), call.path)

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        """Ask."""
        del args, idempotency_key
        guard = self._guard
        self.pipe.again()
        try:
            answer = await InTime(self._ask(guard), self.parts.clock, guard.timeout, "the service")
        except (aiohttp.ClientError, OSError) as wrong:
            raise StepFailed(f"the service gave no proper answer ({type(wrong).__name__}).") from None
        self.pipe.passed("perform")
        try:
            plain: Json = canonical.parse(answer)
        except InvalidInput:
            raise StepFailed("the service gave no JSON.") from None
        read_answer(cast("dict[str, Json]", plain) if isinstance(plain, dict) else {}, self._content)
        return _kept(cast("dict[str, Json]", plain))

    async def _ask(self, guard: Guard) -> str:
        egress = Egress(*(((), (_own(guard.url),)) if guard.private else ((_own(guard.url),), ())))
        url = egress.check(guard.url)
        headers = {"User-Agent": "Remit", "Accept": "application/json", "Content-Type": "application/json"}
        if guard.secret:
            if url.scheme != "https" and not guard.private:
                raise StepFailed("a secret is never sent over a line that others can read.")
            headers["Authorization"] = f"Bearer {await self.parts.vault.open_provider(guard.secret)}"
        texts = [{"place": place, "text": text} for place, text in self._content.texts]
        body = canonical.encode({"guard": guard.name, "at": self._at, "texts": texts})
        session = aiohttp.ClientSession(
            connector=egress.connector(url), cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        )
        async with session, session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            if answer.status != 200:  # noqa: PLR2004 - the only answer
                raise StepFailed(f"{host_of(url)} answered with status {answer.status}.")
            data = bytearray()
            async for chunk in answer.content.iter_chunked(_CHUNK):
                data += chunk
                if len(data) > _LARGEST:
                    raise StepFailed("the service answered more than anybody would read.")
            return data.decode("utf-8", "replace")

    async def reconcile(self, *args: object, idempotency_key: str = "") -> None:
        """A question may be asked again."""
        del args, idempotency_key

    def claiming(self) -> tuple[Json, Sequence[Op]]:
        """Nothing is claimed."""
        return None, ()

    def settling(self, wrong: BaseException | None) -> tuple[Json, Sequence[Op]]:
        """Which service was asked, and how long it took."""
        del wrong
        self.untold()
        return {**self.facts(), **self._facts, "pipe": self.pipe.stages}, self.charge(Amount())

    def replayed(self, execution: Execution, detail: Json) -> None:
        """It used nothing."""
        del execution, detail


def read_answer(plain: dict[str, Json], content: Content) -> tuple[Finding, ...]:
    """The findings in an answer; raises `StepFailed` for one that is none, or that points beside the content."""
    told = plain.get("findings")
    if not isinstance(told, list) or len(cast("list[Json]", told)) > _MOST_FINDINGS:
        raise StepFailed('the service gave no list of "findings".')
    return tuple(_finding(each, content) for each in cast("list[Json]", told))


def _finding(said: Json, content: Content) -> Finding:
    known: dict[str, Json] = cast("dict[str, Json]", said) if isinstance(said, dict) else {}
    kind, text, score = known.get("kind"), known.get("text", WHOLE), known.get("score", 1.0)
    named = isinstance(kind, str) and kind.replace("_", "a").isalnum() and kind.islower() and len(kind) <= 40  # noqa: PLR2004
    if not named or not _is_whole(text) or not WHOLE <= text < len(content.texts):
        raise StepFailed(
            "the service found something that has no kind, or stands in no text that it was sent."
        )
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise StepFailed("the service gave a score that is no number from 0 to 1.")
    start, end = known.get("start"), known.get("end")
    if text == WHOLE or (start is None and end is None):
        return Finding(str(kind), score=float(score))
    if not _is_whole(start) or not _is_whole(end) or not 0 <= start < end <= len(content.texts[text].text):
        raise StepFailed("the service points beside the text that it was sent.")
    return Finding(str(kind), text, start, end, float(score))


def _kept(plain: dict[str, Json]) -> dict[str, Json]:
    """What is recorded: findings alone, whatever else a service says."""
    known = ("text", "kind", "start", "end", "score")
    return {"findings": [{name: each[name] for name in known if name in each} for each in plain["findings"]]}


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _own(address: str) -> str:
    """The host of an address as a rule of egress: it alone, at its port."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.split('/', 1)[0].split('?', 1)[0]}"
