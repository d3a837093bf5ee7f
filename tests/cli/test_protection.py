"""Erasing, holding, proving, replacing the root key and looking after secrets, as a person at the terminal does it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.cli.conftest import REMIT, Terminal

VALUE = "s3cr3t-canary-value"


def _about_ana(remit: Terminal) -> None:
    remit("shred", "hold", "ana", "--reason", "case 17", code=0)  # which makes a key of hers


def test_a_hold_forbids_and_a_receipt_proves(remit: Terminal, tmp_path: Path) -> None:
    _about_ana(remit)
    assert "case 17" in remit("shred", "holds", code=0).out
    refused = remit("shred", "ana", "--yes", "--json", code=1).error
    assert (refused["code"], "placed it because case 17" in refused["message"]) == ("legal_hold", True)
    remit("shred", "release", "ana", "--reason", "closed", code=0)
    assert remit("shred", "holds", "--json", code=0).json == []
    done = remit("shred", "ana", "--yes", "--json", "--receipt", str(tmp_path / "receipt.json"), code=0).json
    assert (done["subject"], done["keys"], done["left"]) == ("ana", 1, [])
    (listed,) = remit("shred", "list", "--json", code=0).json
    assert (listed["id"], listed["keys"]) == (done["deletion"], 1)
    assert remit("shred", "receipt", done["deletion"], code=0).out == (tmp_path / "receipt.json").read_text()
    public = remit("shred", "receipt", "--public-key", "--json", code=0).json["public_key"]
    outside = subprocess.run(
        [*REMIT, "shred", "verify", str(tmp_path / "receipt.json"), "--key", public, "--json"],
        cwd=tmp_path.parent, env=remit.environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert '"pinned": true' in outside.stdout
    altered = (tmp_path / "receipt.json").read_text().replace('"by":"owner"', '"by":"nobody"')
    (tmp_path / "receipt.json").write_text(altered)
    assert "was altered" in remit("shred", "verify", str(tmp_path / "receipt.json"), code=5).err


def test_a_subject_may_be_called_like_a_command(remit: Terminal) -> None:
    remit("shred", "hold", "list", "--reason", "x", code=0)
    assert "legal hold" in remit("shred", "subject", "list", "--yes", code=1).err
    assert remit("shred", "list", code=0).out == "nothing was erased yet\n"


def test_the_root_key_is_replaced_and_the_older_one_forgotten(remit: Terminal) -> None:
    run = remit("run", "order", "--input", '{"item": "lamp"}', "--json", code=0).json["run"]["id"]
    file = remit.place / ".remit" / "keys" / "root.key"
    before = file.read_text()
    assert "is in use" in remit("key", "rotate", code=0).out
    assert file.stat().st_mode & 0o777 == 0o600
    assert remit("show", run, "--json", code=0).json["result"] == "paid 4"
    assert "root key" in remit("doctor").out
    assert remit("key", "rotate", "--retire", "--json", code=0).json == {"retired": 1}
    assert before.strip() not in file.read_text()
    assert remit("show", run, "--json", code=0).json["result"] == "paid 4"
    file.write_text(before)
    assert remit("show", run, "--json", code=5).error["code"] == "wrong_key"


def test_a_root_key_from_a_variable_is_drafted_and_then_taken_up(remit: Terminal) -> None:
    file = remit.place / ".remit" / "keys" / "root.key"
    remit("run", "order", "--input", '{"item": "lamp"}', code=0)
    assert "names no place" in remit("key", "rotate", "--to", "vault", "remit", code=2).err
    remit("key", "rotate", "--to", "environment", "--draft", "now.key", code=0)
    remit.environment["REMIT_ROOT_KEY"] = (remit.place / "now.key").read_text()
    file.unlink()
    assert "--draft" in remit("key", "rotate", code=1).err
    remit("key", "rotate", "--draft", "next.key", code=0)
    draft = remit.place / "next.key"
    assert draft.stat().st_mode & 0o777 == 0o600
    remit.environment["REMIT_ROOT_KEY"] = draft.read_text()
    assert remit("key", "rotate", "--json", code=0).json["rewrapped"] > 0


def test_a_key_service_that_is_not_there_starts_nothing(remit: Terminal) -> None:
    (remit.place / "remit.toml").write_text(
        '[keys]\nprovider = "vault"\nkey = "remit"\naddress = "http://127.0.0.1:9"\n'
    )
    remit.environment["VAULT_TOKEN"] = VALUE
    refused = remit("runs", "--json", code=5).error
    assert refused["code"] == "key_service_unavailable"
    assert "nobody answers there" in refused["message"]
    assert VALUE not in str(refused)
    (remit.place / "remit.toml").write_text('[keys]\nprovider = "vault"\n')
    assert "needs keys.key and keys.address" in remit("runs", code=2).err
    (remit.place / "remit.toml").write_text('[keys]\nprovider = "paper"\n')
    assert 'keys.provider is "paper"' in remit("runs", code=2).err


def test_a_rule_that_cannot_be_read_starts_nothing(remit: Terminal) -> None:
    for text, says in (
        ('[capture]\nclasses = ["personal=forget"]\n', "nothing that can be done with personal data"),
        ('[retention]\nclasses = ["personal=soon"]\n', "has no days"),
    ):
        (remit.place / "remit.toml").write_text(text)
        assert says in remit("shred", "expired", code=2).err


def test_secrets_are_listed_checked_and_set_and_never_shown(remit: Terminal) -> None:
    (remit.place / "secrets.toml").write_text(
        '[backends.folder]\nkind = "file"\nroot = "secrets"\n'
        '[secrets.crm_token]\nbackend = "folder"\nname = "crm"\n'
        '[secrets.gone]\nbackend = "folder"\n'
        '[environments.prod.secrets.crm_token]\nbackend = "env"\nname = "CRM_PROD"\n'
    )
    listed = {each["name"]: each for each in remit("secret", "list", "--json", code=0).json}
    assert (listed["crm_token"]["backend"], listed["crm_token"]["state"]) == ("folder", "")
    checked = {each["name"]: each["state"] for each in remit("secret", "check", "--json", code=1).json}
    assert checked == {"crm_token": "missing", "gone": "missing"}
    said = subprocess.run(
        [*REMIT, "secret", "set", "crm_token"], input=f"{VALUE}\n", cwd=remit.place, env=remit.environment,
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert VALUE not in said.stdout + said.stderr
    kept = remit.place / "secrets" / "crm"
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == (f"{VALUE}\n", 0o600)
    answer = remit("secret", "check", "--json", code=1)
    assert {each["name"]: each["state"] for each in answer.json} == {"crm_token": "there", "gone": "missing"}
    assert VALUE not in answer.out + answer.err
    short = subprocess.run(
        [*REMIT, "secret", "set", "crm_token"], input="abc", cwd=remit.place, env=remit.environment,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (short.returncode, "fewer than 6 characters" in short.stderr, kept.read_text()) == (
        2,
        True,
        f"{VALUE}\n",
    )
    assert "is no secret of secrets.toml that a folder keeps" in remit("secret", "set", "nothing").err
    remit.environment |= {"REMIT_WORKSPACE_ENVIRONMENT": "prod", "CRM_PROD": VALUE}
    there = {each["name"]: each for each in remit("secret", "list", "--json", code=0).json}
    assert there["crm_token"]["backend"] == "env"


def test_secrets_can_be_looked_at_while_code_is_broken(remit: Terminal) -> None:
    (remit.place / "flows" / "broken.py").write_text("this is not python")
    (remit.place / "secrets.toml").write_text('[secrets.crm]\nbackend = "env"\nname = "CRM"\n')
    answer = remit("secret", "list", "--json", code=0)
    assert [each["name"] for each in answer.json] == ["crm"]
    assert "who names a secret is not known" in answer.err
