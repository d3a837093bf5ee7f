"""The checksums at their edges, and how overlapping places are told apart. Each table here is written from the
published rule and not from the code.
"""

from __future__ import annotations

import pytest

from remit.policy.detectors import checksums
from remit.policy.detectors.finding import Found, apart, replaced

BRANDS = [  # from, to (of the first digits), lengths that are given out
    ("4", "4", {16}), ("51", "55", {16}), ("2221", "2720", {16}), ("34", "34", {15}), ("37", "37", {15}),
    ("6011", "6011", {16}), ("644", "649", {16}), ("65", "65", {16}), ("300", "305", {14}), ("36", "36", {14}),
    ("38", "39", {14}), ("3528", "3589", {16}), ("62", "62", {16, 19}),
]  # fmt: skip


def test_a_card_begins_as_some_brand_does_and_is_as_long() -> None:
    for first in range(1000, 10_000):
        sizes = {
            size for low, high, lengths in BRANDS for size in lengths if low <= str(first)[: len(low)] <= high
        }
        for size in (13, 14, 15, 16, 17, 18, 19):
            number = str(first).ljust(size, "0")
            assert checksums.card_brand(number) == (size in sizes), number


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (checksums.luhn, ["79927398713", "0", "18", "59"], ["79927398710", "1", "81", "95"]),
        (checksums.dni, ["00000000T", "00000001R", "X0000000T", "Y0000000Z", "Z0000000M", "99999999R"],
         ["00000000R", "00000001T", "X0000000Z", "Y0000000T", "Z0000000T"]),
        (checksums.nhs, ["9434765919", "4010232137", "1000000281", "0000000000"],
         ["9434765918", "943476591", "94347659190", "9434765991", "1000000280", "1000000010"]),
        (checksums.steuer_id, ["86095742719", "47036892816", "65929970489", "57549285017", "25768131411"],
         ["86095742710", "8609574271", "860957427199", "06095742719", "12345678903", "11223456784", "11112345670"]),
        (checksums.social_security, ["001010001", "665999999", "667010001", "899010001"],
         ["000010001", "666010001", "900010001", "999010001", "123000001", "123010000"]),
        (checksums.iban, ["DE89370400440532013000", "NO9386011117947", "GB82WEST12345698765432"],
         ["DE88370400440532013000", "DE8937040044053201300", "XX89370400440532013000", "NO9386011117948"]),
    ],
)  # fmt: skip
def test_a_number_that_holds_is_told_from_its_neighbours(
    check: object, good: list[str], bad: list[str]
) -> None:
    assert callable(check)
    assert [text for text in good if not check(text)] == []
    assert [text for text in bad if check(text)] == []


def test_a_token_ends_with_the_sum_of_what_stands_before() -> None:
    assert checksums.crc_token("", "000000")
    assert checksums.crc_token("a", "4GEHKN")
    assert not checksums.crc_token("a", "4gehkn")
    assert checksums.crc_token("c", "07dU35")
    assert not checksums.crc_token("c", "7dU35")
    assert not checksums.crc_token("a", "04GEHKN")


def test_of_places_that_overlap_the_first_and_of_those_the_longest_is_kept() -> None:
    def place(start: int, end: int, kind: str = "x") -> Found:
        return Found(start, end, kind, "personal", checked=False)

    assert apart([place(4, 6), place(0, 2), place(0, 4), place(3, 9)]) == [place(0, 4), place(4, 6)]
    assert apart([place(2, 3, "b"), place(0, 2, "a")]) == [place(0, 2, "a"), place(2, 3, "b")]
    assert apart([]) == []
    told = [place(6, 9), place(0, 2), place(1, 4)]
    assert replaced("ab cd efg.", told, lambda found, text: f"<{found.start}{text}>") == "<0ab> cd <6efg>."
    assert replaced("same", [], lambda _found, _text: "x") == "same"
