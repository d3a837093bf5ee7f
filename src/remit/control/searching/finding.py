"""What was said in runs, found again: the index gives places, and what stands there is read from the log, where it
can be shredded, and only for whom it may be shown.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from remit.control.observing.wiring import lexicon_of, projector_of
from remit.control.paging import page_of
from remit.control.searching.comparing import compared
from remit.control.searching.views import HitView, SearchView
from remit.domain.errors import Infrastructure, InvalidInput, RemitError, Shredded
from remit.domain.fronting import EXCHANGE
from remit.domain.people_errors import NotAllowed
from remit.domain.telemetry_events import SpansTaken
from remit.engine.step import seconds
from remit.insight.foreign.projection import elsewhere
from remit.insight.search.documents import PARTS, document_of
from remit.insight.search.finding import BOTH, Filters, Finder
from remit.insight.search.foreign import SpanTexts
from remit.insight.search.index import PLACES
from remit.insight.search.meanings import nearest
from remit.insight.search.turning import turned
from remit.insight.search.words import raw_words
from remit.store.database import EventRow
from remit.store.reductions import Leftovers

if TYPE_CHECKING:
    from collections.abc import Collection

    from remit.control.ground.ground import Ground
    from remit.control.searching.sentences import Sentences
    from remit.domain.event import Event
    from remit.insight.search.finding import Found
    from remit.insight.search.lexicon import Lexicon

WAYS = {"both": BOTH, "words": ("words",), "meaning": ("meaning",)}
_PATIENCE = 2.0
"""Seconds that a search waits for what happened a moment ago, before it says how much is not in it."""
_MICROSECONDS = 1_000_000
_DEPTH = 5
"""So many places are looked at for each that is shown: several may be of one run."""
_BEFORE, _SNIPPET = 60, 200


async def search(
    ground: Ground,
    text: str,
    *,
    since: str = "",
    by: str = "both",
    limit: int = 20,
    team: str = "",
    sentences: Sentences | None = None,
    **where: Any,
) -> SearchView:
    """The places that fit best, at most one of each run."""
    filters = _filters(ground, since, team, where)
    if by not in WAYS:
        raise InvalidInput(f'nothing is searched by "{by}".', f"By {', '.join(WAYS)}.")
    limit = page_of(limit)
    behind = await up_to_date(ground)
    lexicon = lexicon_of(ground)
    asks = sentences if by != "words" else None
    pool = max(limit * _DEPTH, asks.most if asks is not None else 0)
    near, model, note = await _near(ground, asks, text, filters, pool) if asks is not None else ([], "", "")
    found = await Finder(ground.database, lexicon).find(text, filters, pool, WAYS[by], near)
    if asks is not None and found and not near and not note:
        found, model, note = await compared(ground, asks, text, found, by, lambda each: text_of(ground, each))
    firsts: dict[str, Found] = {}
    others: dict[str, int] = {}
    for each in found:
        if each.run in firsts:
            others[each.run] = others.get(each.run, 0) + 1
        else:
            firsts[each.run] = each
    words = {each for word in lexicon.words(text) for each in (word, lexicon.meant(word))}
    hits: list[HitView] = []
    for each in firsts.values():
        said = await text_of(ground, each)
        if said:  # else it was shredded a moment ago
            snippet, matched = snippet_of(said, words, lexicon)
            hits.append(await _hit(ground, each, snippet, matched, others.get(each.run, 0)))
        if len(hits) == limit:
            break
    return SearchView(text, hits, behind, model, note)


async def _near(
    ground: Ground, asks: Sentences, text: str, filters: Filters, limit: int
) -> tuple[list[tuple[int, float]], str, str]:
    """What lies near by what the sentence model made of texts before, which model that was, and why none was asked;
    nothing of it where it was shown none.
    """
    if not asks.learns or not text.strip():
        return [], "", ""
    try:
        (vector,), model = await asks.vectors([text])
    except RemitError as wrong:
        return [], "", wrong.message
    wanted = turned(vector, ground.keys.tag("meanings"))
    near = await nearest(ground.database, lexicon_of(ground), wanted, model, filters, limit)
    return near, model if near else "", ""


async def up_to_date(ground: Ground) -> int:
    """Bring what is derived from the log up to date, as far as that takes no time that anybody would notice; gives
    how many events are missing then.
    """
    projector = projector_of(ground)
    if (await projector.lag()).events:
        with suppress(TimeoutError, Infrastructure):  # who cannot write can still read what there is
            await asyncio.wait_for(projector.catch_up(), _PATIENCE)
    return (await projector.lag()).events


async def text_of(ground: Ground, found: Found) -> str:
    """What stands at a place, as the log has it now; nothing where it was erased."""
    if not _of_others(found):
        event = await event_at(ground, f"run:{found.run}", found.seq)
        document = document_of(event, exchange=found.flow == EXCHANGE) if event is not None else None
        return document.text if document is not None else ""
    stream = f"team:{ground.principal.team}"
    event = await event_at(ground, stream, found.seq)
    batch = await ground.database.fetch("foreign.batch", stream, found.seq)
    if not isinstance(event, SpansTaken) or not batch:
        return ""
    texts = SpanTexts(ground.database, ground.keys)
    sent = await texts.of(0, stream, found.seq, batch[0][0], event)
    return next((each.document.text for each in sent if each.nth == found.n % PLACES), "")


def _of_others(found: Found) -> bool:
    """Whether it is of a trace that was sent, and not of a run."""
    return not found.run.startswith("r-")


async def event_at(ground: Ground, stream: str, seq: int) -> Event | None:
    """An event as it may still be read; None if nothing is left of it."""
    rows = await ground.database.fetch("log.read", stream, seq, 1)
    if not rows or rows[0][1] != seq:
        return None
    row = EventRow(*rows[0])
    try:
        await ground.keys.still(row.key_id)
        return (await ground.log.open(row)).event
    except Shredded:
        left = await Leftovers(stream, ground.database, ground.keys).of(row)
        return left.event if left is not None else None


def snippet_of(text: str, wanted: Collection[str], lexicon: Lexicon) -> tuple[str, tuple[str, ...]]:
    """The part of a text around the first of the words that were asked for, on one line, and which of them stand
    there.
    """
    fits = [
        raw
        for raw in raw_words(text)
        if any(word in wanted or lexicon.meant(word) in wanted for word in lexicon.words(raw))
    ]
    first = min((at for each in fits if (at := text.find(each)) >= 0), default=0)
    begin = max(0, first - _BEFORE)
    shown = " ".join(text[begin : begin + _SNIPPET].split())
    ends = ("…" if begin else "", "…" if begin + _SNIPPET < len(text) else "")
    return f"{ends[0]}{shown}{ends[1]}", tuple(each for each in fits if each in shown)


def _filters(ground: Ground, since: str, team: str, where: dict[str, Any]) -> Filters:
    mine, now = ground.principal.team, ground.clock.now()
    if team not in {"", mine}:
        raise NotAllowed(
            f"you belong to the team {mine}, and what {team} said is not yours to search.",
            "Leave --team out.",
        )
    part = where.get("part", "")
    if part and part not in PARTS:
        raise InvalidInput(f'no part of a run is called "{part}".', f"One of {', '.join(PARTS)}.")
    begin = now - int(seconds(since) * _MICROSECONDS) if since else 0
    return Filters(mine, ground.principal.id, begin, **where)


async def _hit(ground: Ground, found: Found, snippet: str, matched: tuple[str, ...], more: int) -> HitView:
    run, event = found.run, f"run:{found.run}#{found.seq}"
    if _of_others(found):
        if not await ground.database.fetch("search.trace", run, ground.principal.team):
            run = elsewhere(run, ground.principal.team)  # another team has a trace of that id
        event = f"trace:{run}#{found.path}"
    return HitView(
        run, event, found.path, found.part, found.at, found.flow, found.agent,
        found.tool, found.model, found.error, snippet, matched, round(found.score, 6), found.by, more,
    )  # fmt: skip
