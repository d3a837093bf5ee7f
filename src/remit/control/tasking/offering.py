"""Agents and flows offered to others: for each of them a flow of its own whose input is a message of somebody outside,
so that nothing in it counts as the words of a user of this workspace (S30). It starts nothing and knows no protocol.
"""

from __future__ import annotations

import base64
import difflib
import inspect
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from remit.agents.loop import ask
from remit.agents.story import Story
from remit.control.protecting.protection import input_classes
from remit.domain.budgets import Account, Budget
from remit.domain.errors import InvalidInput, InvalidSetting
from remit.domain.event import object_of
from remit.domain.tasks import FLOW
from remit.engine.flow import Flow
from remit.engine.generation import ContinueAs
from remit.engine.pin import pin_of
from remit.wire.attachment import Attachment
from remit.wire.tasks import data_of, files_of, links_of, question_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from remit.agents.agent import Agent
    from remit.control.running.parts import Parts

Json = Any


def offer(parts: Parts, names: Iterable[str]) -> None:
    """Let these agents and flows be given tasks; a name that is none of them is refused."""
    chosen = tuple(dict.fromkeys(names))
    own = {name for name in parts.flows if not name.startswith((FLOW, "remit."))}
    refuse_strangers(chosen, {*parts.house.agents, *own})
    for name in chosen:
        agent = parts.house.agents.get(name)
        made = _agent_task(agent) if agent is not None else _flow_task(parts.flows[name])
        made.foreign = True
        made.classes = tuple(dict.fromkeys(input_classes(made).values())) or _classes(parts, name)
        parts.flows[made.name] = made


def refuse_without_library(names: Collection[str]) -> None:
    """Refuse to serve anybody over A2A where its SDK is not installed."""
    if names and find_spec("a2a") is None:
        raise InvalidSetting(
            "agents are to be served over A2A, and a2a is not installed.",
            'Install it: pip install "remit[a2a]".',
        )


def refuse_strangers(names: Iterable[str], known: Collection[str]) -> None:
    """Refuse to serve somebody who is not there: a misspelt name would otherwise be a door that nobody sees is shut."""
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise InvalidSetting(
                f'"{name}" is to be served to others, and this workspace has no agent or flow of that name.',
                f'Did you mean "{near[0]}"?' if near else "Mend a2a.agents or agui.agents in remit.toml.",
            )


def _classes(parts: Parts, name: str) -> tuple[str, ...]:
    """The classes of data that the one who is really asked says it takes."""
    known = parts.flows.get(name)
    return known.classes if known is not None else ()


def _agent_task(agent: Agent) -> Flow:
    """A task of an agent: its message is what the agent is asked, its files come along."""

    async def answer(
        run: Any, message: Any = None, caller: Any = None, question: Any = None,
        attach: Sequence[Attachment] = (), story: Any = None,
    ) -> Any:  # fmt: skip
        if message is not None:
            question, attach = _asked(agent.name, message)
        try:
            return run.open(await ask(_for(run, caller), agent, (question,), {}, story or Story(), attach))
        except ContinueAs as going_on:
            raise ContinueAs({**going_on.state, "caller": caller}) from None

    answer.__doc__ = agent.description or f"A task for the agent {agent.name}."
    answer.__annotations__ = {
        "run": Any, "message": Any, "caller": Any, "question": Any, "attach": list[Attachment],
        "story": Story | None, "return": agent.output or str,
    }  # fmt: skip
    made = Flow(answer, FLOW + agent.name, "", "UTC")
    made.internal = frozenset({"question", "attach", "story"})
    return made


def _asked(name: str, message: dict[str, Json]) -> tuple[Json, list[Attachment]]:
    """What an agent is asked, out of a message; an address is nothing that it could read."""
    parts = message["parts"]
    links = links_of(parts)
    if links:
        raise InvalidInput(
            f"{name} was given the address of a file, and fetches none.", "Send the file itself, as bytes."
        )
    attached = [
        Attachment(base64.b64decode(each["data"]), each["media_type"], each["name"])
        for each in files_of(parts)
    ]
    return question_of(parts), attached


def _flow_task(flow: Flow) -> Flow:
    """A task of a flow: its message is the flow's input."""

    async def perform(run: Any, message: Any = None, caller: Any = None, state: Any = None) -> Any:
        given = given_of(flow, message) if state is None else state
        try:
            return await flow.fn(_for(run, caller), **flow.restore(flow.accept(given)))
        except ContinueAs as going_on:
            raise ContinueAs({"state": going_on.state, "caller": caller}) from None

    perform.__doc__ = flow.__doc__
    perform.__annotations__ = {
        "run": Any, "message": Any, "caller": Any, "state": Any, "return": flow.hints.get("return", Any),
    }  # fmt: skip
    made = Flow(perform, FLOW + flow.name, "", "UTC")
    made.__module__ = flow.__module__  # it is pinned to the code of the flow
    made.internal = frozenset({"state"})
    made.contract = flow.contract
    return made


def _for(run: Any, caller: Any) -> Any:
    """The run in the hands of the caller: with no more tools than their key has, and out of its purse as well."""
    if not caller:
        return run
    actor = run.actor
    accounts = (*actor.accounts, *(Account(name, Budget(**limits)) for name, limits in caller["accounts"]))
    tools = None if caller["tools"] is None else frozenset(caller["tools"])
    return run.acting(replace(actor, agent=caller["agent"], tools=tools, accounts=accounts))


def given_of(flow: Flow, message: dict[str, Json]) -> dict[str, object]:
    """The input of a flow, out of a message: the whole of it for a parameter `message`; data by the names of the
    parameters; words for the first of them.
    """
    names = [name for name in flow.parameters if name not in flow.internal]
    if "message" in names:
        return {"message": message}
    data, parts = data_of(message["parts"]), message["parts"]
    if len(data) == 1 and isinstance(data[0], dict) and object_of(data[0]).keys() <= set(names):
        return object_of(data[0])
    return {names[0]: question_of(parts)} if names else {}


def description_of(parts: Parts, name: str) -> str:
    """What an agent or a flow says that it does."""
    agent, flow = parts.house.agents.get(name), parts.flows.get(name)
    said = agent.description if agent is not None else inspect.cleandoc((flow.__doc__ if flow else "") or "")
    return said.partition("\n\n")[0].replace("\n", " ") or f"The agent {name}."


async def version_of(parts: Parts, name: str) -> str:
    """The name of everything that shapes what an agent or a flow does."""
    agent = parts.house.agents.get(name)
    if agent is not None:
        return (await parts.house.profile(agent)).digest
    return pin_of(parts.flows[name])[:16]
