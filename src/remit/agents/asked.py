"""One thing that an agent was given to do, while it is being done: who acts, what was said, how far it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from remit.agents.talk import Talk
from remit.gate.model_passage import ModelAsk

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from remit.agents.agent import Agent, Profile
    from remit.agents.attaching import Attach
    from remit.agents.house import House
    from remit.agents.story import Story
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.model_passage import ModelAnswer
    from remit.wire.attachment import Attachment


class Face(Protocol):
    """What an ask needs of the run that it is part of."""

    house: House
    actor: Actor

    @property
    def execution(self) -> Execution:
        """The ground it stands on."""
        ...

    def acting(self, actor: Actor) -> Face:
        """The same run in the hands of another actor."""
        ...

    def ask(
        self, agent: Agent, *given: object, attach: Attach = (), **named: object
    ) -> Coroutine[Any, Any, Any]:
        """Give an agent something to do."""
        ...

    def human(
        self, group: str, value: object, *, within: float | str | None = None, otherwise: str = "reject"
    ) -> Coroutine[Any, Any, Any]:
        """Ask a person."""
        ...


class Ask:
    """Its state; what happens to it stands in `loop`."""

    def __init__(
        self, run: Face, profile: Profile, actor: Actor, question: Any, story: Story | None = None,
        attached: tuple[Attachment, ...] = (),
    ) -> None:  # fmt: skip
        self.run = run
        self.profile = profile
        self.actor = actor
        self.question = question
        self.attached = attached
        self.story = story
        """Set if it may continue as a new generation; what the earlier ones came to."""
        begun = story is not None and story.messages
        self.talk = story.talk(attached) if story and begun else Talk.begin(profile, question, attached)
        self.steps = story.steps if story is not None else 0
        self.repairs = 0
        self.actions = 0
        """Model calls and tool calls of this generation."""
        if story is not None:
            run.house.gate.parts.texts.learn(run.execution.row.id, story.sealed)
        if story is not None and not run.execution.dry:
            story.charge(run.house.gate.parts.budgets, actor)

    async def ask_model(self) -> ModelAnswer:
        """The next turn of the model."""
        self.steps += 1
        self.actions += 1
        profile, agent = self.profile, self.profile.agent
        request = self.talk.request(profile)
        shape = {"agent": agent.name, "digest": profile.digest, "tools": profile.specs_digest}
        talk = self.talk
        asked = ModelAsk(
            agent.route, request, talk.conversation, shape, talk.new, turn=True, weight=talk.weight
        )
        return await self.run.house.gate.ask_model(self.run.execution, self.actor, asked)
