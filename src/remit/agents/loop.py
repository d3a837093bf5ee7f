"""The loop of an agent: ask the model, do what it asks for, tell it what came of it, until there is an answer.

Every model call and every tool call is a durable step of the run, in a scope named after the agent; so the loop is
plain code that is executed again on recovery, and it keeps no state of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.agents import answering, attaching, calling
from remit.agents.asked import Ask
from remit.agents.bounding import bound, is_typed
from remit.agents.detection import Detection
from remit.agents.fitting import fit
from remit.agents.quarantine import sealed
from remit.agents.story import Story, is_long
from remit.domain.action_errors import NoProgress, failure_class
from remit.domain.action_events import AgentAsked, AgentEnded
from remit.domain.budgets import Account, Amount
from remit.domain.errors import RemitError
from remit.engine.generation import ContinueAs
from remit.engine.scope import inside
from remit.gate.provenance import left
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.agents.agent import Agent, Profile
    from remit.agents.asked import Face
    from remit.agents.attaching import Attach
    from remit.engine.scope import Scope
    from remit.gate.actor import Actor
    from remit.store.log import Entry
    from remit.wire.attachment import Attachment


async def ask(
    run: Face, agent: Agent, given: tuple[object, ...], named: dict[str, object], story: Story | None = None,
    attach: Attach = (),
) -> Any:  # fmt: skip
    """Give an agent something to do; gives its answer. With a `story` it goes on from an earlier generation."""
    execution = run.execution
    attached = await attaching.gather(run.house, execution, attach) if attach else ()
    caller = execution.scope()
    with inside(execution, agent.name) as scope:
        redact = run.house.gate.parts.vault.redact
        question = redact(_question(given, named))  # no model is told a secret
        recorded = execution.journal.take(caller, scope.path, agent.name) or []
        # what a flow attaches is not what the run was started with, and no words of the user's
        words = [question] if attached and story is None else question
        actor = await bound(run, _actor_for(run, agent, scope, recorded, story), agent, scope.path, words)
        profile = await _profile(run, agent, actor, (question, attached), scope, recorded)
        asked = Ask(run, profile, actor, question, story, attaching.redacted(run.house, attached))
        ended = any(isinstance(entry.event, AgentEnded) for entry in recorded)
        answer = await _noted(asked, scope, ended=ended)
        left(actor.bounds, run.actor.bounds, typed=is_typed(profile))
        texts = run.house.gate.parts.texts
        return sealed(texts, execution.row.id, profile, scope.path, answer) if agent.quarantined else answer


async def _profile(
    run: Face, agent: Agent, actor: Actor, given: tuple[Any, tuple[Attachment, ...]], scope: Scope,
    recorded: list[Entry],
) -> Profile:  # fmt: skip
    """The agent as it was when it was asked: behaviour is pinned, permission is not (S21)."""
    execution, (question, attached) = run.execution, given
    if recorded:
        asked, scope.last_at = recorded[0].event, recorded[0].at
        assert isinstance(asked, AgentAsked)  # noqa: S101 - it is what opens an ask
        known = run.house.gate.parts.vault.redact(
            asked.input
        )  # as it was recorded, some secret may not have been one
        execution.journal.check(scope.path, canonical.digest(known), canonical.digest(question))
        attaching.check(execution, scope.path, asked.detail, attached)
        return await run.house.pinned(agent, asked)
    profile = await run.house.profile_for(agent, actor)
    await execution.go_live(scope)
    pinned: dict[str, Any] = {
        "instructions": profile.instructions,
        "tools": [spec.name for spec in profile.specs],
    }
    if profile.memory:
        pinned["memory"] = profile.memory
    if attached:
        pinned["attached"] = attaching.noted(run.house, execution, agent.name, attached)
        event, blobs = AgentAsked(agent.name, profile.digest, question, pinned), execution.shelf.unwritten()
        await execution.record(scope, event, scope.path, blobs=blobs)
        return profile
    execution.note(AgentAsked(agent.name, profile.digest, question, pinned), scope.path)
    scope.last_at = execution.at
    return profile


async def _noted(asked: Ask, scope: Scope, *, ended: bool) -> Any:
    """Run it, and leave a note of how it came out."""
    execution, agent = asked.run.execution, asked.profile.agent
    status, failure = "answered", ""
    try:
        return await _answer(asked)
    except RemitError as wrong:
        status, failure = wrong.code, failure_class(wrong.code)
        raise
    except Exception:
        status, failure = "failed", "code"
        raise
    except ContinueAs:
        status = "continued"
        raise
    except BaseException:
        status = "cancelled"
        raise
    finally:
        if not (ended or execution.sealed or execution.dry):
            execution.note(AgentEnded(agent.name, status, failure, _ending(asked)), scope.path)
            scope.last_at = execution.at
        if agent.budget is not None and not (execution.dry or execution.sealed):
            asked.run.house.gate.parts.budgets.forget(asked.actor.accounts[-1].id)


def _ending(asked: Ask) -> dict[str, Any]:
    return {"steps": asked.steps} | ({"typed": True} if is_typed(asked.profile) else {})


async def _answer(asked: Ask) -> Any:
    """Turn after turn, until the model answers without asking for anything."""
    limits = asked.profile.agent.limits
    detection = Detection(limits.repeats)
    while asked.steps < limits.steps:
        asked.talk = await fit(asked, asked.talk)
        if asked.story is not None:
            _continue_if_long(asked)
        reply = await asked.ask_model()
        asked.talk = asked.talk.said(reply.message)
        calls = reply.message.tool_calls
        if calls:
            results = await calling.perform_all(asked, calls)
            asked.actions += len(calls)
            asked.talk = asked.talk.heard(results)
            detection.see(calls, results)
            continue
        settled, value = await answering.take(asked, reply)
        if settled:
            return value
    raise NoProgress(
        f"{asked.profile.agent.name} took its {limits.steps} steps and came to no answer.",
        "Give it more steps (Limits(steps=…)), or less to do.",
    )


def _continue_if_long(asked: Ask) -> None:
    """Start the next generation once this one's journal is long; nothing is under way between two turns (S16)."""
    if not is_long(asked.actions, asked.talk.size):
        return
    accounts, budgets = asked.actor.accounts, asked.run.house.gate.parts.budgets
    used = budgets.used(accounts[-1]) if accounts else Amount()
    sealed_so_far = asked.run.house.gate.parts.texts.plain(asked.run.execution.row.id)
    story = Story.of(asked.talk, asked.steps, used, asked.actor.until, sealed_so_far)
    given: dict[str, object] = {"question": asked.question, "story": story}
    raise ContinueAs(given | ({"attach": list(asked.attached)} if asked.attached else {}))


def _actor_for(run: Face, agent: Agent, scope: Scope, recorded: list[Entry], story: Story | None) -> Actor:
    """The agent acts for whoever asked it: never with more than they have."""
    account, until = None, None
    if agent.budget is not None:
        account = Account(f"ask:{run.execution.row.id}/{scope.path}", agent.budget)
        seconds = agent.budget.limits.get("seconds")
        if seconds is not None:
            until = (recorded[0].at if recorded else run.execution.now()) + seconds
        if story is not None and story.until is not None:
            until = story.until  # no generation has more time than the first one
    return run.actor.lets(agent.name, agent.tool_names, account, until, agent.memory, agent.guards)


def _question(given: tuple[object, ...], named: dict[str, object]) -> Any:
    """What the agent is asked, as plain JSON: one value as it is, several by name or in order."""
    if named:
        return canonical.plain({**({"input": list(given)} if given else {}), **named})
    return canonical.plain(given[0] if len(given) == 1 else list(given))
