"""Every back end gives what it keeps over its own wire, and a sentence without a value when it cannot."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import threading
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from remit.domain.action_errors import SecretUnavailable
from remit.domain.tools import ToolManifest
from remit.gate.secrets.secret_backend import SecretBackend
from remit.gate.secrets.secret_backends.aws import AwsBackend
from remit.gate.secrets.secret_backends.azure import AzureBackend
from remit.gate.secrets.secret_backends.environment import EnvironmentBackend
from remit.gate.secrets.secret_backends.file import FileBackend
from remit.gate.secrets.secret_backends.vault_kv import VaultKvBackend
from remit.gate.secrets.secrets_file import parse_secrets
from remit.gate.secrets.vault import Vault
from remit.testing.clock import ManualClock
from tests.gate.secret_servers import VaultServer
from tests.serving import serving

VALUE = "canary-value-7f3k"


async def resolve(option: str) -> str:
    """Options as they stand; `secret:x` is the value `x`."""
    return option.removeprefix("secret:")


# --- the environment ----------------------------------------------------------------------------------------------


async def test_the_environment() -> None:
    backend = EnvironmentBackend("APP_", {"APP_CRM": VALUE, "APP_EMPTY": ""})
    assert await backend.read("CRM") == VALUE
    assert await backend.read("crm") == VALUE
    for name in ("EMPTY", "NONE"):
        with pytest.raises(SecretUnavailable, match=f"APP_{name} is not set"):
            await backend.read(name)


# --- files --------------------------------------------------------------------------------------------------------


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    """A folder as container platforms mount it: the names are links into a folder of this version."""
    folder = tmp_path / "secrets"
    (folder / "..2026").mkdir(parents=True)
    (folder / "..2026" / "crm").write_text(f"{VALUE}\n")
    (folder / "crm").symlink_to("..2026/crm")
    (folder / "account.json").write_text(json.dumps({"password": VALUE, "port": 5432, "list": []}))
    (folder / "empty").write_text("\n")
    (folder / "binary").write_bytes(b"\xff\xfe")
    (folder / "open").write_text(VALUE)
    (folder / "open").chmod(0o666)
    (tmp_path / "outside").write_text(VALUE)
    (folder / "way-out").symlink_to(tmp_path / "outside")
    return folder


async def test_files(mounted: Path) -> None:
    backend = FileBackend(mounted)
    assert await backend.read("crm") == VALUE
    assert await backend.read("account.json#password") == VALUE
    assert await backend.read("account.json#port") == "5432"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("none", "cannot be read: No such file"), ("empty", "empty, too large or no text"), ("binary", "no text"),
        ("open", "written by everybody"), ("way-out", "lies outside"), ("../outside", "lies outside"),
        ("/etc/passwd", "lies outside"), ("..", "lies outside"), ("account.json#pasword", 'no field "pasword"'),
        ("account.json#list", 'no field "list"'), ("crm#field", 'no field "field"'),
    ],
)  # fmt: skip
async def test_a_file_that_is_none_of_ours_is_a_sentence(mounted: Path, name: str, says: str) -> None:
    with pytest.raises(SecretUnavailable) as refused:
        await FileBackend(mounted).read(name)
    assert says in str(refused.value)
    assert VALUE not in str(refused.value)


# --- Vault KV -----------------------------------------------------------------------------------------------------


def kept() -> VaultServer:
    return VaultServer({"prod/db": {"password": VALUE, "value": "plain", "port": 5432}}, {"root-token"})


@pytest.mark.parametrize("version", ["1", "2"])
async def test_vault(version: str) -> None:
    server = kept()
    async with server.serve() as address:
        options = {
            "address": address,
            "version": version,
            "mount": "kv",
            "namespace": "team",
            "token": "secret:root-token",
        }
        backend = VaultKvBackend(options, resolve)
        assert await backend.read("prod/db#password") == VALUE
        assert await backend.read("prod/db") == "plain"
        assert await backend.read("prod/db#port") == "5432"
        assert server.asked[0] == (f"/v1/kv/{'data/' if version == '2' else ''}prod/db", "team")
        with pytest.raises(SecretUnavailable, match='without a field "nothing"'):
            await backend.read("prod/db#nothing")
        with pytest.raises(SecretUnavailable, match="there is no such secret"):
            await backend.read("prod/none")
        await backend.close()


async def test_vault_does_not_repeat_a_token_that_it_refuses() -> None:
    async with kept().serve() as address:
        backend = VaultKvBackend({"address": address, "token": f"secret:{VALUE}"}, resolve)
        with pytest.raises(SecretUnavailable, match="this token may not read it") as refused:
            await backend.read("prod/db")
        assert VALUE not in f"{refused.value} {refused.value.__cause__}"
        await backend.close()


async def test_a_role_logs_in_and_again_when_its_token_has_run_out() -> None:
    server = kept()
    server.roles["remit"] = "role-secret"
    async with server.serve() as address:
        options = {"address": address, "role_id": "remit", "secret_id": "secret:role-secret"}
        backend = VaultKvBackend(options, resolve)
        await asyncio.gather(*(backend.read("prod/db") for _ in range(5)))
        assert server.logins == 1
        server.tokens.clear()
        assert await backend.read("prod/db#password") == VALUE
        assert server.logins == 2
        await backend.close()
        wrong = VaultKvBackend(options | {"secret_id": f"secret:{VALUE}"}, resolve)
        with pytest.raises(SecretUnavailable, match="the login is not accepted") as refused:
            await wrong.read("prod/db")
        assert VALUE not in str(refused.value)
        await wrong.close()


async def test_a_vault_that_is_not_there_is_a_sentence() -> None:
    async with kept().serve() as address:
        pass
    with pytest.raises(SecretUnavailable, match="nobody answers there"):
        await VaultKvBackend({"address": address, "token": "secret:t"}, resolve).read("prod/db")


async def test_the_whole_way_from_the_file_to_the_tool() -> None:
    async with kept().serve() as address:
        table = {
            "backends": {"vault": {"address": address, "token": "secret:vault_token"}},
            "secrets": {
                "vault_token": {"backend": "env", "name": "VAULT_TOKEN"},
                "db": {"backend": "vault", "name": "prod/db#password"},
            },
        }
        opened = Vault(
            parse_secrets(table), Path.cwd(), ManualClock(), environment={"VAULT_TOKEN": "root-token"}
        )
        assert await opened.give("db", ToolManifest("t", "", {}, secrets=("db",)), "r-1", "ada") == VALUE
        assert opened.redact(f"{VALUE} root-token") == "[secret db] [secret vault_token]"
        await opened.close()


async def test_a_back_end_whose_key_lies_within_says_so() -> None:
    table = {
        "backends": {"vault": {"address": "http://127.0.0.1:9", "token": "secret:inside"}},
        "secrets": {"inside": {"backend": "vault", "name": "token"}},
    }
    opened = Vault(parse_secrets(table), Path.cwd(), ManualClock(), environment={})
    with pytest.raises(SecretUnavailable, match="so never opens"):
        await opened.open_provider("inside")


# --- AWS Secrets Manager ------------------------------------------------------------------------------------------


@asynccontextmanager
async def aws() -> AsyncGenerator[tuple[str, list[str]]]:
    """The one operation that is used, as the service answers it."""
    seen: list[str] = []
    known: dict[str, dict[str, Any]] = {
        "prod/crm": {"SecretString": VALUE},
        "prod/db": {"SecretString": json.dumps({"password": VALUE})},
        "prod/key": {"SecretBinary": "AP8="},
    }

    async def operation(request: web.Request) -> web.Response:
        seen.append(f"{request.headers['X-Amz-Target']} {request.headers['Authorization'][:16]}")
        name = json.loads(await request.text())["SecretId"]
        if name not in known:
            return web.json_response(
                {"__type": "ResourceNotFoundException", "Message": f"no {name}"}, status=400
            )
        return web.json_response({"Name": name, **known[name]})

    async with serving(web.post("/", operation)) as address:
        yield address, seen


async def test_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    async with aws() as (address, seen):
        backend = AwsBackend({"region": "eu-central-1", "endpoint": address})
        assert await backend.read("prod/crm") == VALUE
        assert await backend.read("prod/db#password") == VALUE
        assert await backend.read("prod/key") == "AP8="
        assert seen[0] == "secretsmanager.GetSecretValue AWS4-HMAC-SHA256"
        with pytest.raises(SecretUnavailable, match='does not give "none": ResourceNotFoundException'):
            await backend.read("none")
        with pytest.raises(SecretUnavailable, match='no field "user"'):
            await backend.read("prod/db#user")
        await backend.close()


# --- Azure Key Vault ----------------------------------------------------------------------------------------------


class AccessToken(NamedTuple):
    """What a credential gives."""

    token: str
    expires_on: int


class Credential:
    """Who we are, without asking anybody."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        assert scopes == ("https://vault.azure.net/.default",)
        return AccessToken("azure-token", int(time.time()) + 3600)


class KeyVault(BaseHTTPRequestHandler):
    """Key Vault first says who may vouch for the caller, and then gives the one secret that it has."""

    def do_GET(self) -> None:
        """Answer one request."""
        if self.headers.get("Authorization") != "Bearer azure-token":
            who = 'Bearer authorization="https://login.example.com/t", resource="https://vault.azure.net"'
            self._answer(401, {}, {"WWW-Authenticate": who})
        elif not self.path.startswith("/secrets/crm/"):
            self._answer(404, {"error": {"code": "SecretNotFound", "message": "none"}}, {})
        else:
            self._answer(200, {"value": VALUE, "id": "https://localhost/secrets/crm/1", "attributes": {}}, {})

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it has there
        """Say nothing."""


@contextmanager
def key_vault(folder: Path) -> Generator[tuple[str, Path]]:
    """Key Vault speaks TLS alone."""
    certificate = write_certificate(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, folder / "key.pem")
    with HTTPServer(("127.0.0.1", 0), KeyVault) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"https://localhost:{server.server_port}", certificate
        finally:
            server.shutdown()
            serving.join()


def write_certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder / "certificate.pem"


async def test_azure(tmp_path: Path) -> None:
    with key_vault(tmp_path) as (address, certificate):
        backend = AzureBackend(
            {"url": address},
            Credential(),
            connection_verify=str(certificate),
            verify_challenge_resource=False,
        )
        assert await backend.read("crm") == VALUE
        with pytest.raises(SecretUnavailable, match="there is no such secret"):
            await backend.read("none")
        await backend.close()


# --- libraries that are not there ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "backend", "extra"),
    [
        ("hvac", VaultKvBackend({"address": "http://x"}, resolve), "vault"),
        ("botocore.session", AwsBackend({}), "aws"),
        ("azure.identity", AzureBackend({"url": "https://x"}), "azure"),
    ],
)
async def test_a_library_that_is_missing_is_named(
    module: str, backend: SecretBackend, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SecretUnavailable, match=rf'pip install "remit\[{extra}\]"'):
        await backend.read("x")
