"""What a flow says to input whose names do not fit: a name is offered only if it was misspelt, and an input only if
it would be taken.
"""

from __future__ import annotations

import pytest

from remit import Run, flow
from remit.domain.errors import InvalidInput


@flow
async def bill(run: Run, customer: str, cents: int, notes: list[str] | None = None) -> None:
    """Takes three things."""


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"custommer": "Ann", "cents": 5}, """Did you mean --input '{"cents":5,"customer":"Ann"}'?"""),
        ({"customer": "Ann", "cent": 5}, """Did you mean --input '{"cents":5,"customer":"Ann"}'?"""),
        (
            {"custommer": "O'Hara", "cents": 5},
            """Did you mean --input '{"cents":5,"customer":"O'"'"'Hara"}'?""",
        ),
        ({"custommer": "Ann", "cents": "five"}, 'Did you mean "customer"?'),
        ({"custommer": "Ann", "cent": 5}, 'Did you mean "customer"?'),
        ({"custommer": "Ann"}, 'Did you mean "customer"?'),
        ({"custommer": object(), "cents": 5}, 'Did you mean "customer"?'),
        ({"customer": "Ann", "cents": 5, "zz": 1}, ""),
        ({"customer": "Ann", "cents": [], "zz": 1}, ""),
        ({"customer": "Ann", "cents": 5, "notes": [], "note": 1}, ""),
    ],
)
def test_only_what_was_misspelt_is_corrected(given: dict[str, object], hint: str) -> None:
    with pytest.raises(InvalidInput, match="bill has no parameter") as refused:
        bill.accept(given)
    assert refused.value.hint == hint


def test_a_value_of_another_type_is_not_taken_for_a_misspelling() -> None:
    with pytest.raises(InvalidInput, match='bill takes "cents" as int') as refused:
        bill.accept({"customer": "Ann", "cents": "five"})
    assert refused.value.hint == ""
