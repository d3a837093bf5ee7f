"""`secrets.toml` holds names and places; what it cannot mean, and any value in it, is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit.domain.errors import InvalidSetting
from remit.gate.secrets.secrets_file import MintedSecret, StoredSecret, parse_secrets, read_secrets

FILE = """
[backends.env]
prefix = "REMIT_"
[backends.mounted]
kind = "file"
root = "/run/secrets"
[backends.vault]
address = "https://vault.internal:8200"
token = "secret:vault_token"

[secrets.vault_token]
backend = "env"
name = "VAULT_TOKEN"
[secrets.db]
backend = "vault"
name = "prod/db#password"
ttl = 30
[secrets.crm]
kind = "client_credentials"
token_url = "https://login/token"
client_id = "remit"
client_secret = "secret:db"
"""


def test_a_whole_file(tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text(FILE)
    read = read_secrets(tmp_path)
    assert {name: spec.kind for name, spec in read.backends.items()} == {
        "env": "environment", "mounted": "file", "vault": "vault",
    }  # fmt: skip
    assert read.secrets["db"] == StoredSecret("db", "vault", "prod/db#password", 30.0)
    assert isinstance(read.secrets["crm"], MintedSecret)


CREDENTIALS = {
    "kind": "client_credentials",
    "token_url": "https://x",
    "client_id": "a",
    "client_secret": "secret:b",
}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"secret": {}}, 'the section "secret", which means nothing (nearest: "secrets")'),
    ({"secrets": 5}, "is a section"),
    ({"secrets": {"a": "hunter22"}}, "write [secrets.a]"),
    ({"secrets": {"a b": {"backend": "env"}}}, "plain name"),
    ({"secrets": {"a": {"name": "X"}}}, "needs backend"),
    ({"secrets": {"a": {"backend": "evn"}}}, 'the backend "evn", which is not described (nearest: "env")'),
    ({"secrets": {"a": {"backend": "env", "nme": "X"}}}, 'nearest: "name"'),
    ({"secrets": {"a": {"backend": "env", "ttl": "soon"}}}, "it takes seconds"),
    ({"secrets": {"a": {"kind": "password"}}}, 'has kind "password"'),
    ({"secrets": {"a": {**CREDENTIALS, "client_id": ""}}}, "needs client_id"),
    ({"secrets": {"a": {**CREDENTIALS, "client_id": ["a"]}}}, "it takes text in quotes"),
    ({"secrets": {"a": {**CREDENTIALS, "scop": "x"}}}, 'nearest: "scope"'),
    (
        {"secrets": {"a": CREDENTIALS, "b": CREDENTIALS | {"client_secret": "secret:c"}}},
        "which is a token itself",
    ),
    ({"backends": {"a": {}}}, 'has kind "a"'),
    ({"backends": {"file": {}}}, "needs root"),
    ({"backends": {"vault": {"address": "x", "role_id": "secret:a"}}}, "needs role_id and secret_id"),
]


@pytest.mark.parametrize(("table", "says"), WRONG)
def test_what_cannot_be_is_refused(table: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        parse_secrets(table)
    assert says in str(refused.value)


HOLDING: list[dict[str, Any]] = [
    {"secrets": {"a": CREDENTIALS | {"client_secret": "hunter22-value"}}},
    {
        "secrets": {
            "a": {"kind": "token_exchange", "token_url": "https://x", "subject_token": "hunter22-value"}
        }
    },
    {"backends": {"vault": {"address": "x", "token": "hunter22-value"}}},
    {"backends": {"vault": {"address": "x", "role_id": "r", "secret_id": "hunter22-value"}}},
]


@pytest.mark.parametrize("table", HOLDING)
def test_a_value_in_the_file_is_refused_and_not_repeated(table: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting, match="this file holds names, never values") as refused:
        parse_secrets(table)
    assert "hunter22" not in str(refused.value)


@pytest.mark.parametrize("text", ["[secrets", "a = \x00"])
def test_a_file_that_is_no_toml_is_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text(text)
    with pytest.raises(InvalidSetting, match="is not TOML"):
        read_secrets(tmp_path)
