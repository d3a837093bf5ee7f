"""What is attached to a question: files are read once, in a step; what was attached stands in the log once, as a blob
under the run's key; a replay has to attach the same. How it becomes a part of a message is not known here.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from remit.domain.conversation import Conversation
from remit.domain.errors import InvalidInput
from remit.domain.event import object_of
from remit.engine import stepping
from remit.engine.step import Step, step
from remit.wire import canonical
from remit.wire.attachment import Attachment, check_size, written_size

if TYPE_CHECKING:
    from remit.agents.house import House
    from remit.engine.execution import Execution

Attach = Attachment | Path | Sequence[Attachment | Path]


async def gather(house: House, execution: Execution, attach: Attach) -> tuple[Attachment, ...]:
    """What is attached; a path is read once, in a step of its own, and comes from the log ever after."""
    found: list[Attachment] = []
    for each in _one_by_one(attach):
        if isinstance(each, Path):
            reader = _reader(house, execution.services.limits.result_bytes)
            found.append(await stepping.perform(execution, reader, (str(each),), {}))
        elif isinstance(each, Attachment):
            found.append(each)
        else:
            raise _no_attachment(each)
    return tuple(found)


def _one_by_one(attach: object) -> Sequence[object]:
    if isinstance(attach, Sequence) and not isinstance(attach, (str, bytes)):
        return cast("Sequence[object]", attach)
    return (attach,)


def redacted(house: House, attached: Sequence[Attachment]) -> tuple[Attachment, ...]:
    """No model is told a secret: it is cut out of a text, and nothing else that holds one is attached."""
    vault = house.gate.parts.vault
    if not vault.redactor.knows_any:
        return tuple(attached)
    found = tuple(each.rewritten(vault.redact) for each in attached)
    for each in found:
        if vault.finds_in(base64.b64encode(each.data).decode()):
            raise holds_secret(each.shown)
    return found


def holds_secret(what: str) -> InvalidInput:
    """A secret that cannot be cut out of what is no text."""
    return InvalidInput(f"{what} holds a secret of this workspace, and no model is told one.")


def noted(house: House, execution: Execution, agent: str, attached: Sequence[Attachment]) -> dict[str, Any]:
    """What the event that opens an ask says of them; their content is on the shelf, for the same commit."""
    shelf, limit = execution.shelf, execution.services.limits.result_bytes
    check_size(agent, written_size(attached), limit)
    told = [canonical.plain(each) for each in redacted(house, attached)]
    return {
        "shown": [each.shown for each in attached],
        "digests": [each.digest for each in attached],
        "content": [shelf.refer(Conversation(each)) for each in told],
    }


def check(execution: Execution, path: str, detail: Any, attached: Sequence[Attachment]) -> None:
    """The same has to be attached as when it was asked."""
    recorded = object_of(object_of(detail).get("attached")).get("digests", [])
    execution.journal.check(
        path, canonical.digest(recorded), canonical.digest([each.digest for each in attached])
    )


def _reader(house: House, limit: int) -> Step:
    @step(effect="read", name="attach")
    async def attach(path: str) -> Attachment:
        found = await asyncio.to_thread(Attachment.read, house.workspace / path)
        check_size(path, written_size([found]), limit)
        return redacted(house, [found])[0]

    return attach


def _no_attachment(given: object) -> InvalidInput:
    return InvalidInput(
        f"a {type(given).__name__} cannot be attached.",
        'Attach Path("scan.png"), which is read once, or Attachment(data, media_type, name).',
    )
