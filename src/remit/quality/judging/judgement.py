"""What a judge's votes come to: the majority of those that could be counted. Pure arithmetic over what was said."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

PASS, FAIL, TIE = "pass", "fail", "tie"
BETTER, WORSE = "better", "worse"
_VALUES = {PASS: 1.0, BETTER: 1.0, TIE: 0.5, FAIL: 0.0, WORSE: 0.0}


@dataclass(frozen=True, slots=True)
class Vote:
    """One answer of the judge; of two orders of a pair, both together."""

    said: str
    """pass or fail; better, worse or tie; empty: it gave none."""
    reason: str = ""
    swapped: bool = False
    """Whether it was asked in the other order."""
    consistent: bool | None = None
    """Whether it said the same in both orders, where it was asked in both."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge says of a matter."""

    matter: str
    said: str
    """What the majority says; empty: nothing."""
    votes: tuple[Vote, ...]

    @property
    def value(self) -> float | None:
        """From 0 to 1; None: it could not be judged."""
        return _VALUES.get(self.said)

    @property
    def why(self) -> str:
        """The reason of one who voted with the majority, and how many did."""
        if not self.said:
            errors = [vote.error for vote in self.votes if vote.error]
            return f"not judged: {errors[0]}" if errors else "not judged: the votes are split"
        with_it = [vote for vote in self.votes if vote.said == self.said]
        share = f" ({len(with_it)} of {len(self.votes)} votes)" if len(self.votes) > 1 else ""
        return f"{with_it[0].reason}{share}" if with_it else f"the votes come to a {self.said}"


def judged(matter: str, votes: tuple[Vote, ...]) -> Judgement:
    """The judgement of these votes. Where more than half gave none there is none; a split between pairs is a tie."""
    counts = Counter(vote.said for vote in votes if vote.said)
    counted = sum(counts.values())
    if counted * 2 <= len(votes):
        return Judgement(matter, "", votes)
    said, most = counts.most_common(1)[0]
    if most * 2 > counted:
        return Judgement(matter, said, votes)
    between_pairs = counts.keys() <= {BETTER, WORSE, TIE}
    return Judgement(matter, TIE if between_pairs else "", votes)


def of_pair(straight: str, swapped: str, reason: str) -> Vote:
    """What a judge says of two answers when it was asked in both orders: each time in words of what it was shown. Where
    the two differ it has no opinion.
    """
    one = {"first": BETTER, "second": WORSE}.get(straight, TIE)
    other = {"first": WORSE, "second": BETTER}.get(swapped, TIE)
    return Vote(one if one == other else TIE, reason, consistent=one == other)


def plain_judgement(found: Judgement) -> dict[str, Any]:
    """A judgement as JSON, for the result of a run."""
    return {
        "matter": found.matter, "said": found.said,
        "votes": [[v.said, v.reason, v.swapped, v.consistent, v.error] for v in found.votes],
    }  # fmt: skip


def judgement_of(said: dict[str, Any]) -> Judgement:
    """The judgement that `plain_judgement` wrote down."""
    return Judgement(said["matter"], said["said"], tuple(Vote(*each) for each in said["votes"]))
