"""A service account's assertion is held to RFC 7515; its tokens are bought once, and anew shortly before their end."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from remit.domain.action_errors import ProviderDown, ProviderRefused, SecretUnavailable
from remit.models.provider import Credential, Deadlines, trouble_of
from remit.models.providers.vertex import service_account
from remit.models.signing.service_account import SCOPE, AccessTokens, ServiceAccount, assertion, compact_rs256
from remit.models.transport import Transport
from remit.testing.clock import ManualClock
from tests.models.upstream import Upstream, hung_up, upstream, whole

# The key of RFC 7515, appendix A.2.
MODULUS = (
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ"
    "S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2"
    "R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcD"
    "TW9gb54h4FRWyuXpoQ"
)
EXPONENT = (
    "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_G"
    "O-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQl"
    "BjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0"
    "QU91p1DhOVRuOopznQ"
)
SIGNATURE = (
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU"
    "Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d"
    "O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig"
    "cN_IoypGlUPQGe77Rw"
)
NOW = 1_800_000_000
DEADLINES = Deadlines(connect=2, total=5)


def number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def published_key() -> rsa.RSAPrivateKey:
    n, d, e = number(MODULUS), number(EXPONENT), 65537
    p, q = rsa.rsa_recover_prime_factors(n, e, d)
    public = rsa.RSAPublicNumbers(e, n)
    crt = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    return rsa.RSAPrivateNumbers(p, q, d, *crt, public).private_key()


PEM = published_key().private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()  # fmt: skip


def account(url: str = "https://oauth2.googleapis.com") -> ServiceAccount:
    return ServiceAccount("robot@p-1.iam.gserviceaccount.com", PEM, "key-1", f"{url}/token")


def test_the_published_signature_comes_out() -> None:
    payload = b'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'
    signed = compact_rs256(b'{"alg":"RS256"}', payload, published_key())
    assert signed == (
        "eyJhbGciOiJSUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        f".{SIGNATURE}"
    )


def test_an_assertion_claims_what_google_wants_to_hear() -> None:
    said = assertion(account(), SCOPE, NOW)
    claims: dict[str, Any] = jwt.decode(
        said, published_key().public_key(), ["RS256"],
        audience="https://oauth2.googleapis.com/token", options={"verify_exp": False, "verify_iat": False},
    )  # fmt: skip
    assert claims == {
        "iss": "robot@p-1.iam.gserviceaccount.com", "scope": SCOPE, "aud": "https://oauth2.googleapis.com/token",
        "iat": NOW, "exp": NOW + 3600,
    }  # fmt: skip
    assert jwt.get_unverified_header(said) == {"alg": "RS256", "typ": "JWT", "kid": "key-1"}


async def test_a_token_is_bought_once_and_again_shortly_before_its_end() -> None:
    clock, transport = ManualClock(), Transport()
    async with upstream(*(token(f"ya29.token-{at}") for at in (1, 2))) as server:
        tokens = AccessTokens(transport, clock, "up")
        robot = account(server.url)
        together = await asyncio.gather(*(tokens.token(robot, DEADLINES) for _ in range(20)))
        assert set(together) == {"ya29.token-1"}
        assert len(server.seen) == 1
        form = parse_qs(server.seen[0].raw.decode())
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        assert jwt.get_unverified_header(form["assertion"][0])["alg"] == "RS256"
        await clock.advance(3600 - 122)
        assert await tokens.token(robot, DEADLINES) == "ya29.token-1"
        await clock.advance(3)
        assert await tokens.token(robot, DEADLINES) == "ya29.token-2"
        await transport.close()


@pytest.mark.parametrize(
    ("answer", "error", "again"),
    [
        (whole({"error": "invalid_grant"}, 400), ProviderRefused, False),
        (whole({"error": "backend"}, 503), ProviderDown, True),
        (whole(b"<html>", 200), ProviderDown, True),
        (hung_up(), ProviderDown, True),
    ],
)
async def test_a_token_that_cannot_be_bought_is_no_call_to_a_model(
    answer: Any, error: type[Exception], again: bool
) -> None:
    transport = Transport()
    async with upstream(answer) as server:
        with pytest.raises(error) as caught:
            await AccessTokens(transport, ManualClock(), "up").token(account(server.url), DEADLINES)
        trouble = trouble_of(caught.value)  # type: ignore[arg-type]
        assert (trouble.retryable, trouble.sent) == (again, False)
        await transport.close()


@pytest.mark.parametrize(
    "text",
    [
        "", "not json", "{}", "[]", json.dumps({"client_email": "a@b"}),
        json.dumps({"client_email": "a@b", "private_key": "k", "token_uri": "http://elsewhere.example/token"}),
    ],
)  # fmt: skip
def test_what_is_no_key_file_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(SecretUnavailable) as caught:
        service_account(Credential(text, "google"), "up")
    assert not text or text not in str(caught.value)


def test_a_key_that_is_no_key_is_refused_without_showing_it() -> None:
    with pytest.raises(SecretUnavailable, match="no RSA key") as caught:
        assertion(
            ServiceAccount("a@b", "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----"),
            SCOPE,
            NOW,
        )
    assert "canary" not in str(caught.value)
    assert caught.value.__context__ is None


def token(text: str) -> Any:
    async def answer(server: Upstream, request: Any) -> Any:
        return await whole({"access_token": text, "expires_in": 3599, "token_type": "Bearer"})(
            server, request
        )

    return answer
