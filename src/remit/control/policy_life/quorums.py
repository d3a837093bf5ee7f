"""Rules that ask for more people than there are: what they hold is never done, and nobody would hear of it before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.action_errors import InvalidPolicy
from remit.policy.loading import rules_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.domain.people import Person


def out_of_reach(files: Mapping[str, str], people: Iterable[Person]) -> Iterator[tuple[str, str]]:
    """What is wrong with each, and what to do; rules that cannot be read are the business of others."""
    there = sum(each.active and each.kind == "user" for each in people)
    try:
        rules = [rule for rule in rules_of(files) if rule.quorum > max(1, there)]
    except InvalidPolicy:
        return
    who = f"has {there} users" if there > 1 else "has one user" if there else "has no users"
    for rule in rules:
        yield (
            f"{rule.place} asks for {rule.quorum} different people, and this workspace {who}: nobody reaches that.",
            "Add them, each with a key of their own: remit user add NAME --role ROLE. Or take @quorum out of the rule.",
        )
