"""What the verifier answers with: four verdicts, each with what was found and where. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

Outcome = Literal["pass", "fail", "inconclusive"]
Question = Literal["integrity", "completeness", "anchoring", "consistency"]
QUESTIONS: Final[tuple[Question, ...]] = ("integrity", "completeness", "anchoring", "consistency")
EXIT_CODES: Final[dict[Outcome, int]] = {"pass": 0, "fail": 1, "inconclusive": 3}


class Kind:
    """What was done to a log, or what cannot be said about it."""

    EDITED = "edited"
    REORDERED = "reordered"
    INSERTED = "inserted"
    DELETED_INSIDE = "deleted inside"
    TRUNCATED = "truncated"
    RUN_DELETED = "run deleted"
    FORKED = "forked"
    RESTORED = "restored from backup"
    DECLARED = "restore declared"
    RESIGNED = "re-signed"
    STATE = "projection disagrees"
    RECEIPT = "receipt missing"
    SIGNATURE = "bad signature"
    MALFORMED = "malformed"
    NOT_COVERED = "not covered"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be, or that nobody can tell."""

    kind: str
    message: str
    against: tuple[Question, ...]
    """Which verdicts it decides."""
    outcome: Outcome = "fail"
    stream: str = ""
    seq: int = 0
    size: int = 0
    """The checkpoint it contradicts, by the size of its tree."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question."""

    question: Question
    outcome: Outcome
    sentence: str


@dataclass(slots=True)
class Report:
    """Everything that was found out."""

    origin: str
    events: int
    streams: int
    scope: str
    covered: int = 0
    """Events under the log's newest own checkpoint."""
    anchored: int = 0
    """Events under the newest checkpoint that the reader holds and that agrees."""
    anchored_at: int = 0
    checkpoint: str = ""
    keys: list[str] = field(default_factory=list[str])
    verdicts: list[Verdict] = field(default_factory=list[Verdict])
    findings: list[Finding] = field(default_factory=list[Finding])
    left_out: int = 0
    """Findings beyond those that are listed."""

    @property
    def outcome(self) -> Outcome:
        """The worst of the verdicts."""
        outcomes = {verdict.outcome for verdict in self.verdicts}
        return "fail" if "fail" in outcomes else "inconclusive" if "inconclusive" in outcomes else "pass"
