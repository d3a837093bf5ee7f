"""Settings are read strictly: what nobody knows is refused by name, the environment wins over the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.control.settings import Settings, all_settings, load
from remit.domain.errors import InvalidSetting
from remit.policy.schema import ENVIRONMENTS


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    settings = load(tmp_path, {})
    assert settings.workspace.name == tmp_path.name
    assert settings.worker == Settings().worker
    assert settings.code == ("flows", "agents", "tools")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "remit.toml").write_text('code = ["a"]\n[worker]\nconcurrency = 3\nprocesses = 2\n')
    settings = load(
        tmp_path, {"REMIT_WORKER_CONCURRENCY": "7", "REMIT_CODE": "b, c", "REMIT_KEY": "not ours"}
    )
    assert (settings.worker.concurrency, settings.worker.processes, settings.code) == (7, 2, ("b", "c"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('databse = "x"', 'remit.toml has "databse", which is no setting (nearest: "database").'),
        (
            "[worker]\nconcurency = 1",
            'has "worker.concurency", which is no setting (nearest: "worker.concurrency")',
        ),
        (
            '[worker]\nconcurrency = "3"',
            'worker.concurrency is the text "3"; it takes a whole number, such as 200.',
        ),
        ("[worker]\nconcurrency = true", "worker.concurrency is true; it takes a whole number"),
        ("[worker]\nconcurrency = 0", "worker.concurrency is 0; the least it can be is 1."),
        ("worker = 3", '"worker" is a section; write [worker] and its keys below.'),
        ('code = "flows"', 'code is the text "flows"; it takes a list of texts'),
        ("code = [1]", "code is a list; it takes a list of texts"),
        ("database = 5", "database is 5; it takes text in quotes."),
        ("[capture]\ndetect = 1", "capture.detect is 1; it takes true or false."),
        (
            '[workspace]\nenvironment = "production"',
            'workspace.environment is the text "production"; it is one of dev, stage, prod.',
        ),
        (
            "[worker]\nlease_seconds = 99999999999999",
            "lease_seconds is far too large; the most it can be is 86,400.",
        ),
        (f"[limits]\nresult_bytes = 1{'0' * 40}", "result_bytes is far too large"),
        (f"[limits]\nresult_bytes = 1{'0' * 5000}", "remit.toml is not TOML"),
        ("a = = b", "remit.toml is not TOML: Invalid value (at line 1"),
    ],
)
def test_a_wrong_file_gets_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "remit.toml").write_text(text)
    with pytest.raises(InvalidSetting) as refused:
        load(tmp_path, {})
    assert sentence in refused.value.message
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("REMIT_WORKER_CONCURENCY", "7", '(nearest: "REMIT_WORKER_CONCURRENCY")'),
        ("REMIT_WORKER_CONCURRENCY", "many", 'the variable REMIT_WORKER_CONCURRENCY is the text "many"'),
        ("REMIT_WORKER_PROCESSES", "-1", "the least it can be is 1"),
        (
            "REMIT_CAPTURE_DETECT",
            "perhaps",
            'REMIT_CAPTURE_DETECT is the text "perhaps"; it takes true or false.',
        ),
        ("REMIT_WORKSPACE_ENVIRONMENT", "Prod", "it is one of dev, stage, prod."),
        ("REMIT_STEP_TIMEOUT_SECONDS", "99999999999999", "TIMEOUT_SECONDS is far too large"),
        ("REMIT_WORKER_LEASE_SECONDS", "9" * 5000, "it takes a whole number"),
    ],
)
def test_a_wrong_variable_gets_one_sentence(variable: str, value: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting) as refused:
        load(tmp_path, {variable: value})
    assert sentence in refused.value.message


def test_every_setting_can_be_set_both_ways(tmp_path: Path) -> None:
    """What is documented is what is read: each name, from the file and from the environment."""
    for setting in all_settings():
        number = str(min(2048, setting.most))
        given, quoted = (number, number) if isinstance(setting.default, int) else ("x", '"x"')
        if isinstance(setting.default, bool):
            given = quoted = "false" if setting.default else "true"
        if setting.name == "workspace.environment":
            given, quoted = ENVIRONMENTS[-1], f'"{ENVIRONMENTS[-1]}"'
        if setting.name == "logs.format":
            given, quoted = "json", '"json"'
        quoted = f"[{quoted}]" if isinstance(setting.default, list) else quoted
        (tmp_path / "remit.toml").write_text(f"{setting.name} = {quoted}\n")
        from_file = load(tmp_path, {})
        (tmp_path / "remit.toml").unlink()
        assert load(tmp_path, {setting.env: given}) == from_file != load(tmp_path, {})
