"""Writes the Grafana dashboard that ships with Remit: rows of panels, each a title, a unit and a query of Prometheus.

python -m scripts.dashboard
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "deploy" / "grafana" / "remit.json"
_WIDE, _HIGH = 24, 8
_WHO = 'team=~"$team",agent=~"$agent"'
_SOURCE = {"type": "prometheus", "uid": "${source}"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture: a name for each line and the query behind it."""

    title: str
    unit: str
    lines: dict[str, str]
    kind: str = "timeseries"


def rate(metric: str, by: str, more: str = "") -> str:
    """How often, by some labels."""
    return f"sum by ({by}) (rate({metric}{{{_WHO}{more}}}[$__rate_interval]))"


def share(part: str, whole: str) -> str:
    """How much of a whole, in the range that is shown; nothing where there was nothing."""
    return f"sum(increase({part}[$__range])) / (sum(increase({whole}[$__range])) > 0)"


def quantile(at: str, metric: str) -> str:
    """A quantile of a histogram, by agent."""
    return f"histogram_quantile({at}, sum by (agent, le) (rate({metric}_bucket{{{_WHO}}}[$__rate_interval])))"


ROWS: dict[str, list[Panel]] = {
    "What is asked of whom": [
        Panel("Runs that ended", "ops", {"{{agent}} {{status}}": rate("remit_runs_total", "agent, status")}),
        Panel(
            "Success", "percentunit",
            {"of all": share(f'remit_runs_total{{{_WHO},status="succeeded"}}', f"remit_runs_total{{{_WHO}}}")}, "stat",
        ),
        Panel("Failures", "ops", {"{{failure}}": rate("remit_run_failures_total", "failure")}),
        Panel("Open runs", "short", {"{{status}}": f"sum by (status) (remit_runs_open{{{_WHO}}})"}),
    ],
    "What was promised": [
        Panel(
            "Error budget that is left", "percentunit",
            {"{{objective}}": 'min by (objective) (remit_objective_budget_left{team=~"$team"})'}, "stat",
        ),
        Panel(
            "Burn rate over an hour", "short",
            {"{{objective}}": 'max by (objective) (remit_objective_burn_rate{team=~"$team",stretch="1h"})'},
        ),
        Panel(
            "Burn rate over three days", "short",
            {"{{objective}}": 'max by (objective) (remit_objective_burn_rate{team=~"$team",stretch="3d"})'},
        ),
        Panel(
            "Alerts that are met", "short",
            {"{{objective}} {{severity}}": 'max by (objective, severity) (remit_objective_burning{team=~"$team"})'},
            "stat",
        ),
    ],
    "How long it takes": [
        Panel(
            "Time of a run, without people", "s",
            {f"{{{{agent}}}} p{at[2:]}": quantile(at, "remit_run_working_seconds") for at in ("0.50", "0.95")},
        ),
        Panel("Time of a run, as a user sees it", "s", {"{{agent}} p95": quantile("0.95", "remit_run_seconds")}),
        Panel("First token", "s", {"{{agent}} p95": quantile("0.95", "remit_first_token_seconds")}),
        Panel("Tools", "s", {"{{agent}} p95": quantile("0.95", "remit_tool_seconds")}),
    ],
    "What it costs": [
        Panel(
            "Dollars an hour", "currencyUSD",
            {"{{model}}": f"3600 * {rate('remit_model_cost_dollars_total', 'model')}"},
        ),
        Panel("Tokens", "ops", {"{{part}}": rate("remit_tokens_total", "part")}),
        Panel(
            "Read from the provider's cache", "percentunit",
            {
                "of what was sent": share(
                    f'remit_tokens_total{{{_WHO},part="cache_read"}}',
                    f'remit_tokens_total{{{_WHO},part=~"input|cache_read|cache_write"}}',
                )
            }, "stat",
        ),
        Panel("Calls without an answer", "ops", {"{{provider}}": rate("remit_model_failures_total", "provider")}),
    ],
    "What was stopped, and who waits": [
        Panel("Refused", "ops", {"{{agent}}": rate("remit_denials_total", "agent")}),
        Panel("Questions that wait", "short", {"{{group}}": 'sum by (group) (remit_approvals_open{team=~"$team"})'}),
        Panel(
            "The oldest of them", "s",
            {"{{group}}": 'max by (group) (remit_oldest_approval_seconds{team=~"$team"})'},
        ),
        Panel(
            "Halts and unknown writes", "short",
            {"halts": "sum(remit_halts_standing)", "unknown": "sum(remit_writes_unknown)"}, "stat",
        ),
    ],
    "The house itself": [
        Panel("Workers", "short", {"alive": "remit_workers_alive"}, "stat"),
        Panel("Shown later by", "s", {"lag": "remit_projection_lag_seconds"}),
        Panel("Not yet in a signed checkpoint", "short", {"events": "remit_log_unanchored_events"}),
        Panel("Memory", "bytes", {"{{instance}}": "remit_process_resident_bytes"}),
    ],
}  # fmt: skip


def dashboard() -> dict[str, Any]:
    """All of it, as Grafana takes it."""
    return {
        "uid": "remit", "title": "Remit", "tags": ["remit"], "schemaVersion": 39, "version": 1, "editable": True,
        "time": {"from": "now-6h", "to": "now"}, "refresh": "30s", "panels": list(_panels()),
        "templating": {"list": [_source(), _choice("team"), _choice("agent")]},
    }  # fmt: skip


def _panels() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    y = 0
    for title, row in ROWS.items():
        place = {"x": 0, "y": y, "w": _WIDE, "h": 1}
        made.append(
            {
                "type": "row",
                "title": title,
                "gridPos": place,
                "collapsed": False,
                "panels": [],
                "id": len(made),
            }
        )
        width = _WIDE // len(row)
        for n, panel in enumerate(row):
            made.append(_panel(panel, {"x": n * width, "y": y + 1, "w": width, "h": _HIGH}, len(made)))
        y += _HIGH + 1
    return made


def _panel(panel: Panel, place: dict[str, int], number: int) -> dict[str, Any]:
    return {
        "id": number, "type": panel.kind, "title": panel.title, "gridPos": place, "datasource": _SOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + n), "expr": query, "legendFormat": legend, "datasource": _SOURCE}
            for n, (legend, query) in enumerate(panel.lines.items())
        ],
    }  # fmt: skip


def _source() -> dict[str, Any]:
    return {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}


def _choice(label: str) -> dict[str, Any]:
    return {
        "name": label, "type": "query", "datasource": _SOURCE, "includeAll": True, "multi": True, "allValue": ".*",
        "query": f"label_values(remit_runs_total, {label})", "refresh": 2,
        "current": {"text": "All", "value": "$__all"},
    }  # fmt: skip


def text() -> str:
    """The file."""
    return json.dumps(dashboard(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
