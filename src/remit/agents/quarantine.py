"""Quarantined agents: they read what nobody trusts, can do nothing, and whoever asks them holds their words unread.

Numbers, dates, booleans and choices of their answers come back as they are; texts as handles, which the gate opens
where they may stand. What an answer is made of is said by its type, never by the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import InvalidTool
from remit.domain.errors import InvalidInput, InvalidSetting
from remit.policy.provenance.children import with_texts
from remit.policy.provenance.roles import is_consequential
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.agents.agent import Agent, Profile
    from remit.gate.sealing import SealedTexts
    from remit.tools.tool import Tool

HANDLES = (
    "Its texts come back as handles such as ⟦reader.note:0123456789ab⟧: you cannot read one, and can pass it on as the "
    "whole value of an argument that takes free text."
)
"""What a model is told of an agent that answers so."""


def check_quarantine(agent: Agent, tools: Sequence[Tool]) -> None:
    """Refuse a quarantined agent that could do something, or whose answers may have any names."""
    if not agent.quarantined:
        return
    acting = next((tool.name for tool in tools if is_consequential(tool.manifest)), "")
    if acting:
        raise InvalidTool(
            f"{agent.name} is quarantined and holds {acting}, which acts or tells somebody something.",
            "Give it tools that only read.",
        )


def sealed(texts: SealedTexts, run: str, profile: Profile, context: str, answer: Any) -> Any:
    """An answer with handles in the place of its texts; the context is the ask that it came from."""
    name, shape = profile.agent.name, profile.shape
    if shape is None:
        return texts.seal(run, context, name, str(answer))

    def put(place: str, text: str) -> str:
        return texts.seal(run, context, f"{name}.{place}" if place else name, text)

    if not shape.strict:
        raise InvalidSetting(
            f"{name} is quarantined, and its answers may have any names, which would be words of their own.",
            "Name the fields of its output type.",
        )
    plain = canonical.plain(answer)
    schema = shape.schema["properties"]["value"] if shape.wrapped else shape.schema
    known = {"$defs": shape.schema["$defs"]} if "$defs" in shape.schema else {}
    try:
        return shape.accept(with_texts({**schema, **known}, plain, put))
    except InvalidInput as wrong:
        raise InvalidSetting(
            f"{name} is quarantined, and a handle does not fit where its answer has a text: {wrong.message}",
            "Let its texts be plain strings.",
        ) from None
