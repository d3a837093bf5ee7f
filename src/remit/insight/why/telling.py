"""Why a run came out as it did, in at most ten lines, each with the events that say so. What it was, what it goes
back to, what came of that, what was tried, and what to do next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.insight.signature import Trouble, name_of, signature, suspected
from remit.insight.why.causes import Cause, first_cause, loops, raiser

if TYPE_CHECKING:
    from remit.insight.why.story import Act, Story

MOST_LINES = 10
_LONGEST = 160
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is said."""

    about: str
    """ended, cause, fault, then, tried, also, or next."""
    text: str
    events: tuple[str, ...] = ()
    """The events that say so: `run:r-…#12`."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a run came out as it did."""

    run: str
    flow: str
    status: str
    error: str
    cause: str
    """What sort of cause is suspected."""
    suspect: str
    """The path of the suspected step; empty where it is none."""
    event: str
    """The event that tells of it."""
    group: str
    """The group of failures that this one belongs to; empty if it did not fail."""
    lines: tuple[Line, ...]


def explained(story: Story, below: Explanation | None = None) -> Explanation:
    """The whole explanation; `below` is that of the child that failed, where one did."""
    cause = first_cause(story)
    end = raiser(story) if story.status == "failed" else None
    inside = (
        [Line("cause", f"in the child: {below.lines[1].text}", below.lines[1].events)]
        if below is not None
        else []
    )
    lines = [
        _ended(story),
        _cause(story, cause),
        *inside,
        *_then(story, cause, end),
        *_tried(story),
        *_also(story, cause),
    ]
    lines = [*lines[: MOST_LINES - 1], Line("next", _next(story, cause))]
    suspect = cause.act.path if cause.act is not None else ""
    return Explanation(
        story.run, story.flow, story.status, story.error, cause.kind, suspect, _ref(story, cause.seq), _group(story),
        tuple(lines),
    )  # fmt: skip


def _ended(story: Story) -> Line:
    took = _time((story.ended or 0) - story.started) if story.ended else ""
    after = f" after {took} and {story.events:,} events" if took else f", {story.events:,} events so far"
    what = (
        f": {story.error}"
        if story.error
        else f" ({story.reason.replace('_', ' ')})"
        if story.reason and not story.ended
        else ""
    )
    said = f" · {_short(story.message)}" if story.message else ""
    return Line("ended", f"{story.status}{what}{after}{said}", (_ref(story, story.last),))


def _cause(story: Story, cause: Cause) -> Line:
    act = cause.act
    if act is None:
        return Line("cause", _nobody(story, cause), (_ref(story, cause.seq),))
    words = _WORDS.get(cause.kind, "{name} failed")
    told = words.format(name=_named(act), times=cause.times, error=act.error, took=_time(act.took))
    text = f"{cause.kind}: {told}"
    said = f" · {_short(act.message)}" if act.message and act.trouble else ""
    rules = f" (rule {', '.join(act.rules)})" if cause.kind in {"policy", "halt"} and act.rules else ""
    return Line("cause", f"{text}{rules}{said}", _events(story, act))


_WORDS = {
    "loop": "{name} was called {times} times with the same arguments",
    "missing data": "{name} gave nothing",
    "ignored failure": "{name} failed with {error}, and the run went on without it",
    "arguments": "{name} asked for a call that cannot be made",
    "answer": "{name} gave an answer that could not be used",
    "model": "{name} could not be had",
    "large result": "{name} gave more than a model can be told",
    "expensive": "{name} took most of the money",
    "slow": "{name} took {took}, most of the time",
    "timeout": "{name} did not come to an end in time",
    "unknown write": "nobody can tell whether {name} took place",
    "person": "at {name} a person said no, or nothing in time",
    "wait": "it waits at {name}",
    "child": "the child {name} came to {error}",
    "policy": "{name} was refused",
    "guard": "a guard objected to {name}",
    "halt": "{name} may not act: it stands still",
    "budget": "{name} was not covered any more",
    "tool": "{name} failed with {error}",
    "step": "{name} failed with {error}",
}


def _nobody(story: Story, cause: Cause) -> str:
    if cause.kind == "order":
        found = next((order for order in story.orders if order[0] == cause.seq), None)
        why = f": {_short(found[3])}" if found is not None and found[3] else ""
        return f"order: {found[2] or 'somebody' if found else 'somebody'} cancelled it{why}"
    if cause.kind == "code":
        last = next((act for act in reversed(story.done()) if act.last), None)
        where = f"after {_named(last)}" if last is not None else "before its first step"
        return f"code: the flow's own code, {where}"
    return {"none": "none: nothing stands out", "wait": "wait: it can go on"}.get(cause.kind, cause.kind)


def _then(story: Story, cause: Cause, end: Act | None) -> list[Line]:
    """What the cause led to."""
    led = cause.since or end
    lines: list[Line] = []
    if cause.act is not None and cause.act.sources:
        sources = ", ".join(dict.fromkeys(cause.act.sources))
        lines.append(
            Line("then", f"what it was refused for comes from {_short(sources)}", _events(story, cause.act))
        )
    if led is not None and led is not cause.act and led.trouble:
        said = f" · {_short(led.message)}" if led.message and led.message != story.message else ""
        lines.append(Line("then", f"so {_named(led)} failed with {led.error}{said}", _events(story, led)))
    return lines


def _tried(story: Story) -> list[Line]:
    """What was tried again, and who was asked instead."""
    lines: list[Line] = []
    for act in story.done():
        if act.retries:
            _, code, message = act.retries[0]
            refs = tuple(_ref(story, seq) for seq, _, _ in act.retries[:3])
            lines.append(
                Line(
                    "tried", f"{_named(act)} again {len(act.retries)} times: {code} · {_short(message)}", refs
                )
            )
        if act.tried:
            lines.append(
                Line(
                    "tried",
                    f"{_named(act)} asked {', '.join(dict.fromkeys(act.tried))} in vain",
                    _events(story, act),
                )
            )
    return lines[:3]


def _also(story: Story, cause: Cause) -> list[Line]:
    """What else is odd."""
    lines: list[Line] = []
    known = {cause.act.path if cause.act else "", cause.since.path if cause.since else ""}
    for group in loops(story.done())[:1]:
        if group[0].path not in known:
            refs = tuple(_ref(story, act.last) for act in group[:3])
            lines.append(
                Line(
                    "also", f"{_named(group[0])} was called {len(group)} times with the same arguments", refs
                )
            )
    others = [act for act in story.done() if act.trouble and act.path not in known and act.kind != "agent"]
    end = raiser(story) if story.status == "failed" else None
    others = [act for act in others if end is None or act.path != end.path]
    if others:
        codes = ", ".join(dict.fromkeys(f"{_named(act)} {act.error}" for act in others[:4]))
        refs = tuple(_ref(story, act.last) for act in others[:3])
        lines.append(
            Line(
                "also",
                f"{len(others)} other steps failed: {codes}" if len(others) > 1 else f"{codes} as well",
                refs,
            )
        )
    return lines


def _next(story: Story, cause: Cause) -> str:
    act = cause.act
    if act is not None and act.remedies and cause.kind in {"policy", "guard", "arguments"}:
        return " ".join(dict.fromkeys(act.remedies))
    text = _REMEDIES.get(cause.kind, "Look at the whole: remit show {run}")
    return text.format(
        run=story.run,
        name=act.name if act is not None else "",
        agent=act.agent if act is not None else "",
        flow=story.flow,
        child=story.children.get(act.path, "") if act is not None else "",
    )


_REMEDIES = {
    "loop": "Say in the prompt what to do when {name} tells nothing new, or give the agent fewer steps (budget=).",
    "missing data": "See what {name} was asked for: remit show {run}; let it say that there is nothing.",
    "ignored failure": "Mend {name}, or let the flow stop when it fails; then: remit fork {run}",
    "tool": "Mend {name}, then try from there: remit fork {run}",
    "step": "Mend {name}, then try from there: remit fork {run}",
    "arguments": "Describe the tool and its arguments more precisely: remit tools",
    "answer": "Say in the prompt what the answer has to look like, or use a route with another model: remit models",
    "model": "See which models can be had: remit models; a route with a fallback would have gone on.",
    "large result": "Let {name} give less: a page, a selection, a summary.",
    "expensive": "See what it was told (remit show {run}); use a cheaper route for it: remit models",
    "budget": "Give it a larger budget, or less to do: remit costs --by agent",
    "slow": "See how long it usually takes: remit search --tool {name} {name}",
    "timeout": "Give {name} more time (timeout=), or find out why it is slow.",
    "policy": "See which rule says so: remit policy check; change it only by remit policy propose.",
    "guard": "See what it found: remit show {run}",
    "halt": "See what stands still and why: remit halt list",
    "unknown write": "Look whether it took place, then say so: remit inbox",
    "person": "Read what was said: remit show {run}",
    "wait": "See who is asked: remit inbox; or send what it waits for: remit signal {run}",
    "child": "See why the child did: remit show --why {child}",
    "order": "Nothing, if that was right; else start it again.",
    "code": "Mend {flow}, then see whether it comes through: remit replay {run}",
    "none": "Nothing.",
}


def _group(story: Story) -> str:
    if story.status != "failed":
        return ""
    failed = [act for act in story.done() if act.trouble and act.kind != "agent"]
    found = suspected([Trouble(act.path, act.name, act.error, act.last) for act in failed], story.error)
    act = next((each for each in failed if found is not None and each.path == found.path), None)
    step, agent = (act.name, act.agent) if act is not None else ("", "")
    return name_of(signature(story.flow, agent, step, act.error if act is not None else story.error))


def _events(story: Story, act: Act) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_ref(story, seq) for seq in (act.last or act.seq, act.held) if seq))


def _ref(story: Story, seq: int) -> str:
    return story.refs.get(seq) or f"run:{story.run}#{seq}"


def _named(act: Act) -> str:
    return f"{act.name} ({act.path})" if act.path != act.name else act.name


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"


def _time(microseconds: int) -> str:
    seconds = microseconds / _SECOND
    if seconds < 1:
        return f"{microseconds // 1000} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - two minutes
