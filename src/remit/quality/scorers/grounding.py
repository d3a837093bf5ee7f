"""Whether what an answer says stands in what its agent could know, without anybody having written down what is right.

`groundedness` is the share of everything in the answer that can be looked up (numbers, dates, addresses, quotations,
ids, names) and is found in what tools returned or the user said. `citations` is the share of citations that name a
record which was retrieved and says what it is cited for. No model is asked; what these cannot see, a judge can.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from remit.quality.scenarios.expectation import text_of
from remit.quality.score import INFRA, Score
from remit.quality.scorers.claims import Claim, Sources, claims_in, folded
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.quality.trial import Trial

Json = Any

_SENTENCE = re.compile(r"(?<=[.!?])(?:\s*\[[^\]\n]{1,60}\])*\s+|\n+")
_CITED = re.compile(r"\[([^\]\n]{1,60})\](?:\((https?://[^)\s]+)\))?")
_WORD = re.compile(r"[^\W\d_]{4,}")
_IDS = ("id", "key", "url", "uri", "source", "ref", "doc_id", "document_id", "slug", "path", "title", "name")
_OWN = {"id", "key", "url"}
"""What an object has that is a record itself, whatever else it holds."""
_SAYS_IT = 0.5
_MOST_CITATIONS = 300
_MOST_RECORDS = 2_000


@dataclass(frozen=True, slots=True)
class Grounding:
    """What of an answer was looked up, and what of that was not found."""

    claims: tuple[Claim, ...]
    unsupported: tuple[Claim, ...]

    @property
    def share(self) -> float | None:
        """How much of it was found; None: there was nothing to look up."""
        return 1 - len(self.unsupported) / len(self.claims) if self.claims else None


@dataclass(frozen=True, slots=True)
class Citation:
    """One place of an answer that cites something."""

    cited: str
    sentence: str
    wrong: str = ""
    """Why it does not support what is said there; empty if it does."""


def ground(answer: str, sources: Sequence[Json]) -> Grounding:
    """Look up what an answer says."""
    held, claims = Sources(sources), claims_in(answer)
    return Grounding(claims, tuple(each for each in claims if not held.supports(each)))


def cite(answer: str, sources: Sequence[Json]) -> tuple[Citation, ...]:
    """Look up what an answer cites: `[id]`, `[3]` for the third record that was retrieved, `[text](url)`."""
    records = list(_records(sources))[:_MOST_RECORDS]
    found: dict[tuple[str, str], Citation] = {}
    for sentence in _sentences(answer):
        for named, url in _CITED.findall(sentence):
            for each in [url] if url else re.split(r"[,;]\s*", named):
                cited = each.strip().strip("^#")
                if (cited, sentence) not in found and len(found) < _MOST_CITATIONS:
                    wrong = _unsupported(cited, sentence, records)
                    found[cited, sentence] = Citation(cited, sentence, wrong)
    return tuple(found.values())


def sources_of(trial: Trial) -> list[Json]:
    """What the agent of a trial could know."""
    said = [turn.says for turn in trial.scenario.turns]
    done = [each for act in trial.writes for each in act.args.values() if _is_figure(each)]
    return [dict(trial.scenario.input), *said, *retrieved(trial), *done]


def retrieved(trial: Trial) -> list[Json]:
    """What tools returned."""
    return [act.result for act in trial.acts if act.status.took_place]


@dataclass(frozen=True, slots=True)
class GroundednessScorer:
    """1 where everything that can be looked up was found."""

    least: float = 0.0
    """Below this share it counts as nothing."""
    kinds: tuple[str, ...] = ()
    """Only these kinds of claim; none: all."""
    name: str = "groundedness"

    @property
    def metrics(self) -> tuple[str, ...]:
        """One."""
        return (self.name,)

    @property
    def digest(self) -> str:
        """By its options."""
        return canonical.digest([self.name, 1, self.least, *self.kinds])

    async def score(self, trial: Trial) -> tuple[Score, ...]:
        """One score."""
        if trial.infra or trial.error:
            return (Score(self.name, None, INFRA if trial.infra else "the run gave no answer"),)
        found = ground(answer_of(trial), sources_of(trial))
        claims = [each for each in found.claims if not self.kinds or each.kind in self.kinds]
        if not claims:
            return (Score(self.name, None, "the answer says nothing that can be looked up"),)
        lacking = [each for each in claims if each in found.unsupported]
        share = 1 - len(lacking) / len(claims)
        named = ", ".join(f"{each.kind} {each.text}" for each in lacking[:5])
        why = f"{len(lacking)} of {len(claims)} found nowhere: {named}" if lacking else ""
        return (Score(self.name, share if share >= self.least else 0.0, why),)


@dataclass(frozen=True, slots=True)
class CitationScorer:
    """1 where every citation names a record that says so."""

    required: bool = False
    """Whether an answer without any is worth nothing, rather than not measured."""
    name: str = "citations"

    @property
    def metrics(self) -> tuple[str, ...]:
        """One."""
        return (self.name,)

    @property
    def digest(self) -> str:
        """By its options."""
        return canonical.digest([self.name, 1, self.required])

    async def score(self, trial: Trial) -> tuple[Score, ...]:
        """One score."""
        if trial.infra or trial.error:
            return (Score(self.name, None, INFRA if trial.infra else "the run gave no answer"),)
        found = cite(answer_of(trial), retrieved(trial))
        if not found:
            return (Score(self.name, 0.0 if self.required else None, "the answer cites nothing"),)
        wrong = [each for each in found if each.wrong]
        why = "; ".join(f"[{each.cited}] {each.wrong}" for each in wrong[:5])
        return (Score(self.name, 1 - len(wrong) / len(found), why),)


def answer_of(trial: Trial) -> str:
    """What somebody would read of it: a text as it is; of a typed result what stands in its fields, a line each."""
    result: Json = trial.result
    if result is None or isinstance(result, str):
        return result or trial.answer
    return "\n".join(_said(result))


def _said(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for each in cast("dict[str, Json]", value).values():
            yield from _said(each)
    elif isinstance(value, list):
        for each in cast("list[Json]", value):
            yield from _said(each)
    elif value is not None and not isinstance(value, bool):
        yield text_of(value)


@dataclass(frozen=True, slots=True)
class _Record:
    number: int
    ids: frozenset[str]
    value: Json


def _records(values: Sequence[Json]) -> Iterator[_Record]:
    """Everything that was retrieved as a record of its own: objects, and texts in lists."""
    for number, value in enumerate(_parts(values), 1):
        held = cast("dict[str, Json]", value) if isinstance(value, dict) else {}
        ids = {folded(text_of(held[name])) for name in _IDS if held.get(name) not in (None, "")}
        yield _Record(number, frozenset(ids), value)


def _parts(values: Sequence[Json]) -> Iterator[Json]:
    for value in values:
        if isinstance(value, list):
            yield from _parts(cast("list[Json]", value))
        elif isinstance(value, dict):
            held = cast("dict[str, Json]", value)
            lists = [each for each in held.values() if _holds_records(each)]
            if not lists or any(name in held for name in _OWN):
                yield held
            yield from _parts(lists)
        elif isinstance(value, str) and value.strip():
            yield value


def _holds_records(value: Json) -> bool:
    held = cast("list[Json]", value) if isinstance(value, list) else []
    return bool(held) and all(isinstance(each, dict) for each in held)


def _unsupported(cited: str, sentence: str, records: list[_Record]) -> str:
    wanted = folded(cited)
    named = [each for each in records if wanted in each.ids]
    if not named and cited.isdecimal():
        named = [each for each in records if each.number == int(cited)]
    if not named:
        return "was not retrieved"
    said = _CITED.sub(" ", sentence)
    return "" if any(_says(each, said) for each in named) else "does not say so"


def _says(record: _Record, said: str) -> bool:
    claims = claims_in(said)
    if claims:
        held = Sources([record.value])
        return all(held.supports(each) for each in claims)
    words = {folded(word) for word in _WORD.findall(said)}
    there = folded(text_of(record.value))
    known = sum(word in there or word[:5] in there for word in words)
    return not words or known / len(words) >= _SAYS_IT


def _is_figure(value: Json) -> bool:
    """What a write was made with is a fact once it is made; a text that the agent wrote into it is none."""
    return isinstance(value, (int, float)) or (isinstance(value, str) and " " not in value)


def _sentences(text: str) -> list[str]:
    """Sentences, each with the citations that follow its full stop."""
    found: list[str] = []
    last = 0
    for each in _SENTENCE.finditer(text):
        found.append(text[last : each.end()].strip())
        last = each.end()
    return [each for each in [*found, text[last:].strip()] if each]
