"""A guard as it is declared: which check looks at what, where, and what follows from a finding. Data only.

Guards are defence in depth and never authority: one that finds nothing allows nothing. What a check finds stands in
`policy`; what becomes of it, in `gate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from remit.domain.errors import InvalidSetting
from remit.domain.ids import is_code_name

Json = Any
PLACES: Final = ("input", "output", "answer", "arguments", "result")
"""What a model is sent; what it says; what it says as its answer; what a tool is given; what a tool gave."""
OF_MODELS: Final = ("input", "output", "answer")
ACTIONS: Final = ("block", "redact", "ask", "answer")
CHECKS: Final = ("personal_data", "secrets", "schema", "confidence", "model", "http")
OUTSIDE: Final = ("model", "http")
"""Checks that ask somebody else."""
_WHOLE: Final = ("schema", "confidence", "model")
"""Checks that judge the content as a whole, and name no place in it that could be taken out."""
_LONGEST = 300.0


@dataclass(frozen=True, slots=True)
class Guard:
    """One check on content, never an authority."""

    check: str
    """personal_data, secrets, schema, confidence, model or http."""
    at: tuple[str, ...]
    """Where it looks: input, output, answer, arguments, result."""
    action: str = "block"
    """What follows from a finding: block, redact, ask or answer."""
    name: str = ""
    """What people and the log call it; empty = the name of the check."""
    kinds: tuple[str, ...] = ()
    """The kinds of findings that count; none = all of the check."""
    threshold: float = 0.0
    """Findings below this score do not count; of `confidence`, the least that an answer has to be."""
    group: str = ""
    """Who is asked, with `ask`."""
    within: str = ""
    """How long they have; nobody in time is a no."""
    answer: Json = None
    """What is said instead, with `answer`."""
    schema: Json = None
    """The JSON schema that content has to fit."""
    field: str = "confidence"
    """Where an answer says how certain it is."""
    route: str = ""
    """The route of the model that judges."""
    rules: str = ""
    """What that model judges by, in words."""
    url: str = ""
    """Where the service that judges is asked."""
    private: bool = False
    """Whether that service may lie inside, such as on this machine."""
    secret: str = ""
    """The name of the secret that it is sent as a bearer token."""
    timeout: float = 5.0
    """How long it has, in seconds."""
    on_error: str = "block"
    """What follows when nobody could judge: block, or allow, which is said in the log each time."""
    agents: tuple[str, ...] = ()
    """For which agents, and those who act for them; none = for all, and for flows."""
    environments: tuple[str, ...] = ()
    """In which environments; none = in all."""
    tools: tuple[str, ...] = ()
    """For which tools, by name, effect or source; none = for all."""

    def __post_init__(self) -> None:
        for field in ("at", "kinds", "agents", "environments", "tools"):
            given = getattr(self, field)
            object.__setattr__(self, field, (given,) if isinstance(given, str) else tuple(given))
        object.__setattr__(self, "name", self.name or self.check)
        wrong = self._wrong()
        if wrong:
            raise InvalidSetting(f'the guard "{self.name}" {wrong}.', "See docs/how-to/screen-content.md.")

    @property
    def rule(self) -> str:
        """What a decision calls it."""
        return f"guard:{self.name}"

    @property
    def outside(self) -> bool:
        """Whether it asks somebody else."""
        return self.check in OUTSIDE

    def _wrong(self) -> str:
        """What could never work, in words; empty if nothing is wrong."""
        if self.check not in CHECKS:
            return f'has the check "{self.check}", which is none of {", ".join(CHECKS)}'
        if not is_code_name(self.name):
            return "needs a name of letters, digits, dots, dashes and _"
        odd = next((place for place in self.at if place not in PLACES), "" if self.at else "nowhere")
        if odd:
            return f'looks at "{odd}"; it is one or more of {", ".join(PLACES)}'
        if self.action not in ACTIONS:
            return f'has the action "{self.action}", which is none of {", ".join(ACTIONS)}'
        if self.on_error not in {"block", "allow"}:
            return f'has on_error = "{self.on_error}"; it is block or allow'
        if isinstance(self.threshold, bool) or not 0 <= self.threshold <= 1:
            return f"has the threshold {self.threshold!r}; it is a number from 0 to 1"
        if isinstance(self.timeout, bool) or not 0 < self.timeout <= _LONGEST:
            return f"has the timeout {self.timeout!r}; it is a number of seconds, at most {_LONGEST:g}"
        return self._of_action() or self._of_check()

    def _of_action(self) -> str:
        if self.action == "ask" and not self.group:
            return "asks, and names no group"
        if self.action == "answer":
            other = next((place for place in self.at if place not in OF_MODELS), "")
            if other:
                return f"cannot answer for {other}: what a tool was not asked, it does not say"
            if self.answer is None:
                return "answers, and has no answer"
        if self.action == "redact" and self.check in _WHOLE:
            return f"cannot redact: {self.check} finds no place that could be taken out"
        return ""

    def _of_check(self) -> str:
        match self.check:
            case "schema":
                if not isinstance(self.schema, dict):
                    return "has no schema"
                return "cannot hold what a model reads to a schema" if "input" in self.at else ""
            case "confidence":
                if set(self.at) - {"answer", "result"}:
                    return "looks for confidence where nobody says it: only in an answer or a result"
                return "" if self.threshold > 0 else "has no threshold, so every answer would do"
            case "model":
                return "" if self.route and self.rules.strip() else "needs a route, and rules in words"
            case "http":
                return "" if self.url.startswith(("https://", "http://")) else "has no web address as its url"
            case _:
                return ""
