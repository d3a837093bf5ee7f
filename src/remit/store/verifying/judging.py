"""From what was seen to four verdicts: the log against its own checkpoints, against those that the reader holds, and
these against each other. Without a checkpoint in the reader's hands nothing is said about what an operator could have
done to log and checkpoints together (S8).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .summing_up import sentences, when
from .tree import EMPTY_ROOT, is_consistent
from .verdicts import QUESTIONS, Finding, Kind, Outcome, Report, Verdict

if TYPE_CHECKING:
    from .evidence import Evidence
    from .held import HeldCheckpoint
    from .notes import Checkpoint

_FORGERY = ("anchoring", "consistency")


def judge(evidence: Evidence, also: list[Finding]) -> Report:
    """The report."""
    own = _own_checkpoints(evidence)
    agreed, held = _held_checkpoints(evidence)
    found = [*evidence.named, *evidence.unproven, *own, *held, *also, *_limits(evidence, agreed)]
    outline, newest = evidence.outline, evidence.newest
    report = Report(outline.origin, evidence.events, len(evidence.ends), outline.scope)
    report.covered = newest.size if newest is not None else 0
    report.checkpoint = newest.short if newest is not None else ""
    if agreed is not None:
        report.anchored, report.anchored_at = agreed.size, agreed.at
    report.findings = sorted(found, key=lambda finding: finding.outcome != "fail")
    said = sentences(evidence, agreed, report)
    for question in QUESTIONS:
        against = [finding for finding in found if question in finding.against]
        outcome: Outcome = "pass"
        if against:
            outcome = _worst(against)
        sentence = said[question] if outcome == "pass" else _first(against)
        declared = "".join(f"; {each.kind}: {each.message}" for each in against if each.outcome == "pass")
        report.verdicts.append(Verdict(question, outcome, sentence + declared))
    return report


def _worst(against: list[Finding]) -> Outcome:
    outcomes = {finding.outcome for finding in against}
    return "fail" if "fail" in outcomes else "inconclusive" if "inconclusive" in outcomes else "pass"


def _first(against: list[Finding]) -> str:
    speaking = [finding for finding in against if finding.outcome != "pass"]
    worst = sorted(speaking, key=lambda finding: finding.outcome != "fail")
    more = f" (and {len(worst) - 1} more)" if len(worst) > 1 else ""
    return f"{worst[0].kind}: {worst[0].message}{more}"


# --- the log's own checkpoints --------------------------------------------------------------------------------


def _own_checkpoints(evidence: Evidence) -> list[Finding]:
    """Whether the log is what its own checkpoints say, and accepted keys signed them."""
    found: list[Finding] = []
    for checkpoint in evidence.outline.checkpoints:
        size = checkpoint.size
        if checkpoint.origin != evidence.outline.origin:
            said = f"the checkpoint of size {size} is of another log, {checkpoint.origin}"
            found.append(Finding(Kind.SIGNATURE, said, ("integrity",), size=size))
        elif evidence.signers.of(checkpoint.note) is None:
            found.append(_unsigned(evidence, checkpoint))
        elif evidence.outline.whole and _root(evidence, size) not in {checkpoint.root, None}:
            said = f"the first {size} events are not those that the log's own checkpoint was signed over"
            found.append(Finding(Kind.EDITED, said, ("integrity",), size=size))
        elif evidence.outline.whole and size > evidence.events:
            said = f"the log has {evidence.events} events, and its own checkpoint was signed over {size}"
            found.append(Finding(Kind.TRUNCATED, said, ("integrity", "completeness"), size=size))
    return found


def _unsigned(evidence: Evidence, checkpoint: Checkpoint) -> Finding:
    stranger = evidence.signers.stranger_of(checkpoint.note)
    if stranger is None:
        said = f"the signature of the log's checkpoint of size {checkpoint.size} is wrong"
        return Finding(Kind.SIGNATURE, said, ("integrity",), size=checkpoint.size)
    said = f"the checkpoint of size {checkpoint.size} is signed with another key, {stranger.id.hex()}"
    said += ", for which no key that you trust vouches"
    return Finding(Kind.RESIGNED, said, ("consistency", "anchoring"), size=checkpoint.size)


def _root(evidence: Evidence, size: int) -> bytes | None:
    """The root of the log as it is; None where it has not that many events."""
    return EMPTY_ROOT if size == 0 else evidence.roots.get(size)


# --- the reader's checkpoints ---------------------------------------------------------------------------------


def _held_checkpoints(evidence: Evidence) -> tuple[Checkpoint | None, list[Finding]]:
    """The newest held checkpoint that agrees, and everything that does not."""
    records = evidence.held.records if evidence.held is not None else []
    found: list[Finding] = []
    sure: list[HeldCheckpoint] = []
    for record in records:
        wrong = _not_of_this_log(evidence, record.checkpoint)
        if wrong is None:
            sure.append(record)
        elif wrong not in found:
            found.append(wrong)
    found += _contradictions([record.checkpoint for record in sure])
    if not evidence.outline.whole:
        agreed, more = _partly(evidence, sure)
        return agreed, found + more
    bad = [record for record in sure if _root(evidence, record.checkpoint.size) != record.checkpoint.root]
    good = [record.checkpoint for record in sure if record not in bad]
    limit = bad[0].checkpoint.size if bad else 0
    agreed = [checkpoint for checkpoint in good if not bad or checkpoint.size < limit]
    if bad:
        found += _contradicted(evidence, bad, agreed[-1].size if agreed else 0)
    return (agreed[-1] if agreed else None), found


def _not_of_this_log(evidence: Evidence, checkpoint: Checkpoint) -> Finding | None:
    if checkpoint.origin != evidence.outline.origin:
        said = f"a checkpoint that you hold is of another log: {checkpoint.origin}, not {evidence.outline.origin}"
        return Finding(Kind.SIGNATURE, said, ("anchoring",))
    if evidence.signers.of(checkpoint.note) is not None:
        return None
    if evidence.signers.accepted and evidence.signers.stranger_of(checkpoint.note) is None:
        said = f"the signature of the checkpoint of size {checkpoint.size} that you hold is wrong"
        return Finding(Kind.SIGNATURE, said, ("anchoring",), size=checkpoint.size)
    signer = checkpoint.note.signatures[0][1].hex()
    said = f"what you hold was signed with the key {signer}, and the log is signed with another key"
    return Finding(Kind.RESIGNED, said, _FORGERY)


def _contradictions(held: list[Checkpoint]) -> list[Finding]:
    """Two held checkpoints of one size: both signed, and not the same log."""
    by_size: dict[int, bytes] = {}
    found: list[Finding] = []
    for checkpoint in held:
        if by_size.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
            said = f"you hold two signed checkpoints of size {checkpoint.size} with different roots"
            found.append(Finding(Kind.FORKED, said, ("consistency",), size=checkpoint.size))
    return found


def _contradicted(evidence: Evidence, bad: list[HeldCheckpoint], agreed: int) -> list[Finding]:
    """Held checkpoints that the log does not lead to: what was done to it as a whole, if no stream says it."""
    found: list[Finding] = []
    size, largest = bad[0].checkpoint.size, bad[-1].checkpoint.size
    resigned = [
        own for own in evidence.outline.checkpoints
        if agreed < own.size <= evidence.events and _root(evidence, own.size) == own.root
        and evidence.signers.of(own.note) is not None and own.size >= min(size, evidence.events)
    ]  # fmt: skip
    if resigned:
        said = f"the log's own checkpoint of size {resigned[0].size} carries a valid signature"
        said += f" over something else than the one of size {size} that you hold"
        found.append(Finding(Kind.RESIGNED, said, ("consistency",), size=resigned[0].size))
    whole = _of_the_whole(evidence, bad, agreed, largest)
    if whole is not None:
        # what was taken from each stream is this one fact, told many times
        evidence.named[:] = [finding for finding in evidence.named if "integrity" in finding.against]
        return [whole, *found]
    if not evidence.named:
        found.insert(0, _nameless(evidence, size, agreed))
    return found


def _of_the_whole(evidence: Evidence, bad: list[HeldCheckpoint], agreed: int, largest: int) -> Finding | None:
    """The log as it once was, or as it went on from there differently: every stream that went on since then is off."""
    touched = {head.stream for record in bad for head in record.heads}
    own = max((checkpoint.size for checkpoint in evidence.outline.checkpoints), default=0)
    if evidence.held is None or not evidence.held.gapless or not touched <= set(evidence.suspects):
        return None
    since = f"after its first {agreed} events"
    if evidence.events <= agreed or _all_cut(evidence, bad, touched):
        if own > evidence.events or (len(touched) == 1 and own > agreed):
            return None
        said = f"the log is as it once was: what was signed {since}, up to {largest}, is missing"
        return Finding(Kind.RESTORED, said, ("completeness", *_FORGERY), size=bad[0].checkpoint.size)
    newer = evidence.ends.keys() - evidence.heads.keys()
    if len(touched) > 1 or newer:
        said = f"{since} the log went on differently from what was signed"
        return Finding(Kind.FORKED, said, _FORGERY, size=bad[0].checkpoint.size)
    return None


def _all_cut(evidence: Evidence, bad: list[HeldCheckpoint], touched: set[str]) -> bool:
    """Whether every touched stream ends before what was signed of it, and none was written differently."""
    last = {head.stream: head.last for record in bad for head in record.heads}
    lost = {Kind.TRUNCATED, Kind.RUN_DELETED, Kind.DELETED_INSIDE}
    kinds = {finding.stream: finding.kind for finding in evidence.named}
    return (
        all(evidence.ends.get(stream, 0) < last[stream] and kinds.get(stream) in lost for stream in touched)
        and not evidence.ends.keys() - evidence.heads.keys()
    )


def _nameless(evidence: Evidence, size: int, agreed: int) -> Finding:
    """No head says which stream it is."""
    if evidence.events < size:
        own = max((checkpoint.size for checkpoint in evidence.outline.checkpoints), default=0)
        kind = Kind.TRUNCATED if own > evidence.events else Kind.RESTORED
        said = f"the log has {evidence.events} events, and {size} were signed: cut off at its end, or an older copy"
        return Finding(kind, said, ("completeness", *_FORGERY), size=size)
    if evidence.heads and not evidence.suspects:
        said = f"between {agreed} and {size} the events of different streams stand in another order"
        return Finding(Kind.REORDERED, said, _FORGERY, size=size)
    said = f"between {agreed} and {size} the log is not what was signed; the anchor carries no heads to say where"
    return Finding(Kind.EDITED, said, _FORGERY, size=size)


def _partly(evidence: Evidence, sure: list[HeldCheckpoint]) -> tuple[Checkpoint | None, list[Finding]]:
    """A part of a log hangs on its newest checkpoint; that one has to be, or to go on from, a held one."""
    newest = evidence.newest
    if newest is None or not sure:
        return None, []
    steps = {step.first: step for step in evidence.outline.steps if step.second == newest.size}
    agreed: Checkpoint | None = None
    found: list[Finding] = []
    for checkpoint in (record.checkpoint for record in sure):
        step = steps.get(checkpoint.size)
        if checkpoint.size == newest.size:
            fits = checkpoint.root == newest.root
        elif step is not None:
            fits = is_consistent(checkpoint.size, newest.size, checkpoint.root, newest.root, step.path)
        else:
            continue
        if fits:
            agreed = checkpoint
        else:
            said = f"the checkpoint of size {newest.size} does not go on from yours of size {checkpoint.size}"
            found.append(Finding(Kind.RESIGNED, said, _FORGERY, size=checkpoint.size))
    return agreed, found


# --- what cannot be said ----------------------------------------------------------------------------------------


def _limits(evidence: Evidence, agreed: Checkpoint | None) -> list[Finding]:
    """What nobody can tell from what is here."""
    found: list[Finding] = []

    def limit(message: str, *against: str) -> None:
        found.append(Finding(Kind.NOT_COVERED, message, against, "inconclusive"))  # pyright: ignore[reportArgumentType]

    if evidence.held is None or not (evidence.held.records or evidence.held.newer):
        limit(
            "no checkpoint was given: an older copy, a deletion or a new signature would not show",
            "anchoring",
        )
    elif evidence.held.newer:
        count = evidence.held.newer
        said = f"it was exported at {when(evidence.outline.made_at)}, and you hold {count} newer checkpoints"
        limit(f"{said}: what came since then is not here; export again", "anchoring")
    elif agreed is None:
        limit("none of the checkpoints that you hold leads to what is here", "anchoring")
    if evidence.newest is None and evidence.events:
        limit("the log has no checkpoint of its own", "consistency")
    elif not evidence.outline.whole and evidence.outline.scope.partition(" ")[0] != "run":
        limit(
            f"only a part was exported ({evidence.outline.scope}): what else belongs to it is not shown",
            "completeness",
        )
    return found
