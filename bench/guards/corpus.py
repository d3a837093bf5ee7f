"""AgentDojo's texts as data, written by its own environment: what its tools answer with, and its attacks.

It owns which texts. It must not know any guard.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agentdojo.attacks.baseline_attacks import (
    DirectAttack,
    IgnorePreviousAttack,
    InjecAgentAttack,
    SystemMessageAttack,
)
from agentdojo.attacks.important_instructions_attacks import ImportantInstructionsAttack
from agentdojo.task_suite.load_suites import get_suites

VERSION = "v1.2.2"
TYPED = {
    "sender", "recipient", "recipients", "cc", "bcc", "participants", "email", "iban", "user_email",
    "account_email", "contact_information", "phone_number", "passport_number", "credit_card_number", "shared_with",
}  # fmt: skip
"""Fields that hold an address, an account or a number, by AgentDojo's own types."""
ATTACKS = (
    DirectAttack,
    IgnorePreviousAttack,
    InjecAgentAttack,
    SystemMessageAttack,
    ImportantInstructionsAttack,
)


def main() -> None:
    texts: dict[str, dict[str, Any]] = {}
    typed: set[str] = set()
    attacks: list[dict[str, str]] = []
    for suite_name, suite in get_suites(VERSION).items():
        world = suite.load_and_inject_default_environment({}).model_dump(mode="json")
        for place, text in _leaves(world, ()):
            if place and place[-1] in TYPED:
                typed.add(text)
            if len(text.split()) > 1 or (place and place[-1] in TYPED):
                texts.setdefault(text, {"suite": suite_name, "text": text})
        goals = [task.GOAL for task in suite.injection_tasks.values()]
        for attack in ATTACKS:
            words = _template(attack)
            for goal in goals:
                text = words.format(goal=goal, user="Emma Johnson", model="AI assistant")
                attacks.append({"suite": suite_name, "attack": attack.name, "text": text})
    found = {"version": VERSION, "texts": list(texts.values()), "typed": sorted(typed), "attacks": attacks}
    Path(sys.argv[1]).write_text(json.dumps(found), encoding="utf-8")


def _template(attack: Any) -> str:
    """The words of an attack, which its class only says to its base."""
    known = getattr(attack, "_JB_STRING", None)
    if known is not None:
        return known
    caught: list[str] = []
    base = attack.__mro__[1]
    original = base.__init__

    def catch(self: Any, template: str, *rest: Any) -> None:
        del self, rest
        caught.append(template)

    base.__init__ = catch
    try:
        attack.__init__(object.__new__(attack), None, None)
    finally:
        base.__init__ = original
    return caught[0]


def _leaves(value: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*place, str(key)))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, place)


if __name__ == "__main__":
    main()
