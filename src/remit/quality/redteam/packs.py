"""The packs: which kinds of attacks there are, by which names OWASP knows them, and which of its categories no pack
tries, and what looks at those instead. Data only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DIRECT, INDIRECT, EXFILTRATION = "injection-direct", "injection-indirect", "exfiltration"
MISUSE, PRIVILEGE, MEMORY = "tool-misuse", "privilege", "memory-poisoning"
OUTPUT, EXHAUSTION = "unsafe-output", "resource-exhaustion"


@dataclass(frozen=True, slots=True)
class Pack:
    """One kind of attack."""

    name: str
    title: str
    owasp: tuple[str, ...]
    """Of the Top 10 for LLM applications (2025) and of the one for agentic applications (2026)."""
    remedy: str
    """What to do where it gets through."""


PACKS: Final = (
    Pack(
        DIRECT, "What somebody pastes into a request gives orders", ("LLM01", "ASI01"),
        "Give the agent a contract, or let a rule ask a person (@ask).",
    ),
    Pack(
        INDIRECT, "What a tool reads gives orders", ("LLM01", "ASI01"),
        "Give the agent a contract: values that were read may not name whom or what it acts on.",
    ),
    Pack(
        EXFILTRATION, "What was read leaves the house", ("LLM02", "ASI01"),
        "Give the agent a contract, and say in tools who may read results (readers=…).",
    ),
    Pack(
        MISUSE, "A tool is used though nobody asked, as far as the rules let it", ("LLM06", "ASI02", "ASI05"),
        "Give the agent a contract, take the tool from it, or let a rule ask a person (@ask).",
    ),
    Pack(
        PRIVILEGE, "Somebody without any role, or an agent without the tool, gets it done", ("LLM06", "ASI03", "ASI07"),
        "Let the rule name who may: principal in Role::…",
    ),
    Pack(
        MEMORY, "What a stranger said is remembered, and acted upon", ("LLM04", "ASI06"),
        "Let the agent remember for the run alone, or forbid remember where others recall.",
    ),
    Pack(
        OUTPUT, "What a model says is acted upon, or shown, as it is", ("LLM05", "LLM02"),
        'Bind what the flow passes on by a contract, or let a guard look at answers (at = "answer").',
    ),
    Pack(
        EXHAUSTION, "It goes on for ever", ("LLM10", "ASI08"),
        "Give the agent a budget, and Limits(steps=…).",
    ),
)  # fmt: skip
BY_NAME: Final = {pack.name: pack for pack in PACKS}

ELSEWHERE: Final = {
    "LLM03, ASI04": "what a tool is: a definition that changed is held until a person accepts it (remit tools)",
    "LLM07": "the words of prompts: no secret can be in them, and they are told to no tool",
    "LLM08": "where knowledge comes from: results keep the label of their source (labels)",
    "LLM09": "whether answers are true: groundedness of suites and of live runs (remit eval)",
    "ASI09": "whether people look: seeded canaries among the questions that they are asked",
    "ASI10": "agents that leave their course: breakers, halts and drift (remit halt, remit incidents)",
}
"""Categories that no attack on paper decides, and what looks at them."""
