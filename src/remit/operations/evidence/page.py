"""A pack as a page that prints well: one file, nothing loaded from anywhere, every word from outside escaped."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape as as_text
from typing import TYPE_CHECKING

from remit.domain.visible import seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.operations.evidence.pack import Answer, Citation, Pack, Row, Seen

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1d2329; max-width: 60rem; margin: 2rem auto; padding: 0 1.5rem }
h1 { font-size: 1.5rem; margin-bottom: 0 } h2 { font-size: 1.05rem; margin: 0 }
p { margin: .3rem 0 } .dim, dt { color: #5c6670 } dl { display: grid; grid-template-columns: 9rem 1fr; gap: .1rem 1rem }
dd { margin: 0 } section { border-top: 1px solid #d5dae0; padding: 1rem 0; break-inside: avoid }
table { border-collapse: collapse; width: 100%; font-size: .85rem; margin: .4rem 0 }
td, th { text-align: left; padding: .15rem .6rem .15rem 0; vertical-align: top }
code { font: .82rem ui-monospace, monospace; overflow-wrap: anywhere } ul { margin: .2rem 0; padding-left: 1.2rem }
.status { float: right; border: 1px solid; border-radius: 1rem; padding: 0 .7rem; font-size: .8rem }
.answered { color: #176639 } .in-part { color: #80540a } .not-covered { color: #9b2418 }
.gap { border-left: 3px solid #d09b3c; padding-left: .7rem }
@media print { body { margin: 0; font-size: 11px; max-width: none } a { color: inherit } }
"""
_FOOT = (
    "A row says what the platform does, which events of this log show it, and which tests of its source prove it. "
    "It does not say that an organisation conforms. The files beside this page hold the proofs; "
    "<code>manifest.txt</code> is signed."
)


def page_of(pack: Pack) -> str:
    """The whole page."""
    body = "\n".join([*_head(pack), *(_section(row) for row in pack.rows), *_foot(pack)])
    title = escape(f"Evidence: {pack.title}")
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def escape(text: str) -> str:
    """Words from outside as words: no markup, and nothing that hides or turns them around."""
    return as_text("\n".join(seen(line) for line in text.split("\n")))


def _head(pack: Pack) -> Iterator[str]:
    yield f"<h1>{escape(pack.title)}</h1>"
    yield f'<p class="dim">{escape(pack.edition)}</p>'
    yield f"<p>{escape(pack.note)}</p>" if pack.note else ""
    counts = ", ".join(f"{count} {status}" for status, count in pack.counts.items())
    since = _when(pack.since) if pack.since else "its beginning"
    checkpoint = (
        f"{pack.covered} of them under a signed checkpoint"
        if pack.checkpoint
        else "no checkpoint was made yet"
    )
    facts = {
        "rows": counts, "log": f"{pack.origin}, from {since}", "events": f"{pack.events}, {checkpoint}",
        "made": f"{_when(pack.made_at)} by remit {pack.version}",
    }  # fmt: skip
    yield (
        "<dl>" + "".join(f"<dt>{name}</dt><dd>{escape(said)}</dd>" for name, said in facts.items()) + "</dl>"
    )


def _section(row: Row) -> str:
    style = row.status.replace(" ", "-")
    gap = f'<p class="gap"><b>Not covered:</b> {escape(row.gap)}</p>' if row.gap else ""
    answers = "".join(_answer(each) for each in row.answers)
    return (
        f'<section><span class="status {style}">{row.status}</span>'
        f"<h2>{escape(row.id)} · {escape(row.asks)}</h2>{answers}{gap}</section>"
    )


def _answer(answer: Answer) -> str:
    rows = "".join(_seen(each) for each in answer.events)
    table = f"<table>{rows}</table>" if rows else '<p class="dim">It leaves no event of its own.</p>'
    tests = "".join(f"<li><code>{escape(test)}</code></li>" for test in answer.tests)
    return f'<p>{escape(answer.does)}</p>{table}<p class="dim">Proved by</p><ul>{tests}</ul>'


def _seen(seen: Seen) -> str:
    first = f"<th><code>{escape(seen.kind)}</code></th><td>{seen.count or 'none yet'}</td>"
    cells = [_citation(each) for each in seen.cited] or ["<td></td>"]
    later = "".join(f"<tr><td></td><td></td>{cell}</tr>" for cell in cells[1:])
    return f"<tr>{first}{cells[0]}</tr>{later}"


def _citation(cited: Citation) -> str:
    place = "not under a checkpoint yet" if cited.proof is None else f"leaf {cited.leaf}"
    where = f" {escape(cited.path)}" if cited.path else ""
    when = _when(cited.at)
    return f"<td><code>{escape(cited.event)}</code>{where}<br><span class=dim>{when}, {place}</span></td>"


def _foot(pack: Pack) -> Iterator[str]:
    yield f'<section><p class="dim">{_FOOT}</p>'
    yield f"<pre><code>{escape(pack.checkpoint)}</code></pre></section>" if pack.checkpoint else "</section>"


def _when(at: int) -> str:
    return datetime.fromtimestamp(at / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
