"""Remembering, recalling and forgetting on their way: resolve, validate, screen, decide, hold, reserve, perform, label,
settle.

Which items fit what is looked for is asked of whoever wants to know; whose memory may be used, and whether this very
thing may be remembered, is decided here. An item keeps the label that it came with.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import BadArguments, Denied, MemoryFull
from remit.domain.budgets import Amount
from remit.domain.clock import MICROSECONDS
from remit.domain.decisions import AccessRequest
from remit.domain.effects import Effect
from remit.domain.errors import NotEncodable
from remit.domain.event import object_of
from remit.domain.labels import OPEN, UNKNOWN, Label, joined
from remit.domain.memory import (
    LARGEST_VALUE,
    LONGEST_KEY,
    MOST_BYTES,
    MOST_FORGOTTEN,
    MOST_ITEMS,
    MOST_RECALLED,
    SCOPES,
    Memory,
    image_of,
    memory_of,
    plain_label,
    plain_memory,
)
from remit.domain.tools import ObjectImage
from remit.engine.step import Step
from remit.gate.memory.access import MemoryAccess
from remit.gate.provenance import recalled, remembered
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.store.memory import Held

Json = Any

_WITHHELD = "what was there holds a secret, and secrets are not kept"
_MANY = 200
"""Items from which on the search leaves the loop to a thread."""


@dataclass(frozen=True, slots=True)
class MemoryAct:
    """What is wanted of a memory."""

    operation: str
    """remember, recall, forget."""
    scope: str
    """run, user, agent or team; or `user:lea`, where a rule lets one into the memory of others."""
    key: str = ""
    value: Json = None
    label: Label = UNKNOWN
    seconds: float | None = None
    """When it is forgotten by itself; None: never."""
    text: str = ""
    """What to look for."""
    limit: int = 0
    choose: Callable[[Iterable[Memory], str], list[Memory]] | None = field(default=None, compare=False)
    """The items that fit the text, the best first."""
    problem: Exception | None = field(default=None, compare=False)
    """Why it can only be refused: a model asked for something that makes no sense."""

    @property
    def arguments(self) -> dict[str, Json]:
        """What a person sees of it, and may change."""
        if self.operation == "remember":
            return {"key": self.key, "value": self.value}
        return {name: said for name, said in (("key", self.key), ("text", self.text)) if said}


async def _act(subject: str, scope: str, arguments: dict[str, Json]) -> object:
    raise AssertionError(subject, scope, arguments)  # the admission performs it


OPERATIONS = ("remember", "recall", "forget")
STEPS = {name: Step(_act, effect=Effect.READ, name=name, subject="subject") for name in OPERATIONS}
"""Reads for the engine, all three: a write whose outcome is its own commit needs no claim of the engine's. What is
about a user is sealed under their key.
"""


def resolve(asked: str, actor: Actor, run: str) -> str:
    """Whose memory is meant, in full; raises `BadArguments`."""
    kind, _, owner = asked.partition(":")
    if kind not in SCOPES:
        raise BadArguments(
            f'there is no memory "{asked[:LONGEST_KEY]}".', f"It is one of {', '.join(SCOPES)}."
        )
    own = {"run": run, "user": actor.user, "agent": actor.agent, "team": actor.team}[kind]
    if not (owner or own):
        raise BadArguments("a flow is no agent and has no memory as one.", 'Say whose: scope="agent:NAME".')
    if owner not in {"", own} and kind in {"run", "team"}:
        raise BadArguments(f"the memory of another {kind} is out of reach.", f'Say scope="{kind}".')
    return f"{kind}:{owner or own}"


class MemoryPassage(MemoryAccess):
    """One thing that is remembered, recalled or forgotten."""

    def __init__(self, parts: GateParts, actor: Actor, execution: Execution, act: MemoryAct) -> None:
        self._problem = act.problem
        try:
            scope = resolve(act.scope, actor, execution.row.id)
        except BadArguments as wrong:
            scope, self._problem = "", self._problem or wrong
        super().__init__(parts, actor, execution, scope)
        self.acts = act.operation != "recall"
        self._asked = act
        self._act = act
        """As it will be performed; a reviewer may have changed it."""
        self._edited_by = ""
        self._targets: list[tuple[Held | None, Memory]] = []
        """What will be forgotten, or written over."""
        self._held: Held | None = None
        self._label = UNKNOWN
        self._chosen: list[Memory] = []

    def given(self) -> tuple[str, str, dict[str, Json]]:
        """What identifies it in the journal; whom it is about comes first."""
        kind, _, owner = self.scope.partition(":")
        act = self._asked
        label = plain_label(act.label)
        more = {"seconds": act.seconds, "limit": act.limit, "label": [label["integrity"], label["readers"]]}
        scope = kind if kind == "run" else self.scope or act.scope  # a fork has another run's past
        return (owner if kind == "user" else ""), scope, act.arguments | more

    # --- before ---------------------------------------------------------------------------------------

    def check(self) -> None:
        """Resolve, validate and screen."""
        if self._problem is not None:
            raise self._problem
        offered = self.actor.memory
        if offered is not None and self._act.scope not in offered:
            raise Denied(
                f"{self.actor.agent} was not given the memory of the {self._act.scope.partition(':')[0]}.",
                f"It has: {', '.join(sorted(offered)) or 'none'}.",
            )
        self.pipe.passed("resolve")
        self._validate()
        self.pipe.passed("validate")
        leaked = self.parts.vault.finds_in(self._act.arguments)
        if leaked:
            raise Denied(f'it holds the secret "{leaked}"; secrets are never remembered.', "Leave it out.")
        self.pipe.passed("screen")

    def _validate(self) -> None:
        act = self._act
        if act.operation == "remember":
            _check_key(act.key)
            if _size(act.value) > LARGEST_VALUE:
                raise BadArguments(
                    f"what is remembered has {LARGEST_VALUE // 1024} KiB at most.", "Remember less."
                )
            if act.seconds is not None and not act.seconds > 0:
                raise BadArguments("what is forgotten at once is not remembered.", "Give it more time.")
        elif act.operation == "recall":
            if not 1 <= act.limit <= MOST_RECALLED:
                raise BadArguments(f"a limit of {act.limit} is none: it is between 1 and {MOST_RECALLED}.")
        elif bool(act.key) == bool(act.text.strip()):
            raise BadArguments(
                "say which one to forget by its key, or several by words that all of them hold."
            )

    def request(self) -> AccessRequest:
        """May this memory be used so?"""
        actor = self.actor
        return AccessRequest(
            actor.user, actor.team, actor.agent, "memory", self.scope, context={"operation": self._act.operation},
            environment=self.parts.environment,
        )  # fmt: skip

    def card(self) -> dict[str, Any]:
        """What the person who is asked will see."""
        return {
            "memory": f"{self._act.operation} {self.scope}", "arguments": self._act.arguments,
            "agent": self.actor.agent, "for": self.actor.user, "effect": self._effect, "undo": "restore",
        }  # fmt: skip

    def changed(self, arguments: dict[str, Any], by: str) -> None:
        """A reviewer changed what is remembered, and becomes a source of it (S28); a rule has nothing to change."""
        if not by:
            raise Denied(
                "a rule changes how memory is used, and there is nothing of it that could be changed."
            )
        known = {"key", "value"} if self._act.operation == "remember" else {"key", "text"}
        if not arguments.keys() <= known:
            raise BadArguments(f"{self._act.operation} takes {' and '.join(sorted(known))} only.")
        sources = (*self._act.label.sources, f"user:{by}")
        label = replace(self._act.label, sources=tuple(dict.fromkeys(sources)))
        self._act, self._edited_by = replace(self._act, **arguments, label=label), by
        self.check()

    async def look(self) -> None:
        """The items that it will change."""
        act = self._act
        if act.operation == "remember":
            self._held, before = await self.find(act.key)
            self._targets = [(self._held, before)] if before is not None else []
            await self._check_room(before)
            return
        if act.key:
            held, memory = await self.find(act.key)
            self._targets = [(held, memory)] if memory is not None else []
            return
        everything = await self.everything()
        chosen = await self._choose([memory for _, memory in everything.values()])
        if len(chosen) > MOST_FORGOTTEN:
            raise BadArguments(
                f"{len(chosen):,} things fit that, and one call forgets {MOST_FORGOTTEN:,} at most.",
                "Be more exact.",
            )
        self._targets = [everything[memory.key] for memory in chosen]

    async def _check_room(self, before: Memory | None) -> None:
        with self.execution.on_ground():
            items, size = await self.shelf.room(self.actor.team, self.scope, self.execution.now())
        there = self._held.size if self._held is not None and before is not None else 0
        full = (before is None and items >= MOST_ITEMS) or size - there + _size(self._act.value) > MOST_BYTES
        if full:
            raise MemoryFull(
                f"{self.scope} holds {items:,} things of {size:,} bytes; it takes {MOST_ITEMS:,} and "
                f"{MOST_BYTES // (1024 * 1024)} MB at most.",
                "Forget some first, or let them expire.",
            )

    # --- the act --------------------------------------------------------------------------------------

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        """Do it, as far as it is not the commit of the outcome that does it."""
        del args, idempotency_key
        self.pipe.again()
        act = self._act
        done = {"remember": self._remember, "recall": self._recall, "forget": self._forget}[act.operation]
        result = await done()
        self.pipe.passed("perform")
        return result

    async def _remember(self) -> Json:
        act, row, now = self._act, self.execution.row, self.execution.now()
        expires = None if act.seconds is None else now + int(act.seconds * MICROSECONDS)
        label = remembered(self.actor.bounds, act.label) if self.actor.agent else act.label
        memory = Memory(act.key, act.value, self.scope, label, row.id, now, expires)
        before = self._targets[0][1] if self._targets else None
        self.images = [ObjectImage(self.object_of(act.key), image_of(before), image_of(memory))]
        self._label = label
        await self.put(memory, self._held)
        return plain_memory(memory)

    async def _recall(self) -> Json:
        act = self._act
        if act.key:
            _, memory = await self.find(act.key)
            found = [memory] if memory is not None else []
        else:
            found = await self._choose([memory for _, memory in (await self.everything()).values()])
        self._chosen = found[: act.limit]
        self._label = joined(memory.label for memory in self._chosen)
        recalled(self.actor.bounds, self._label if self._chosen else OPEN)
        self.pipe.passed("perform")
        clean = self.parts.vault.redact([plain_memory(memory) for memory in self._chosen])
        self.pipe.passed("screen_result")
        return clean

    async def _forget(self) -> Json:
        self.images = []
        for held, memory in self._targets:
            self.images.append(ObjectImage(self.object_of(memory.key), image_of(memory), None))
            self.drop(memory.key, held)
        self._label = joined(memory.label for _, memory in self._targets)
        return [memory.key for _, memory in self._targets]

    async def _choose(self, items: list[Memory]) -> list[Memory]:
        choose, text = self._act.choose, self._act.text
        if choose is None:
            return items
        return choose(items, text) if len(items) < _MANY else await asyncio.to_thread(choose, items, text)

    # --- after ----------------------------------------------------------------------------------------

    def facts(self) -> dict[str, Any]:
        """Also what it does: a run that waits at a write says so."""
        return {**super().facts(), "effect": self._effect}

    def action(self) -> dict[str, Any]:
        """What is done to which memory; values stand in the images and in the result only."""
        act = self._act
        scope, run = self.scope or act.scope[:LONGEST_KEY], self.execution.row.id
        about = {"operation": act.operation, "scope": scope, "run": run}
        said = {
            name: word for name, word in (("key", act.key[:LONGEST_KEY]), ("text", act.text[:2000])) if word
        }
        return {**self.facts(), "memory": about | self.parts.vault.redact(said)}

    def outcome(self) -> dict[str, Any]:
        """Where the result comes from, and what undo will need."""
        label = plain_label(self._label)
        detail: dict[str, Any] = {"label": {"source": f"memory:{self.scope}", "class": "", **label}}
        if self._edited_by:
            by = {"by": self._edited_by, "arguments": self._act.arguments, "asked": self._asked.arguments}
            detail["edited"] = by
        if self.acts and self.parts.vault.finds_in([image.before for image in self.images]):
            detail["withheld"] = _WITHHELD  # it was no secret yet when it was remembered
        elif self.acts:
            detail["images"] = [asdict(image) for image in self.images]
        return detail

    @property
    def note(self) -> str:
        """What the model is told beside the result: that a person changed it (S28)."""
        return f"{self._edited_by} changed this; done with {self._act.arguments}." if self._edited_by else ""

    def replayed(self, execution: Execution, detail: Any) -> None:
        """It was settled before: count what it used, and in a fork believe what it did."""
        known = object_of(detail)
        used, edited = object_of(known.get("used")), object_of(known.get("edited"))
        if used:
            self.count_again(execution, Amount(calls=int(used.get("calls", 0))))
        if edited:
            self._edited_by = str(edited.get("by"))
            self._act = replace(self._act, **object_of(edited.get("arguments")))
        if execution.simulation is not None and self.acts:
            self._believe_again(known)

    def _believe_again(self, known: dict[str, Any]) -> None:
        """What the past of a fork did to the memory of its run, or only pretended to do, it takes for done."""
        about, believed = object_of(known.get("memory")), self.parts.memory.pretence(self.execution.row.id)
        here, kind = about.get("run") == self.execution.row.id, self.scope.partition(":")[0]
        pretended = bool(known.get("rehearsed")) or (kind == "run" and not here)
        for image in known.get("images", ()):
            key = str(image["object"]).removeprefix(f"memory:{about.get('scope')}/")
            name = self.shelf.name(self.actor.team, self.scope, key)
            believed.pop(name, None)
            if pretended:
                after, at = object_of(image.get("after")), self.execution.now()
                plain = {**after, "key": key, "scope": self.scope, "run": about.get("run"), "at": at}
                believed[name] = memory_of(plain) if after else None

    @property
    def _effect(self) -> str:
        return "write" if self.acts else "read"


def _check_key(key: object) -> None:
    if not isinstance(key, str) or not key.strip() or len(key) > LONGEST_KEY or not key.isprintable():
        raise BadArguments(
            f"a memory is found by a name of one line and {LONGEST_KEY} characters at most.",
            'Such as "address".',
        )


def _size(value: Json) -> int:
    try:
        return len(canonical.encode(canonical.plain(value)))
    except (NotEncodable, RecursionError) as wrong:
        raise BadArguments(f"this cannot be remembered: {wrong}") from None
