"""What users and we test with: a platform on a temporary database, a clock moved by hand, crashes on demand."""

from __future__ import annotations

from remit.testing.clock import ManualClock
from remit.testing.crash import crash_at, kill_at
from remit.testing.scripting import Script
from remit.testing.stage import Stage, StagedRun, stage

__all__ = ["ManualClock", "Script", "Stage", "StagedRun", "crash_at", "kill_at", "stage"]
