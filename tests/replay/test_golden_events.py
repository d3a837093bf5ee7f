"""What any release wrote, today's code reads: every kind, sealed and chained as it was on disk."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import msgspec
import pytest

from remit.domain.errors import StoreCorrupt, StoreNewer
from remit.domain.event import Event
from remit.domain.kinds import every_kind, kind_named
from remit.store.codec import decode_event
from remit.store.pen import envelope_of, link, read_inline
from tests.replay.golden import KEY, journals, read


@pytest.mark.parametrize("journal", journals(), ids=lambda path: path.stem)
def test_every_event_of_a_release_is_read(journal: Path) -> None:
    previous = bytes(32)
    for golden in read(journal):
        event = read_inline(golden.row, KEY)
        assert isinstance(event, Event)
        if (kind := kind_named(golden.row.kind)) is not None:
            assert type(event) is kind
            assert msgspec.to_builtins(event) == golden.says
        assert golden.row.prev_hash == previous
        previous = link(previous, envelope_of(golden.row), golden.row.commitment)
        assert golden.row.hash == previous


def test_every_kind_of_today_stands_in_a_journal() -> None:
    """Fails when a kind or a shape changes: write the journal of the coming release anew, never a released one."""
    newest = {golden.row.kind: golden.says for golden in read(journals()[-1])}
    assert newest.keys() == every_kind().keys()
    for name, kind in every_kind().items():
        assert list(newest[name]) == [field.name for field in fields(kind)]


def test_a_kind_that_nobody_knows_was_written_by_a_newer_remit() -> None:
    with pytest.raises(StoreNewer, match=r"step\.done@99"):
        decode_event("step.done@99", b"{}")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"name": 1}', b"{}"])
def test_a_body_that_is_no_event_is_damage(body: bytes) -> None:
    with pytest.raises(StoreCorrupt, match=r"step\.done"):
        decode_event("step.done", body)
