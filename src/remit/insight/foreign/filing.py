"""A span of another agent as a row of ours: numbers, digests, names, and which facts it ought to have and has not. What
its sender says is neither believed nor lost: times that cannot be are told as such, amounts that cannot be are none.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from remit.insight.tracing.rows import Missing, SpanRow, span_number
from remit.wire.otlp.understanding import score_of, understand

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.insight.foreign.pricing import Prices
    from remit.wire.otlp.foreign_span import ForeignRecord, ForeignSpan
    from remit.wire.otlp.meaning import Meaning, Tokens

_NAME: Final = 200
_MOST_TOKENS = 10**9
_MOST_COST = 10**12
_LONGEST = 30 * 86_400_000_000
"""A month in microseconds: what says that it took longer is a clock that is wrong."""
_AHEAD = 10 * 60 * 1_000_000
_ENDED = 1 << 40
_MOST_SAID = _ENDED - 1
_MILLIONTHS = 1_000_000
_MOST_SCORE = 10**9
ASKING = frozenset({"model", "embedding"})
"""What uses tokens; an agent's span may repeat the sum of those below it."""
OURS, THEIRS, NOBODY = "here", "sender", "nobody"
"""Who said what a call cost."""
_encode = msgspec.json.Encoder(order="sorted").encode


class Aside(msgspec.Struct, gc=False):
    """What is known of a span beside its row: the columns of `foreign_spans`, but for trace and id."""

    parent: str = ""
    """As it was sent, whether there is such a span or not."""
    source: str = ""
    dialect: str = ""
    weight: int = 0
    """Of two that are sent under one id the heavier one counts: one that has ended, else the one that says more."""
    calls: int = 0
    absent: int = 0
    skewed: int = 0
    dropped: int = 0
    session: str = ""
    workflow: str = ""
    purpose: str = ""
    environment: str = ""
    nth: int = 0
    """Which entry of its request it is."""


class Filed(msgspec.Struct, gc=False):
    """One span."""

    row: SpanRow
    aside: Aside


class Desk(msgspec.Struct, gc=False):
    """Where a request stands, and by what its spans are reckoned."""

    pos: int
    stream: str
    seq: int
    team: str
    source: str
    key_id: str
    at: int
    prices: Prices
    digest: Callable[[str], str]
    """A keyed digest of a text."""


class Taken(NamedTuple):
    """A request as the log holds it."""

    desk: Desk
    signal: str
    blob: str
    book: str
    taken: int = 0
    rejected: int = 0
    lost: int = 0
    size: int = 0


def file_span(desk: Desk, nth: int, span: ForeignSpan) -> Filed:
    """A span as a row."""
    said = understand(span)
    started, ended, skewed = _times(span, desk.at)
    row = SpanRow(
        span_number(desk.pos, nth), trace_id(span.trace), span.id, "", said.kind, _text(said.tool or span.name),
        started, ended, _status(said, ended), _text(said.error), desk.team,
        _text(said.agent or str(span.resource.get("service.name", "")) or desk.source), _text(said.requested),
        _text(said.served), _text(said.provider),
    )  # fmt: skip
    row.release, row.prompt = _text(said.release), _prompt(said, desk)
    row.first_token = (
        said.first_token if said.first_token is not None and said.first_token < _LONGEST else None
    )
    row.stream, row.seq, row.key_id = desk.stream, desk.seq, desk.key_id
    row.score = millionths(said.score)
    priced = _use(row, said, desk) if said.kind in ASKING else ""
    row.detail = _detail(said, priced, len(span.happenings), span.links)
    return Filed(row, _aside(row, said, span, nth, skewed, priced, desk))


def file_record(desk: Desk, nth: int, record: ForeignRecord) -> Filed | None:
    """An evaluation, which is told as a log record, as a span below what was judged; None for other records."""
    told = score_of(record)
    if told is None or not _is_id(record.trace, 16) or not _is_id(record.span, 8):
        return None
    name, score = told
    at = record.happening.at or desk.at
    mark = hashlib.sha256(f"{record.trace}|{record.span}|{name}|{at}|{score}".encode()).hexdigest()[:16]
    row = SpanRow(
        span_number(desk.pos, nth), trace_id(record.trace), mark, "", "evaluation", _text(name), at, at, "ok", "",
        desk.team, desk.source,
    )  # fmt: skip
    row.stream, row.seq, row.key_id, row.score = desk.stream, desk.seq, desk.key_id, millionths(score)
    aside = Aside(record.span, desk.source, "gen_ai", _ENDED, nth=nth)
    return Filed(row, aside)


def trace_id(trace: str) -> str:
    """The id of a foreign trace here."""
    return f"o{trace}"


def millionths(score: float | None) -> int | None:
    """A score as a whole number."""
    if score is None:
        return None
    return round(max(-_MOST_SCORE, min(_MOST_SCORE, score)) * _MILLIONTHS)


def _use(row: SpanRow, said: Meaning, desk: Desk) -> str:
    """Tokens and cost; gives by whose prices it was reckoned."""
    tokens = said.tokens
    row.input, row.cached, row.cache_written = (
        _sane(tokens.input),
        _sane(tokens.cached),
        _sane(tokens.cache_written),
    )
    row.output, row.reasoning = _sane(tokens.output), _sane(tokens.reasoning)
    cost = desk.prices.cost(row.served, tokens, row.started) if _all_sane(tokens) else None
    if cost is None and row.requested != row.served:
        cost = desk.prices.cost(row.requested, tokens, row.started) if _all_sane(tokens) else None
    if cost is not None:
        row.cost = min(cost, _MOST_COST)
        return OURS
    if said.cost is not None and said.cost <= _MOST_COST:
        row.cost = said.cost
        return THEIRS
    return NOBODY


def _aside(
    row: SpanRow, said: Meaning, span: ForeignSpan, nth: int, skewed: bool, priced: str, desk: Desk
) -> Aside:
    absent = 0
    if said.kind in ASKING:
        absent |= 0 if row.served or row.requested else Missing.MODEL
        absent |= 0 if row.provider else Missing.PROVIDER
        absent |= 0 if said.tokens.said else Missing.USAGE
        absent |= 0 if priced != NOBODY else Missing.COST
        absent |= 0 if row.prompt or said.kind == "embedding" else Missing.PROMPT
    weight = len(span.attributes) + len(span.happenings)
    return Aside(
        "" if span.parent == "0" * 16 else span.parent, desk.source, said.dialect,
        (_ENDED if row.ended is not None else 0) + min(weight, _MOST_SAID), min(said.calls, _NAME), absent,
        int(skewed), min(span.dropped, _MOST_TOKENS), _text(said.session), _text(said.workflow), _text(said.purpose),
        _text(said.environment), nth,
    )  # fmt: skip


def _times(span: ForeignSpan, at: int) -> tuple[int, int | None, bool]:
    """When it began and ended, and whether that was not what its sender says: a span does not end before it begins, nor
    after we hear; one from the future ended when it came, else it would stand above everything for as long.
    """
    started, ended, skewed = span.started, span.ended, False
    if not started:
        started, ended, skewed = ended or at, ended or at, True
    elif ended is not None and not 0 <= ended - started <= _LONGEST:
        ended, skewed = started, True
    if max(started, ended or 0) > at + _AHEAD:
        took = 0 if ended is None else ended - started
        return at - took, None if ended is None else at, True
    return started, ended, skewed


def _status(said: Meaning, ended: int | None) -> str:
    if ended is None:
        return "open"
    return "error" if said.failed else "ok"


def _prompt(said: Meaning, desk: Desk) -> str:
    if said.prompt:
        return _text(said.prompt)
    return desk.digest(f"prompt|{said.instructions}")[:16] if said.instructions else ""


def _detail(said: Meaning, priced: str, happenings: int, links: int) -> str:
    found = {
        "dialect": said.dialect, "priced": priced, "calls": said.calls, "events": happenings, "links": links,
    }  # fmt: skip
    return _encode({name: value for name, value in found.items() if value}).decode()


def _text(text: str) -> str:
    """A name that fits: no database takes the character zero, and nobody reads names of a thousand letters."""
    return text.replace("\0", "\ufffd")[:_NAME]


def _sane(count: int | None) -> int:
    return count if count is not None and count <= _MOST_TOKENS else 0


def _all_sane(tokens: Tokens) -> bool:
    parts = (tokens.input, tokens.cached, tokens.cache_written, tokens.output, tokens.reasoning)
    return all(part is None or part <= _MOST_TOKENS for part in parts)


def _is_id(text: str, size: int) -> bool:
    return len(text) == size * 2 and bool(text.strip("0"))
