"""Signs of who went wrong, each by one plain rule: what an agent made up, changed, asked for in vain, did again and
again, or went on without. A sign names an agent, a step and the events; how much it says was weighed on planted faults.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import failure_class
from remit.quality.attribution.episode import CALLED, GAVE_UP, GIVEN, SAID, objects_in
from remit.quality.attribution.values import is_name, scalars, values_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.quality.attribution.episode import Episode, Move

_REPEATED = 3
_WRONGLY_ASKED = frozenset({"bad_arguments", "unknown_tool"})
_REFUSED = frozenset({"denied", "blocked", "egress_refused", "halted", "quarantined"})
_SAID_WRONGLY = frozenset(
    {"output_invalid", "malformed_answer", "model_refused", "low_confidence", "no_progress"}
)


@dataclass(frozen=True, slots=True)
class Sign:
    """One of them."""

    kind: str
    agent: str
    step: str
    weight: float
    """From 0 to 1: how surely it is them, if nothing else is known."""
    text: str
    events: tuple[str, ...]


def signs_of(episode: Episode) -> list[Sign]:
    """All signs of a run."""
    return [
        *_made_up(episode), *_contradicted(episode), *_asked_wrongly(episode), *_refused(episode), *_repeated(episode),
        *_unusable(episode), *_went_on(episode), *_failed(episode),
    ]  # fmt: skip


def first_to_say(episode: Episode, value: str) -> Move | None:
    """Who brought a value in; None where it was given by the user, a tool, a person or the flow."""
    known = _given(episode, "")
    for move in episode.moves:
        if move.kind == SAID:
            if value in known | values_in(episode.instructions.get(move.agent, "")):
                return None
            if value in _spoken(move):
                return move
        else:
            known |= _brought(move)
    return None


def _made_up(episode: Episode) -> Iterator[Sign]:
    """A value that an agent uses or passes on, and that nobody had given it: an id, an address, an amount."""
    known = _given(episode, "")
    seen: set[str] = set()
    for place, move in enumerate(episode.moves):
        if move.kind != SAID:
            known |= _brought(move)
            continue
        fresh = _spoken(move) - known - seen - values_in(episode.instructions.get(move.agent, ""))
        seen |= fresh
        for value in sorted(fresh):
            used = [
                each
                for each in episode.moves[place + 1 :]
                if each.kind == CALLED and value in values_in(each.given)
            ]
            if not used and not is_name(value):
                continue
            hurt = any(each.error or each.acts for each in used)
            weight = 0.8 if hurt else 0.45 if used else 0.3
            text = f"{move.agent} says {value}, which nobody had given it"
            yield Sign("made up", move.agent, move.path, weight, text, _refs(episode, move, *used[:1]))


def _contradicted(episode: Episode) -> Iterator[Sign]:
    """What an agent says of a thing, where what was read of it says otherwise: against whoever said it first."""
    facts: list[tuple[dict[str, str], Move]] = []
    told: set[tuple[str, str, str]] = set()
    for move in episode.moves:
        if move.kind in {CALLED, GIVEN} and not move.acts and not move.error:
            facts += [(scalars(each), move) for each in objects_in(move.came)]
        for table, weight in _claims(move):
            for known, source in facts:
                found = _difference(table, known)
                if found is None or found in told:
                    continue
                told.add(found)
                thing, key, value = found
                text = f"{move.agent} says {key} {value} of {thing}, and {source.name} had said {known[key]}"
                yield Sign("contradicted", move.agent, move.path, weight, text, _refs(episode, move, source))


def _claims(move: Move) -> list[tuple[dict[str, str], float]]:
    """What a model says of things: in its answer, and, less surely meant so, in arguments."""
    if move.kind != SAID:
        return []
    said = [(scalars(each), 0.82) for each in objects_in(move.came)]
    return said + [(scalars(each), 0.5) for _, arguments in move.calls for each in objects_in(arguments)]


def _difference(table: dict[str, str], known: dict[str, str]) -> tuple[str, str, str] | None:
    """The thing that both are about, and the first field of which they say different values."""
    thing = next((table[key] for key in table if is_name(table[key]) and known.get(key) == table[key]), "")
    if not thing:
        return None
    other = next((key for key in table if key in known and known[key] != table[key]), "")
    return (thing, other, table[other]) if other else None


def _asked_wrongly(episode: Episode) -> Iterator[Sign]:
    """A call that cannot be made: its model asked for it."""
    for move in episode.moves:
        if move.kind == CALLED and move.error in _WRONGLY_ASKED:
            said = _asker(episode, move)
            step = said.path if said is not None else move.path
            text = f"{move.agent} asked for {move.name} as it cannot be called ({move.error})"
            yield Sign("arguments", move.agent, step, 0.6, text, _refs(episode, said or move, move))


def _refused(episode: Episode) -> Iterator[Sign]:
    """What the gate refused, and whether it was asked for again."""
    refused = [move for move in episode.moves if move.kind == CALLED and move.error in _REFUSED]
    for move in refused[:1]:
        rules = f" (rule {', '.join(move.rules)})" if move.rules else ""
        again = f", {len(refused)} times" if len(refused) > 1 else ""
        text = f"{move.agent or 'the flow'} asked for {move.name}, which was refused{rules}{again}"
        yield Sign("refused", move.agent, move.path, 0.55, text, _refs(episode, *refused[:3]))


def _repeated(episode: Episode) -> Iterator[Sign]:
    """The same call with the same arguments, again and again."""
    groups: dict[tuple[str, str, str], list[Move]] = {}
    for move in episode.moves:
        if move.kind == CALLED:
            key = json.dumps(move.given, sort_keys=True, default=str)
            groups.setdefault((move.agent, move.name, key), []).append(move)
    for (agent, name, _), group in groups.items():
        if len(group) >= _REPEATED and agent:
            text = f"{agent} called {name} {len(group)} times with the same arguments"
            yield Sign("loop", agent, group[0].path, 0.6, text, _refs(episode, *group[:3]))


def _unusable(episode: Episode) -> Iterator[Sign]:
    """An agent that gave no answer that could be used."""
    for move in episode.moves:
        if move.kind != GAVE_UP:
            continue
        mine = [each for each in episode.moves if each.kind == SAID and each.path.startswith(f"{move.path}/")]
        if move.error in _SAID_WRONGLY or (mine and mine[-1].error):
            last = _first_of_the_last(episode, mine, move)
            text = f"{move.agent} gave no answer that could be used ({move.error})"
            yield Sign("no answer", move.agent, last.path, 0.65, text, _refs(episode, last, move))
        else:
            text = f"{move.agent} gave up ({move.error})"
            yield Sign("gave up", move.agent, move.path, 0.25, text, _refs(episode, move))


def _went_on(episode: Episode) -> Iterator[Sign]:
    """A read that failed or gave nothing, or a write that failed, after which its agent answered as if it had not."""
    for place, move in enumerate(episode.moves):
        if (
            move.kind != CALLED
            or not move.agent
            or not (move.error or (not move.acts and _is_nothing(move.came)))
        ):
            continue
        later = [each for each in episode.moves[place + 1 :] if each.agent == move.agent]
        mended = any(each.kind == CALLED and each.name == move.name and not _is_bad(each) for each in later)
        answer = next(
            (each for each in reversed(later) if each.kind == SAID and not each.calls and not each.error),
            None,
        )
        if mended or answer is None or any(each.kind == GAVE_UP for each in later) or move.error in _REFUSED:
            continue
        what = "gave nothing" if not move.error else f"failed ({move.error})"
        text = f"{move.agent} answered although {move.name} {what}"
        yield Sign(
            "went on", move.agent, move.path, 0.6 if move.acts else 0.45, text, _refs(episode, move, answer)
        )


def _failed(episode: Episode) -> Iterator[Sign]:
    """The last thing that failed: nearest to the end, and seldom the first cause."""
    failed = [
        move
        for move in episode.moves
        if move.error and move.kind in {CALLED, SAID, GIVEN} and move.error not in _WRONGLY_ASKED | _REFUSED
    ]
    for move in failed[-1:]:
        infra = failure_class(move.error) in {"model", "infrastructure", "timeout"}
        text = f"{move.name} failed ({move.error})"
        yield Sign("failed", move.agent, move.path, 0.5 if infra else 0.4, text, _refs(episode, move))


# --- what is known when ----------------------------------------------------------------------------------------


def _given(episode: Episode, agent: str) -> set[str]:
    return values_in(episode.input) | values_in(episode.instructions.get(agent, ""))


def _brought(move: Move) -> set[str]:
    """What a move brings in from outside of any model: what a tool, a person or the flow's own code gave. What an agent
    is asked by another is that one's words, which were looked at when it said them; what the flow asks is given.
    """
    if move.kind in {CALLED, GIVEN}:
        return values_in(move.came) | values_in(move.message)
    return set()


def _spoken(move: Move) -> set[str]:
    return values_in(move.came) | {each for _, arguments in move.calls for each in values_in(arguments)}


def _asker(episode: Episode, call: Move) -> Move | None:
    """The words of the model that asked for a call."""
    before = [
        each
        for each in episode.moves
        if each.kind == SAID and each.agent == call.agent and each.seq < call.seq
    ]
    return before[-1] if before else None


def _first_of_the_last(episode: Episode, mine: list[Move], end: Move) -> Move:
    """Of answers that were sent back one after the other the first: nothing was done between them."""
    acted = max(
        (each.seq for each in episode.moves if each.kind == CALLED and each.path.startswith(f"{end.path}/")),
        default=0,
    )
    return next((each for each in mine if each.seq > acted), mine[-1] if mine else end)


def _is_nothing(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _is_bad(move: Move) -> bool:
    return bool(move.error) or (not move.acts and _is_nothing(move.came))


def _refs(episode: Episode, *moves: Move) -> tuple[str, ...]:
    return tuple(dict.fromkeys(episode.ref(move) for move in moves))
