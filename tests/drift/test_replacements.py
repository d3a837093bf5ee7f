"""What a replacement was tried with: an experiment counts only if the replacement answered in it, and it alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from remit.control.evaluating.views import ExperimentSummary
from remit.control.inventory.deprecations import calendar
from remit.insight.tracing.rows import SpanRow, span_number
from remit.models.catalog import Catalog, ModelCard
from remit.models.configuration import Configuration
from remit.models.deprecations import Deprecation
from remit.models.prices import PriceBook
from remit.models.routes import Route
from remit.store.database import Commit, Op
from tests.drift.histories import as_row
from tests.engine.places import Place

ENDS = Deprecation("old", date(2027, 1, 1), "new", ("triage", "refunds"))


@dataclass
class Made:
    """Experiments as a book has them, the newest first."""

    found: dict[str, list[tuple[str, str]]]

    async def experiments(self, suite: str = "", limit: int = 20) -> list[ExperimentSummary]:
        return [
            ExperimentSummary(name, suite, "v", "a", "b", True, "me", 1, "succeeded", verdict)
            for name, verdict in self.found.get(suite, [])
        ][:limit]


async def test_an_experiment_counts_only_if_the_replacement_answered_in_it_alone(place: Place) -> None:
    async with place.stage(worker=False) as stage:
        ground = stage.platform.ground
        asked = {"e-both": ("old", "new"), "e-old": ("old",), "e-new": ("new", "new"), "e-none": ()}
        ops: list[Op] = []
        for place_of, (experiment, models) in enumerate(asked.items()):
            run = f"{experiment}.0-0-0-1"
            ops.append(Op("trials.add", (f"tag {experiment}", ground.principal.team, run, experiment, 1)))
            ops += [
                Op("insight.put_spans", as_row(SpanRow(
                    span_number(place_of + 1, n), run, f"m{n}", "", "model", "model", 1, requested=model,
                )))
                for n, model in enumerate(models)
            ]  # fmt: skip
        await ground.database.submit(Commit(ops=ops))
        cards = Catalog([ModelCard("old"), ModelCard("new")])
        models = Configuration(
            {}, cards, PriceBook({}), {"fast": Route("fast", ("old",))}, deprecations=(ENDS,)
        )
        older = [("e-both", "pass"), ("e-old", "pass"), ("e-none", "pass")]
        book = Made({"triage": [*older, ("e-new", "pass")], "refunds": older})
        (view,) = await calendar(ground, models, {}, book)
        assert [(each.suite, each.verdict, each.experiment) for each in view.suites] == [
            ("triage", "pass", "e-new"), ("refunds", "not measured", ""),
        ]  # fmt: skip
        assert (view.ready, view.routes, view.calls) == (False, ("fast",), 0)
        book.found["refunds"] = [("e-new", "pass")]
        assert (await calendar(ground, models, {}, book))[0].ready
        book.found["refunds"] = [("e-new", "fail"), ("e-new", "pass")]
        assert not (await calendar(ground, models, {}, book))[0].ready, "the latest counts"
