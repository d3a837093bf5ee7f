"""What a review makes of what people wrote down: answers and acceptances; and where what is open is an error."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import remit.examples
from remit.control import settings
from remit.control.designing.telling import markdown
from remit.control.platform import Platform
from remit.control.upkeep.bench import CheckReport
from remit.control.upkeep.checking import check
from remit.control.workspace.founding import create
from remit.quality.design.findings import FaultKind
from tests.design.planting import KNOW, WIRE, Planted, agent, flow_of

CLERK = Planted(
    FaultKind.NO_OVERRIDE, "money", KNOW + WIRE + agent("clerk", ", tools=[know, wire]"),
    files={"design.toml": ""},
)  # fmt: skip


async def reviewed(root: Path, *, design: bool = True, **environment: str) -> CheckReport:
    chosen = settings.load(root, environment)
    return await check(root, chosen, design=design)


def said(root: Path, text: str) -> None:
    (root / "design.toml").write_text(text, "utf-8")


async def test_a_new_workspace_and_the_desk_leave_nothing_open(tmp_path: Path) -> None:
    create(tmp_path / "new", "mine")
    desk = Path(next(iter(remit.examples.__path__))) / "desk"
    shutil.copytree(desk, tmp_path / "desk", ignore=shutil.ignore_patterns("__pycache__", ".remit"))
    for name in ("new", "desk"):
        report = await reviewed(tmp_path / name)
        assert report.problems == ()
        assert report.design is not None
        assert report.design.answers


async def test_what_is_open_is_an_error_in_prod_and_one_line_elsewhere(tmp_path: Path) -> None:
    CLERK.write(tmp_path, clean=False)
    (only,) = (await reviewed(tmp_path, design=False)).problems
    assert (only.severity, only.message) == ("warning", "1 to mend, 1 question open.")
    (tmp_path / "models.toml").write_text(
        '[providers.o]\nkind = "openai"\nsecret = ""\nbase_url = "http://127.0.0.1:1/v1"\n'
        '[models.gpt]\nprovider = "o"\nwindow = 9000\ncapabilities = ["tools"]\n'
        "[models.gpt.price]\ninput = 1\noutput = 1\n"
        '[routes.fast]\nmodels = ["gpt"]\n'
    )
    (tmp_path / "remit.toml").write_text(
        '[workspace]\nenvironment = "prod"\n[contracts]\nrequired = "never"\n'
    )
    (tmp_path / "flows" / "planted.py").write_text(
        (tmp_path / "flows" / "planted.py").read_text().replace('"irreversible"', '"irreversible", hold=0')
        + '\nloose = Agent("loose", prompt="prompts/any.md", temperature=1.0, budget=Budget(usd=1))\n'
    )
    found = {
        (each.severity, each.message.split(": ")[1])
        for each in (await reviewed(tmp_path, design=False)).problems
    }
    assert ("error", "no-override") in found
    assert (
        "error",
        "What is the p95 of the chain? about 4 s, and nothing is declared and nothing bounds it.",
    ) in found


async def test_a_fault_is_accepted_by_name_with_a_reason_until_a_day(tmp_path: Path) -> None:
    CLERK.write(tmp_path, clean=False)
    accept = '[[accept]]\nkind = "no-override"\nabout = "clerk"\nreason = "five euros at most"\n'
    said(tmp_path, accept + "until = 2100-01-01\n" + accept.replace("clerk", "nobody"))
    review = (await reviewed(tmp_path)).design
    assert review is not None
    assert review.ok
    assert [(each.about, each.accepted) for each in review.accepted] == [("clerk", "five euros at most")]
    assert review.notes == ("no-override of nobody is accepted and does not occur: remove it",)
    assert "Accepted\n\n- **no-override** clerk `flows/planted.py:16`: five euros at most" in "\n".join(
        markdown(review)
    )
    said(tmp_path, accept + "until = 2020-01-01\n")
    assert not (await reviewed(tmp_path)).ok


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[flows.nobody]\nwrong = 'x'\n", 'speaks of "nobody"'),
        ("[flows.clerk]\nwrnog = 'x'\n", 'nearest: "wrong"'),
        ("[flows.clerk]\nwrong = ''\n", "needs flows.clerk.wrong, a text"),
        ("[flows.clerk]\np95 = 'soon'\n", "p95 = 'soon', which is no time"),
        ("[[accept]]\nkind = 'everything'\nabout = 'clerk'\nreason = 'x'\n", "it is one of unguarded-write"),
        ("[[accept]]\nkind = 'no-undo'\nabout = 'clerk'\n", "needs accept.reason"),
        ("[accept]\n", "write [[accept]]"),
        ("= =", "is not TOML"),
    ],
)
async def test_what_cannot_be_read_is_refused_and_not_taken_for_an_answer(
    text: str, why: str, tmp_path: Path
) -> None:
    CLERK.write(tmp_path, clean=False)
    said(tmp_path, text)
    report = await reviewed(tmp_path, design=False)
    assert not report.ok
    assert why in report.problems[-1].message


async def test_the_estimate_goes_by_what_was_recorded_once_that_is_enough(tmp_path: Path) -> None:
    told = Planted(
        FaultKind.SLOW,
        "told",
        KNOW + flow_of("return [await run.call(know, id=n) for n in range(10)]", "", "told"),
    )
    told.write(tmp_path, clean=False)

    async def estimated() -> tuple[int, float]:
        review = (await reviewed(tmp_path)).design
        assert review is not None
        (found,) = review.estimates
        return found.known, found.p95

    supposed, before = await estimated()
    async with Platform.open(workspace=tmp_path, worker=True) as platform:
        for _ in range(2):
            await (await platform.start("told")).result()
        await platform.parts.projector.catch_up()
    known, after = await estimated()
    assert (supposed, known) == (0, 1)
    assert after < before / 2
