"""The card of an agent: what others are told about it before they have a key. It says what is served and nothing of
tools, prompts or people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from a2a.types import (
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    AgentSkill,
    HTTPAuthSecurityScheme,
    SecurityRequirement,
    SecurityScheme,
    StringList,
)
from google.protobuf.json_format import MessageToDict

if TYPE_CHECKING:
    from remit.control.tasking.desk import TaskDesk

VERSION = "1.0"
_IN = (
    "text/plain",
    "application/json",
    "image/png",
    "image/jpeg",
    "application/pdf",
    "audio/wav",
    "audio/mpeg",
)
_OUT = ("text/plain", "application/json", "application/octet-stream")
_SCHEME = "key"


async def card_of(desk: TaskDesk, agent: str, base: str) -> AgentCard:
    """The card of an agent that is reached at `base`, signed with the key that also signs checkpoints."""
    about, url = desk.description(agent), f"{base}/a2a/{agent}"
    card = AgentCard(
        name=agent,
        description=about,
        version=await desk.version(agent),
        supported_interfaces=[
            AgentInterface(url=url, protocol_binding=binding, protocol_version=VERSION)
            for binding in ("JSONRPC", "HTTP+JSON")
        ],
        capabilities=AgentCapabilities(
            streaming=True,
            push_notifications=bool(desk.served.push or desk.served.push_private),
            extended_agent_card=False,
        ),
        default_input_modes=_IN,
        default_output_modes=_OUT,
        skills=[AgentSkill(id=agent, name=agent, description=about, tags=["agent"])],
        security_schemes={
            _SCHEME: SecurityScheme(
                http_auth_security_scheme=HTTPAuthSecurityScheme(
                    scheme="Bearer", description="A key of the workspace: Authorization: Bearer rk_…"
                )
            )
        },
        security_requirements=[SecurityRequirement(schemes={_SCHEME: StringList()})],
    )
    signature = card.signatures.add()
    signature.protected, signature.signature = await desk.sign(_said(MessageToDict(card)))
    return card


def _said(value: Any) -> Any:
    """What is signed: a card without what it leaves empty, and without signatures."""
    if isinstance(value, dict):
        kept = {
            name: _said(each) for name, each in cast("dict[str, Any]", value).items() if name != "signatures"
        }
        return {name: each for name, each in kept.items() if each not in ("", [], {})}
    return [_said(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value
