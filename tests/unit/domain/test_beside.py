"""Trouble that lasts is said, and said again, and fills no disk."""

from __future__ import annotations

from remit.domain.beside import Trouble


def test_the_same_trouble_is_said_once_a_minute_and_another_at_once() -> None:
    trouble = Trouble()
    said = [now for now in range(600) if trouble.is_new(OSError("the disk is full"), now / 2)]
    assert said == [0, 120, 240, 360, 480]
    assert trouble.is_new(OSError("it is gone"), 300)
    assert trouble.is_new(OSError("the disk is full"), 301), "it is back"
