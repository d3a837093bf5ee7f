"""What a scrape of `/metrics` gets, and who gets it."""

from __future__ import annotations

from pathlib import Path

from remit.control.settings import ServerSettings
from remit.insight.exposition import FAMILIES
from remit.insight.tracing.rows import TraceRow
from remit.insight.tracing.writing import put_trace
from remit.store.database import Commit
from tests.gateway.failing import QUICK, House, house
from tests.insight.test_exposition import SAMPLE


async def scrape(made: House, key: str = "") -> tuple[int, str]:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    async with made.http.get(f"{made.url}/metrics", headers=headers) as reply:
        return reply.status, await reply.text()


def samples(text: str) -> dict[str, float]:
    """Every sample by its name and labels; each line has to be one, of a family that exists."""
    known = {series for family in FAMILIES.values() for series in family.series}
    found: dict[str, float] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = SAMPLE.fullmatch(line).groups()  # pyright: ignore[reportOptionalMemberAccess] - it matches
        assert name in known
        assert found.setdefault(f"{name}{{{labels or ''}}}", float(value)) == float(value), f"twice: {line}"
    return found


async def test_a_scrape_tells_what_the_log_says_and_only_to_people(tmp_path: Path) -> None:
    async with house(tmp_path, "") as made:
        for _ in range(3):
            assert (await made.post("openai_chat", "fast")).status == 200
        await made.platform._parts.projector.catch_up()
        assert (await scrape(made))[0] == 401
        status, told = await scrape(made, made.key)
        assert status == 401
        assert "key of a person" in told
        owner = (tmp_path / ".remit" / "keys" / "local.key").read_text().strip()
        status, told = await scrape(made, owner)
        assert status == 200
        found = samples(told)
    calls = {name: value for name, value in found.items() if name.startswith("remit_model_calls_total")}
    assert sum(calls.values()) == 3
    assert all('agent="bot"' in name for name in calls)
    (ended,) = (value for name, value in found.items() if name.startswith("remit_runs_total"))
    (counted,) = (value for name, value in found.items() if name.startswith("remit_run_seconds_count"))
    (widest,) = (
        v for name, v in found.items() if name.startswith("remit_run_seconds_bucket") and "+Inf" in name
    )
    assert ended == counted == widest == 3
    assert found["remit_projection_lag_events{}"] == 0
    assert found["remit_process_resident_bytes{}"] > 10_000_000


async def test_a_workspace_may_tell_anybody(tmp_path: Path) -> None:
    assert not ServerSettings().open_metrics
    async with house(tmp_path, "", settings=ServerSettings(port=0, open_metrics=True)) as made:
        assert (await scrape(made))[0] == 200
    assert QUICK.open_metrics is False


async def test_objectives_are_told_as_the_desk_tells_them(tmp_path: Path) -> None:
    promised = '[slo.{}]\nmetric = "success"\nobjective = 0.9\nleast = {}\nagent = "{}"\n'
    asked = [("kept", 3, "good"), ("missed", 3, "bad"), ("few", 30, "bad"), ("idle", 3, "nobody")]
    (tmp_path / "remit.toml").write_text("".join(promised.format(*each) for each in asked))
    async with house(tmp_path, "", settings=ServerSettings(port=0, open_metrics=True)) as made:
        ground = made.platform.ground
        at = ground.clock.now() - 60_000_000
        rows = [
            TraceRow(
                f"r-{agent}{n}",
                team="default",
                sort="task",
                agent=agent,
                status=status,
                started=at - 1000,
                ended=at,
            )
            for agent, status in (("good", "succeeded"), ("bad", "failed"))
            for n in range(4)
        ]
        await ground.database.submit(Commit(ops=[put_trace(row) for row in rows]))
        found = samples((await scrape(made))[1])
        stands = {each.name: each for each in await made.platform.reporting.objectives()}
    assert (stands["missed"].state, stands["few"].state) == ("burning", "too few"), (
        "an alert that was never met proves nothing"
    )
    told: dict[str, float] = {}
    for name, burn in stands.items():
        who = f'team="default",objective="{name}"'
        told |= {f"remit_objective_target{{{who}}}": 0.9, f"remit_objective_tasks{{{who}}}": burn.tasks}
        told[f"remit_objective_missed{{{who}}}"] = burn.missed
        if burn.left is not None:
            told[f"remit_objective_budget_left{{{who}}}"] = burn.left
        for stretch, rate in burn.rates.items():
            if rate is not None:
                told[f'remit_objective_burn_rate{{{who},stretch="{stretch}"}}'] = rate
        for severity in ("page", "ticket"):
            met = sum(severity in each for each in burn.burning)
            told[f'remit_objective_burning{{{who},severity="{severity}"}}'] = met
    assert {name: value for name, value in found.items() if "_objective_" in name} == told
