"""What the tests of capture and retention act with: a flow over customers, whose fields say what they are."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from remit import Run, flow, step
from remit.agents.agent import Agent
from remit.control.settings import CaptureSettings, RetentionSettings, Settings, WorkspaceSettings
from remit.domain.conversation import Conversation
from remit.policy.data_classes import Personal, data_class
from remit.testing import ManualClock, Stage, stage
from remit.tools.tool import tool
from tests.engine.places import Place
from tests.gate.desk import ALL_ALLOWED, write_policy

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from remit.testing.scripting import Script

DAY = 24 * 3600
EMAIL, CITY, CARD = "ana.silva@example.org", "Coimbra", "4111 1111 1111 1111"
ADDRESS = "Rua das Flores 12"


@dataclass
class Customer:
    """Somebody."""

    id: int
    email: Annotated[str, Personal]
    city: Annotated[str, data_class("place")]
    plan: str


WORLD: dict[int, str] = {}


@tool(effect="read")
async def get_customer(id: int) -> Customer:  # noqa: A002 - what it is called there
    """One customer."""
    return Customer(id, EMAIL, CITY, "gold")


@tool(effect="read", data_class="health")
async def diagnosis(id: int) -> dict[str, Any]:  # noqa: A002 - same
    """What nobody else has to know."""
    return {"words": f"patient {id} has influenza", "codes": [ADDRESS]}


@tool(effect="write", undo="restore")
async def set_address(id: int, address: Annotated[str, Personal]) -> int:  # noqa: A002 - same
    """Move a customer."""
    WORLD[id] = address
    return id


@set_address.before
async def _image(id: int, **_: Any) -> str:  # noqa: A002 - same
    return WORLD.get(id, "nowhere")


@set_address.restore
async def _put_back(image: str, id: int = 7, **_: Any) -> None:  # noqa: A002 - same
    WORLD[id] = image


@flow
async def look(run: Run, id: int) -> str:  # noqa: A002 - same
    """Repeats in its result what a tool said, and what a person wrote."""
    found = await run.call(get_customer, id)
    return f"wrote to {found.email} in {found.city} about card {CARD}, plan {found.plan}"


@flow
async def ill(run: Run) -> str:
    """A result that is classed as a whole."""
    return (await run.call(diagnosis, 7))["words"]


@flow
async def parent(run: Run) -> str:
    """Its child is told what it is told."""
    return await (await run.spawn(look, id=7)).result()


@step(effect="read")
async def remember_talk(mail: str) -> Conversation:
    """A conversation is kept beside the events."""
    return (
        Conversation()
        .add({"role": "user", "text": f"write to {mail}, {CARD}"})
        .add({"role": "model", "text": "no"})
    )


@flow
async def talk(run: Run) -> int:
    """Says to a conversation what a tool said."""
    found = await run.call(get_customer, 7)
    said = await run.step(remember_talk, found.email)
    return len(said.newest)


@flow
async def move(run: Run, address: Annotated[str, Personal]) -> int:
    """Something that can be taken back."""
    return await run.call(set_address, 7, address)


@flow
async def plain(run: Run) -> str:
    """Nothing is declared."""
    return f"nobody declared {EMAIL}"


FLOWS = (look, ill, parent, talk, move, plain)
clerk = Agent("clerk", prompt="You help.", tools=[get_customer])


def settings(
    *classes: str, environment: str = "dev", days: int = 0, detect: bool = False, **more: Any
) -> Settings:
    """What a workspace chose; nobody sweeps but the test."""
    capture = CaptureSettings(classes=classes, detect=detect) if classes else CaptureSettings(detect=detect)
    retention = RetentionSettings(days=days, sweep_seconds=2**30, **more)
    return replace(
        Settings(), workspace=WorkspaceSettings(environment=environment), capture=capture, retention=retention
    )


@asynccontextmanager
async def desk(
    place: Place, chosen: Settings, clock: ManualClock, script: Script | None = None
) -> AsyncGenerator[Stage]:
    """A workspace that allows everything."""
    write_policy(place.folder, ALL_ALLOWED)
    async with stage(
        *FLOWS,
        workspace=place.folder,
        database=place.database,
        chosen=chosen,
        clock=clock,
        agents=[clerk],
        script=script,
    ) as made:
        yield made


def everything(value: object) -> str:
    """A page as text."""
    import msgspec

    return msgspec.json.encode(value).decode()
