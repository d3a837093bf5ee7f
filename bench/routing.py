"""What routing saves: a day of mixed traffic, replayed under the router and under one strong model, billed out of the
shipped price book with prompt caches simulated, at a suite score that is not lower.

It owns the policies that are compared and the promise. Nothing is measured on a clock: the numbers are the same on
every machine. It must not know how the router decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.prompt_cache import MISSES, PromptCaches
from bench.stage import Stage
from bench.table import Check, Report
from bench.traffic import DAY, KINDS, SCORES, STRONG, SUITES, CallMade, day
from remit.domain.clock import MICROSECONDS
from remit.models.attempt import Latency
from remit.models.configuration import Configuration, load
from remit.models.health import HealthBook
from remit.models.router import Router
from remit.models.routes import Need
from remit.testing import ManualClock
from remit.wire.messages import Usage

MIDNIGHT = 1_795_132_800  # 2026-11-20
QUICK_SCALE = 0.1
KEYS = {"OPENAI_API_KEY": "-", "ANTHROPIC_API_KEY": "-", "GEMINI_API_KEY": "-"}
MAY_SEE_PERSONAL = ("claude-haiku-5-5", "claude-sonnet-5-5", STRONG)
DOWN = ("gpt-6-luna", 13 * 3600, 13 * 3600 + 1200)
"""A model that nobody reaches for twenty minutes: the router has to find that out, and pays for the next best."""
SECONDS = {"gpt-6-luna": 1.1, "claude-haiku-5-5": 1.3, "gemini-3.8-flash": 1.0, "gpt-6.1-terra": 2.2}
SLOW = 3.5

Policy = Callable[[CallMade], str]


@dataclass
class Bill:
    """What a policy came to."""

    cost: int = 0
    prompt: int = 0
    cached: int = 0
    score: float = 0.0
    calls: int = 0
    refused: int = 0
    """Attempts at a model that was down."""
    trespasses: int = 0
    """Calls with personal data to a model that may not see it."""
    models: Counter[str] = field(default_factory=Counter[str])

    def add(self, call: CallMade, model: str, usage: Usage, cost: int) -> None:
        self.calls += 1
        self.cost += cost
        self.prompt += usage.prompt
        self.cached += usage.cache_read
        self.score += SCORES[model][call.kind.name]
        self.trespasses += call.kind.data_class == "personal" and model not in MAY_SEE_PERSONAL
        self.models[model] += 1


Bills = dict[str, Bill]
"""By kind of work."""


def measure(stage: Stage) -> list[Report]:
    traffic = day(QUICK_SCALE if stage.quick else 1.0)
    configuration = _configuration(stage.directory)
    bills = {
        f"one strong model ({STRONG})": _replay(configuration, traffic, lambda _: STRONG),
        "Remit's router": _routed(configuration, traffic),
        "the same models in turn": _replay(configuration, traffic, _in_turn()),
        "always the cheapest": _replay(configuration, traffic, _cheapest_allowed),
    }
    strong, router = list(bills.values())[:2]
    return [_overall(bills, len(traffic)), _by_kind(strong, router), _definition()]


# --- policies -----------------------------------------------------------------------------------------------


def _configuration(directory: Path) -> Configuration:
    """A workspace as models.toml describes it: a route per kind of work, asking for what the strong model reached."""
    folder = directory / "routing"
    folder.mkdir(exist_ok=True)
    lines: list[str] = []
    for model, scores in SCORES.items():
        classes = '["personal"]' if model in MAY_SEE_PERSONAL else "[]"
        listed = ", ".join(f"{suite} = {score}" for suite, score in scores.items())
        lines += [f'[models."{model}"]', f"data_classes = {classes}", f"scores = {{ {listed} }}"]
    for kind in KINDS:
        models = ", ".join(f'"{model}"' for model in SCORES)
        lines += [f"[routes.{kind.name}]", f"models = [{models}]"]
        lines += [f'suite = "{kind.name}"', f"least_score = {SCORES[STRONG][kind.name]}"]
    (folder / "models.toml").write_text("\n".join(lines))
    return load(folder, KEYS)


def _replay(configuration: Configuration, traffic: list[CallMade], policy: Policy) -> Bills:
    bills, caches = {kind.name: Bill() for kind in KINDS}, PromptCaches()
    for call in traffic:
        model = policy(call)
        usage = caches.bill(configuration.catalog.card(model), call)
        bills[call.kind.name].add(call, model, usage, _cost(configuration, model, usage, call))
    return bills


def _routed(configuration: Configuration, traffic: list[CallMade]) -> Bills:
    bills, caches, clock = {kind.name: Bill() for kind in KINDS}, PromptCaches(), ManualClock()
    health = HealthBook(clock)
    router = Router(configuration.catalog, configuration.book, health)
    for call in traffic:
        clock.leap(max(0.0, call.at - clock.boot() / MICROSECONDS))
        need, now = _need(call), _moment(call)
        bill = bills[call.kind.name]
        model = _first_that_answers(
            router.choose(configuration.route(call.kind.name), need, now).order, health, call, bill
        )
        usage = caches.bill(configuration.catalog.card(model), call)
        router.settled(model, need, usage, now)
        bill.add(call, model, usage, _cost(configuration, model, usage, call))
    return bills


def _first_that_answers(order: tuple[str, ...], health: HealthBook, call: CallMade, bill: Bill) -> str:
    for model in order:
        permission = health.admit(model)
        if permission is None:
            continue
        down = model == DOWN[0] and DOWN[1] <= call.at < DOWN[2]
        taken = Latency(total=int(SECONDS.get(model, SLOW) * MICROSECONDS))
        health.done(permission, "failed" if down else "ok", taken)
        if not down:
            return model
        bill.refused += 1
    raise AssertionError("every model of a route was down")


def _in_turn() -> Policy:
    """The same models as the router's, the next one for every call: what balancing does without a thought of caches."""
    turns: Counter[str] = Counter()
    able = {kind.name: [model for model in SCORES if _may(model, kind.name)] for kind in KINDS}

    def policy(call: CallMade) -> str:
        models = [
            model for model in able[call.kind.name] if call.kind.data_class == "" or model in MAY_SEE_PERSONAL
        ]
        turns[call.kind.name] += 1
        return models[turns[call.kind.name] % len(models)]

    return policy


def _may(model: str, suite: str) -> bool:
    return SCORES[model][suite] >= SCORES[STRONG][suite]


def _cheapest_allowed(call: CallMade) -> str:
    return MAY_SEE_PERSONAL[0] if call.kind.data_class else "gpt-6-luna"


def _need(call: CallMade) -> Need:
    return Need(
        prompt=call.prompt, answer=call.answer, data_class=call.kind.data_class, session=call.session,
        prefix=call.kind.name, prefix_tokens=call.kind.prefix, key=f"{call.session}/{call.number}",
    )  # fmt: skip


def _cost(configuration: Configuration, model: str, usage: Usage, call: CallMade) -> int:
    cost = configuration.book.cost(model, usage, _moment(call))
    assert cost is not None, f"{model} has no price"
    return cost.total


def _moment(call: CallMade) -> int:
    return int((MIDNIGHT + call.at % DAY) * MICROSECONDS)


# --- reports ------------------------------------------------------------------------------------------------


def _total(bills: Bills) -> Bill:
    whole = Bill()
    for bill in bills.values():
        whole.cost += bill.cost
        whole.prompt += bill.prompt
        whole.cached += bill.cached
        whole.score += bill.score
        whole.calls += bill.calls
        whole.refused += bill.refused
        whole.trespasses += bill.trespasses
    return whole


def _overall(bills: dict[str, Bills], calls: int) -> Report:
    totals = {name: _total(each) for name, each in bills.items()}
    strong, router = list(totals.values())[:2]
    rows = [
        (
            name, f"${bill.cost / 1e6:,.2f}", f"{bill.cost / strong.cost:.0%}", f"{bill.cached / bill.prompt:.0%}",
            f"{bill.score / bill.calls:.4f}", str(bill.trespasses), str(bill.refused),
        )
        for name, bill in totals.items()
    ]  # fmt: skip
    saving = 1 - router.cost / strong.cost
    met = router.cost < strong.cost and router.score >= strong.score and router.trespasses == 0
    return Report(
        title=f"Routing, a day of {calls:,} calls replayed (2026-11-20, shipped prices, simulated prompt caches)",
        columns=("", "cost", "of strong", "cached", "suite score", "trespasses", "refused"),
        rows=rows,
        checks=[
            Check(
                "routed day, at a suite score not lower",
                "costs less",
                f"{saving:.0%} less ({_scores(strong, router)})",
                met,
            )
        ],
        notes=[
            "suite score: mean over all calls of the score that the model which answered has in the suite of that work",
            "trespasses: personal data at a model that may not see it; refused: attempts at a model that was down",
        ],
        data={
            name: {"usd": bill.cost / 1e6, "score": bill.score / bill.calls} for name, bill in totals.items()
        },
    )


def _scores(strong: Bill, router: Bill) -> str:
    return f"{router.score / router.calls:.4f} against {strong.score / strong.calls:.4f}"


def _by_kind(strong: Bills, router: Bills) -> Report:
    rows: list[tuple[str, ...]] = []
    for kind in KINDS:
        one, other = strong[kind.name], router[kind.name]
        rows.append(
            (
                kind.name, f"{one.calls:,}", f"${one.cost / 1e6:,.2f}", f"${other.cost / 1e6:,.2f}",
                f"{1 - other.cost / one.cost:.0%}", f"{one.score / one.calls:.2f}", f"{other.score / other.calls:.3f}",
                ", ".join(f"{model} {count / other.calls:.0%}" for model, count in other.models.most_common(3)),
            )
        )  # fmt: skip
    return Report(
        title="The same by kind of work",
        columns=("", "calls", "strong", "router", "saved", "score", "router's", "who answered"),
        rows=rows,
    )


def _definition() -> Report:
    return Report(
        title="Scores by which this day is routed: share of a suite's cases passed. A definition, not a measurement",
        columns=("", *SUITES),
        rows=[(model, *(f"{scores[suite]:.2f}" for suite in SUITES)) for model, scores in SCORES.items()],
        notes=[
            f"each route asks for what {STRONG} has; all pay for the same caches, {MISSES:.0%} of them miss",
            f"{DOWN[0]} is down from 13:00 to 13:20; {STRONG} never is",
        ],
    )
