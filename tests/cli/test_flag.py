"""`remit release flag` says what it did in words, and takes no text for JSON."""

from __future__ import annotations

from tests.cli.conftest import Terminal


def test_a_flag_is_set_and_told_in_words(remit: Terminal) -> None:
    said = remit("release", "flag", "set", "style", "--value", '"warm"', "--percent", "50", code=0).out
    assert said == 'style: "warm" for 50 % of runs\n'
    refused = remit("release", "flag", "set", "style", "--value", "warm", code=2)
    assert "'warm', which is no JSON." in refused.err
