"""models.toml: what it means, and one sentence with the nearest name for everything it cannot mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.domain.action_errors import InvalidCatalog, NoRoute, UnknownRoute
from remit.models.configuration import Configuration, load
from remit.models.health import HealthBook
from remit.models.router import Router
from remit.models.routes import Need, PriceCap
from remit.testing import ManualClock
from remit.wire.messages import Usage

NOW = 1_790_000_000_000_000
KEY = {"OPENAI_API_KEY": "sk-canary-value"}

WHOLE = """
[providers.openai]
kind = "openai"
retention = "30d"

[providers.local]
kind = "openai"
base_url = "http://127.0.0.1:8000/v1"
region = "eu-west-1"
retention = "none"
data_classes = ["internal", "personal"]
deadlines = { total = 120 }

[providers.cloud]
kind = "bedrock"
region = "eu-central-1"

[models.qwen]
provider = "local"
window = 32000
max_output = 4000
capabilities = ["tools", "json_schema", "streaming"]
price = [
  { input = 0, output = 0 },
  { since = "2026-06-01", input = 0.1, output = 0.2, above = { tokens = 8000, input = 0.3 } },
]
scores = { triage = 0.91 }

[models.opus]
provider = "cloud"
id = "eu.anthropic.claude-opus-5-5-20260901-v1:0"
retention = "none"
approved = true

[models.mini]
provider = "openai"
id = "gpt-5-mini-2026-01-01"
priced_as = "openai/gpt-5-nano"
window = 1000

[routes.private]
models = ["qwen", "opus"]
residency = "eu"
retention = "none"

[routes.open]
models = ["mini", "gpt-6-luna"]
fallbacks = ["opus"]
max_usd_per_million = { output = 2.5 }
require = ["tools"]
hedge = true
prefer = "latency"
suite = "triage"
least_score = 0.9
unpriced = "allow"
data_classes = ["public"]
"""


def read(
    folder: Path, text: str, env: dict[str, str] | None = None, environment: str = "dev"
) -> Configuration:
    (folder / "models.toml").write_text(text)
    return load(folder, env or {}, environment)


def test_a_whole_file(tmp_path: Path) -> None:
    found = read(tmp_path, WHOLE)
    assert found.providers["openai"].secret == "OPENAI_API_KEY"
    assert found.providers["local"].secret == "", "an address of one's own needs no key unless it says so"
    assert found.providers["local"].deadlines.total == 120
    qwen, opus, mini = (found.catalog.card(name) for name in ("qwen", "opus", "mini"))
    assert (qwen.window, qwen.regions, qwen.retention, qwen.scores) == (
        32_000,
        {"eu-west-1"},
        0,
        {"triage": 0.91},
    )
    assert qwen.data_classes == {"internal", "personal"}
    assert (opus.regions, opus.window, opus.approved) == ({"eu"}, 1_000_000, True), (
        "a profile runs in its whole area"
    )
    assert (mini.sent_name, mini.window, mini.retention) == ("gpt-5-mini-2026-01-01", 1_000, 30)
    assert found.catalog.card("gpt-6-luna").provider == "openai", "known, and one provider sells it"
    open_ = found.route("open")
    assert (open_.cap, open_.hedge, open_.prefer, open_.fallbacks) == (
        PriceCap(None, 2_500_000),
        True,
        "latency",
        ("opus",),
    )
    assert (open_.suite, open_.least_score, open_.unpriced, open_.require) == (
        "triage",
        0.9,
        "allow",
        {"tools"},
    )


def test_prices_come_from_the_file_from_another_model_or_from_the_book(tmp_path: Path) -> None:
    book = read(tmp_path, WHOLE).book
    usage = Usage(input=1_000, output=1_000)
    costs = {name: book.cost(name, usage, NOW) for name in ("qwen", "opus", "mini", "gpt-6-luna")}
    assert {name: cost and cost.total for name, cost in costs.items()} == {
        "qwen": 300, "opus": 26_400, "mini": 450, "gpt-6-luna": 600,
    }  # fmt: skip
    long = book.cost("qwen", Usage(input=10_000, output=1_000), NOW)
    assert long is not None
    assert long.total == 3_200


def test_the_constraints_of_the_file_hold(tmp_path: Path) -> None:
    found = read(tmp_path, WHOLE)
    router = Router(found.catalog, found.book, HealthBook(ManualClock()))
    assert set(router.choose(found.route("private"), Need(prompt=10), NOW).order) == {"qwen", "opus"}
    with pytest.raises(NoRoute, match="window"):
        router.choose(found.route("private"), Need(prompt=2_000_000), NOW)


def test_a_global_profile_runs_anywhere_wherever_it_is_called(tmp_path: Path) -> None:
    cloud = '[providers.cloud]\nkind = "bedrock"\nregion = "eu-central-1"\n'
    opus = '[models.opus]\nprovider = "cloud"\nid = "{}anthropic.claude-opus-5-5"\n'
    route = '[routes.fast]\nmodels = ["opus"]\nresidency = "eu"\n'
    for prefix, stays in (("global.", False), ("us.", False), ("eu.", True), ("", True)):
        found = read(tmp_path, cloud + opus.format(prefix) + route)
        decision = Router(found.catalog, found.book, HealthBook(ManualClock())).explain(
            found.route("fast"), Need(), NOW
        )
        assert bool(decision.order) is stays, prefix


def test_an_address_that_is_not_the_makers_has_no_price_of_the_makers(tmp_path: Path) -> None:
    text = '[providers.p]\nkind="openai"\nbase_url="https://proxy.example.com/v1"\n[models."gpt-6-luna"]\nprovider="p"\n'
    found = read(tmp_path, text + '[routes.fast]\nmodels=["gpt-6-luna"]')
    assert found.book.cost("gpt-6-luna", Usage(input=1), NOW) is None
    with pytest.raises(NoRoute, match="unpriced is never free"):
        Router(found.catalog, found.book, HealthBook(ManualClock())).choose(found.route("fast"), Need(), NOW)


# --- without the file -----------------------------------------------------------------------------------------


def test_without_a_file_and_without_a_key_the_simulated_model_answers(tmp_path: Path) -> None:
    found = load(tmp_path, {})
    assert set(found.routes) == {"fast", "strong"}
    assert {card.simulated for card in found.catalog} == {True}
    assert [spec.kind for spec in found.providers.values()] == ["simulated"]


@pytest.mark.parametrize(
    ("variable", "kind", "fast"),
    [
        ("OPENAI_API_KEY", "openai", "gpt-6-luna"),
        ("ANTHROPIC_API_KEY", "anthropic", "claude-haiku-5-5"),
        ("GEMINI_API_KEY", "gemini", "gemini-3.5-flash-lite"),
        ("GOOGLE_API_KEY", "gemini", "gemini-3.5-flash-lite"),
    ],
)
def test_without_a_file_whoever_has_a_key_serves(tmp_path: Path, variable: str, kind: str, fast: str) -> None:
    found = load(tmp_path, {variable: "canary-7c1f"})
    assert found.route("fast").models == (fast,)
    assert found.providers[kind].secret == variable
    assert "canary-7c1f" not in repr(found), "it knows the name of the secret, never the secret"
    assert all(card.simulated is False for card in found.catalog)


def test_several_keys_are_one_route_over_all_of_them(tmp_path: Path) -> None:
    found = load(tmp_path, {"OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "y", "GEMINI_API_KEY": " "})
    assert found.route("strong").models == ("gpt-6.1-sol", "claude-opus-5-5")


def test_a_file_without_routes_has_the_usual_ones(tmp_path: Path) -> None:
    mine = '[providers.p]\nkind="openai"\nbase_url="http://127.0.0.1:1/v1"\n'
    model = '[models.mine]\nprovider="p"\nwindow=8000\ncapabilities=["tools"]\n'
    assert read(tmp_path, mine + model).route("fast").models == ("mine",)
    assert read(tmp_path, '[models."gpt-6-luna"]\napproved = true\n', KEY).route("fast").models == (
        "gpt-6-luna",
    )


def test_approved_only_holds_for_every_route(tmp_path: Path) -> None:
    found = read(tmp_path, 'approved_only = true\n[models."gpt-6-luna"]\napproved = true\n', KEY)
    router = Router(found.catalog, found.book, HealthBook(ManualClock()))
    assert router.choose(found.route("fast"), Need(prompt=1), NOW).order == ("gpt-6-luna",)
    with pytest.raises(NoRoute, match="what binds is approved"):
        router.choose(found.route("strong"), Need(prompt=1), NOW)


# --- prod -----------------------------------------------------------------------------------------------------


def test_the_simulated_model_never_serves_in_prod(tmp_path: Path) -> None:
    assert load(tmp_path, {}, "prod").routes == {}
    with pytest.raises(UnknownRoute, match="does not serve in prod"):
        load(tmp_path, {}, "prod").route("fast")
    with pytest.raises(InvalidCatalog, match=r"\[providers.sim\] is simulated"):
        read(tmp_path, '[providers.sim]\nkind = "simulated"\n', KEY, "prod")
    with pytest.raises(InvalidCatalog, match="does not serve in prod"):
        load(tmp_path.parent, KEY, "prod").simulated()


def test_a_workspace_can_be_played_by_the_simulated_model_as_a_whole(tmp_path: Path) -> None:
    real = read(tmp_path, WHOLE)
    played = real.simulated()
    assert {spec.kind for spec in played.providers.values()} == {"simulated"}
    assert {card.name: card.provider for card in played.catalog} == dict.fromkeys(
        (card.name for card in real.catalog), "simulated"
    )
    assert played.routes == real.routes
    assert played.book.name == real.book.name


# --- what it cannot mean --------------------------------------------------------------------------------------

OPENAI = '[providers.openai]\nkind = "openai"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[provider.a]", '"provider", which is no key there (nearest: "providers")'),
        ('[providers.a]\nkind = "opnai"', '"opnai" (nearest: "openai")'),
        ("[providers.a]", '[providers.a] does not say "kind"'),
        ('[providers.a]\nkind = "openai"\nbase_ulr = "x"', '"base_ulr", which is no key there (nearest: "base_url")'),
        ('[providers.a]\nkind = "openai"\nbase_url = 3', '"base_url" takes str, got int'),
        ('[providers.a]\nkind = "openai"\ndeadlines = { idel = 3 }', '"idel", which is no key there (nearest: "idle")'),
        ('[providers.a]\nkind = "openai"\nretention = "a month"', "retention 'a month'"),
        ('[providers.a]\nkind = "openai"\ndata_classes = "x"', '"data_classes" takes a list of texts'),
        ('[models.x]\nprovider = "opnai"\n' + OPENAI, '"opnai", which there is not (nearest: "openai")'),
        ('[models."gpt-6-lnua"]\nprovider = "openai"\n' + OPENAI, 'no model that Remit knows (nearest: "gpt-6-luna")'),
        ('[models.x]\nprovider = "openai"\nlike = "gpt-6-lnua"\n' + OPENAI, '(nearest: "gpt-6-luna")'),
        ('[models."gpt-6-luna"]\ncapabilities = ["tool"]\n' + OPENAI, '"tool" in capabilities (nearest: "tools")'),
        ('[models."gpt-6-luna"]\nwindow = 0\n' + OPENAI, "window 0"),
        ('[models."gpt-6-luna"]\nprice = { input = 1 }\n' + OPENAI, 'does not say "output"'),
        ('[models."gpt-6-luna"]\nprice = { input = -1, output = 2 }\n' + OPENAI, "no number of dollars"),
        ('[models."gpt-6-luna"]\nprice = { input = nan, output = 2 }\n' + OPENAI, "no number of dollars"),
        ('[models."gpt-6-luna"]\nprice = { input = true, output = 2 }\n' + OPENAI, "no number of dollars"),
        ('[models."gpt-6-luna"]\nprice = { input = 1, output = 2, since = "May" }\n' + OPENAI, "no date"),
        ('[models."gpt-6-luna"]\nprice = { input = 1, outptu = 2 }\n' + OPENAI, '(nearest: "output")'),
        ('[models."gpt-6-luna"]\npriced_as = "openai/gpt-6-lun"\n' + OPENAI, '(nearest: "openai/gpt-6-luna")'),
        (OPENAI + '[routes.fast]\nmodels = ["gpt-6-lnua"]', '"gpt-6-lnua", which is no model (nearest: "gpt-6-luna")'),
        (OPENAI + "[routes.fast]\nmodels = []", "[routes.fast] has no models"),
        (OPENAI + '[routes.fast]\nmodel = ["gpt-6-luna"]', '"model", which is no key there (nearest: "models")'),
        (OPENAI + '[routes.fast]\nmodels = ["gpt-6-luna"]\nresidency = "ue"', 'stays in "ue", which is no place'),
        (OPENAI + '[routes.fast]\nmodels = ["gpt-6-luna"]\nunpriced = "alow"', '"alow" (nearest: "allow")'),
        (OPENAI + '[routes.fast]\nmodels = ["gpt-6-luna"]\nprefer = "speed"', 'prefer "speed"'),
        (OPENAI + '[routes.fast]\nmodels = ["gpt-6-luna"]\nrequire = ["vision"]', '"vision" in require'),
        (OPENAI + '[routes.fast]\nmodels = ["gpt-6-luna"]\nsuite = "triage"', '"suite" and "least_score" together'),
        (OPENAI + '[routes.fast]\nmodels = ["claude-opus-5-5"]', "not clear which provider serves it"),
        ("routes = 3", "routes is a section"),
        ("x = [", "is not TOML"),
    ],
)  # fmt: skip
def test_what_it_cannot_mean_is_said_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidCatalog) as refused:
        read(tmp_path, text)
    assert said in refused.value.message
    assert "Traceback" not in str(refused.value)
    assert "\n" not in refused.value.message


def test_an_unknown_route_is_told_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownRoute, match=r'"fst" \(nearest: "fast"\); there are fast, strong'):
        load(tmp_path, {}).route("fst")


def test_a_key_in_place_of_its_name_is_refused_and_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text('[providers.x]\nkind = "openai"\nsecret = "sk-proj-Abc123Def456"\n')
    with pytest.raises(
        InvalidCatalog, match=r"\[providers.x\] has under secret what looks like a key itself"
    ) as no:
        load(tmp_path)
    assert "sk-proj" not in f"{no.value.message} {no.value.hint}"
