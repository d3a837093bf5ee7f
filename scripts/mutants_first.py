"""How tests are run while the code is changed on purpose: the quick ones first, none beyond what patience allows, and
with the same examples each time. A plugin of pytest that only `mutate` names; it reads the times that mutmut noted.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, settings

if TYPE_CHECKING:
    import pytest

PATIENCE = 6.0
"""So many seconds the tests of one change may have taken before. A fault that only a slower one would see counts as
seen by nobody: the figure that comes out is the lower one."""
_NO_CHANGE = frozenset({"", "fail", "stats", "list_all_tests", "mutant_generation"})

settings.register_profile(
    "mutants",
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=tuple(HealthCheck),
)
settings.load_profile("mutants")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The quickest first; where something is changed, only as many as patience allows.

    What runs on both databases runs on the one that needs no server: what differs between them stands in the store.
    """
    served = [item for item in items if "postgres" in item.nodeid]
    config.hook.pytest_deselected(items=served)
    items[:] = [item for item in items if item not in served]
    took = _times()
    if not took:
        return
    items.sort(key=lambda item: took.get(item.nodeid, 0.0))
    if os.environ.get("MUTANT_UNDER_TEST", "") not in _NO_CHANGE:
        kept = affordable([took.get(item.nodeid, 0.0) for item in items])
        config.hook.pytest_deselected(items=items[kept:])
        del items[kept:]


def affordable(times: list[float]) -> int:
    """How many tests, in their order, are run: always one."""
    spent = 0.0
    for number, seconds in enumerate(times):
        spent += seconds
        if number and spent > PATIENCE:
            return number
    return len(times)


def _times() -> dict[str, float]:
    try:
        return json.loads(Path("mutmut-stats.json").read_text("utf-8"))["duration_by_test"]
    except OSError:
        return {}
