"""What every table is: part of the log, state, or a projection (S5).

Backups and rebuilds go by this list. A table of the database that is not classed here, or classed and
absent, fails a test.
"""

from __future__ import annotations

from enum import StrEnum


class TableClass(StrEnum):
    """What may happen to a table."""

    LOG = "log"
    """Append-only: what happened. Nothing but a shred ever removes from it."""
    STATE = "state"
    """Where things stand, written in the transaction of its event."""
    PROJECTION = "projection"
    """Derived from the log; may be deleted at any time and is rebuilt."""


TABLES: dict[str, TableClass] = {
    "events": TableClass.LOG,
    "blobs": TableClass.LOG,
    "reductions": TableClass.LOG,
    "migrations": TableClass.STATE,
    "workspace": TableClass.STATE,
    "stream_heads": TableClass.STATE,
    "batches": TableClass.STATE,
    "data_keys": TableClass.STATE,
    "root_keys": TableClass.STATE,
    "holds": TableClass.STATE,
    "deletions": TableClass.STATE,
    "exports": TableClass.STATE,
    "run_classes": TableClass.STATE,
    "principals": TableClass.STATE,
    "workers": TableClass.STATE,
    "runs": TableClass.STATE,
    "inbox": TableClass.STATE,
    "approvals": TableClass.STATE,
    "open_writes": TableClass.STATE,
    "people": TableClass.STATE,
    "person_roles": TableClass.STATE,
    "access_keys": TableClass.STATE,
    "exchanges": TableClass.STATE,
    "votes": TableClass.STATE,
    "approval_notes": TableClass.STATE,
    "ratings": TableClass.STATE,
    "trials": TableClass.STATE,
    "experiments": TableClass.STATE,
    "waivers": TableClass.STATE,
    "label_queues": TableClass.STATE,
    "label_items": TableClass.STATE,
    "labels": TableClass.STATE,
    "label_sets": TableClass.STATE,
    "judge_cards": TableClass.STATE,
    "online_scores": TableClass.STATE,
    "judge_checks": TableClass.STATE,
    "grants": TableClass.STATE,
    "proposals": TableClass.STATE,
    "policy_versions": TableClass.STATE,
    "policies_in_force": TableClass.STATE,
    "limits_in_force": TableClass.STATE,
    "revocations": TableClass.STATE,
    "access_reviews": TableClass.STATE,
    "reviewed_rights": TableClass.STATE,
    "releases": TableClass.STATE,
    "channels": TableClass.STATE,
    "canaries": TableClass.STATE,
    "flags": TableClass.STATE,
    "drift_watches": TableClass.STATE,
    "drift_findings": TableClass.STATE,
    "attack_reports": TableClass.STATE,
    "attack_turns": TableClass.STATE,
    "halts": TableClass.STATE,
    "halt_state": TableClass.STATE,
    "schedules": TableClass.STATE,
    "tool_digests": TableClass.STATE,
    "tasks": TableClass.STATE,
    "task_hooks": TableClass.STATE,
    "receipts": TableClass.STATE,
    "memory": TableClass.STATE,
    "answers": TableClass.STATE,
    "search_meanings": TableClass.STATE,
    "model_figures": TableClass.STATE,
    "checkpoints": TableClass.STATE,
    "signing_keys": TableClass.STATE,
    "restores": TableClass.STATE,
    "checkpointer": TableClass.STATE,
    "anchors": TableClass.STATE,
    "budget_accounts": TableClass.STATE,
    "budget_leases": TableClass.STATE,
    "run_facts": TableClass.PROJECTION,
    "traces": TableClass.PROJECTION,
    "spans": TableClass.PROJECTION,
    "trace_keys": TableClass.PROJECTION,
    "decisions": TableClass.PROJECTION,
    "effects": TableClass.PROJECTION,
    "span_labels": TableClass.PROJECTION,
    "usage_days": TableClass.PROJECTION,
    "run_days": TableClass.PROJECTION,
    "tool_days": TableClass.PROJECTION,
    "histograms": TableClass.PROJECTION,
    "tellings": TableClass.PROJECTION,
    "foreign_batches": TableClass.PROJECTION,
    "foreign_parts": TableClass.PROJECTION,
    "foreign_spans": TableClass.PROJECTION,
    "foreign_books": TableClass.PROJECTION,
    "foreign_records": TableClass.PROJECTION,
    "search_documents": TableClass.PROJECTION,
    "search_blocks": TableClass.PROJECTION,
    "projections": TableClass.PROJECTION,
}

POSTGRES_ONLY = frozenset({"batches"})
"""Tables that settle what cannot happen to a file: a commit whose answer was lost on the way."""

_OF_ONE_INSTALLATION = frozenset({"migrations", "workers", "checkpointer", "anchors"})
"""State that describes where the database runs, and means nothing anywhere else."""

KEY_TABLES = frozenset({"data_keys", "root_keys"})
"""Tables that hold key material: they never travel with the data (S7)."""


def tables_of(kind: TableClass, dialect: str) -> list[str]:
    """The tables of one class that a dialect has."""
    absent = POSTGRES_ONLY if dialect == "sqlite" else frozenset[str]()
    return [name for name, its in TABLES.items() if its is kind and name not in absent]


BACKED_UP = tuple(
    name
    for name, kind in TABLES.items()
    if kind is not TableClass.PROJECTION and name not in POSTGRES_ONLY | _OF_ONE_INSTALLATION | KEY_TABLES
)
"""What a data backup carries: the log, and the state without any key."""
