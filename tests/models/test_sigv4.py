"""Signature Version 4, held to the test suite that AWS publishes, and to the signer of its own SDK."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from remit.models.signing.sigv4 import AwsKey, Scope, signed_headers

KEY = AwsKey("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YU"
    "uwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8Y"
    "QcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICC"
    "R/oLxBA=="
)
SCOPE = Scope("us-east-1", "service")
MOMENT = dt.datetime(2015, 8, 30, 12, 36, tzinfo=dt.UTC)
AT = int(MOMENT.timestamp()) * 1_000_000
UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FORM = "application/x-www-form-urlencoded"
ROOT = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
POSTED = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"

# What the suite calls a case: what follows the host, the signature, and further headers.
PUBLISHED: dict[str, tuple[Any, ...]] = {
    "get-vanilla": ("/", ROOT),
    "get-slash": ("//", ROOT),
    "get-slash-dot-slash": ("/./", ROOT),
    "get-relative": ("/example/..", ROOT),
    "get-relative-relative": ("/example1/example2/../..", ROOT),
    "get-slash-pointless-dot": ("/./example", "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
    "get-slashes": ("//example//", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
    "get-space": ("/example space/", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
    "get-special-character": (
        "/example/$delete", "a853c9b21b528b19643d00910d35b83a10c366a10833ceefb45edd6c80e40f27",
    ),
    "get-unreserved": (f"/{UNRESERVED}", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
    "get-utf8": ("/ሴ", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    "get-vanilla-empty-query-key": (
        "/?Param1=value1", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
    ),
    "get-vanilla-query-order-encoded": (
        "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
        "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
    ),
    "get-vanilla-query-order-key-case": (
        "/?Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    "get-vanilla-query-order-key": (
        "/?Param1=value2&Param1=Value1", "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1",
    ),
    "get-vanilla-query-order-value": (
        "/?Param1=value2&Param1=value1", "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694",
    ),
    "get-vanilla-query-unreserved": (
        f"/?{UNRESERVED}={UNRESERVED}", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
    ),
    "get-vanilla-utf8-query": ("/?ሴ=bar", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
    "get-header-key-duplicate": (
        "/", "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        ("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1"),
    ),
    "get-header-value-multiline": (
        "/", "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd",
        ("My-Header1", "value1\n  value2\n     value3"),
    ),
    "get-header-value-order": (
        "/", "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
        ("My-Header1", "value4"), ("My-Header1", "value1"), ("My-Header1", "value3"), ("My-Header1", "value2"),
    ),
    "get-header-value-trim": (
        "/", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ("My-Header1", " value1"), ("My-Header2", ' "a   b   c"'),
    ),
    "post-vanilla": ("/", POSTED),
    "post-header-key-sort": (
        "/", "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c", ("My-Header1", "value1"),
    ),
    "post-header-value-case": (
        "/", "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d", ("My-Header1", "VALUE1"),
    ),
    "post-vanilla-query": (
        "/?Param1=value1", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
    ),
    "post-x-www-form-urlencoded": (
        "/", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a", ("Content-Type", FORM),
    ),
    "post-x-www-form-urlencoded-parameters": (
        "/", "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
        ("Content-Type", f"{FORM}; charset=utf8"),
    ),
    "post-sts-header-before": ("/", "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_signature_comes_out(name: str) -> None:
    target, signature, *headers = PUBLISHED[name]
    method = "POST" if name.startswith("post") else "GET"
    body = b"Param1=value1" if "urlencoded" in name else b""
    key = replace(KEY, session_token=TOKEN) if "sts" in name else KEY
    added = signed_headers(
        method, f"https://example.amazonaws.com{target}", headers, body, key=key, scope=SCOPE, at=AT
    )
    assert re.findall(r"Signature=(\w+)", added["authorization"]) == [signature]
    assert added["authorization"].startswith(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders="
    )
    assert added["x-amz-date"] == "20150830T123600Z"
    assert added.get("x-amz-security-token", "") == key.session_token


NAMES = st.text(alphabet="abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12).map(lambda name: f"x-{name}")
VALUES = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=30)


@given(
    model=st.text(min_size=1, max_size=40),
    query=st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), max_size=4),
    headers=st.dictionaries(NAMES, VALUES, max_size=4),
    body=st.binary(max_size=200),
    token=st.text(alphabet="abcDEF012+/=", max_size=20),
)
def test_the_sdk_of_aws_signs_the_same(
    model: str, query: dict[str, str], headers: dict[str, str], body: bytes, token: str
) -> None:
    model = model.encode("utf-8", "replace").decode()
    pairs = "&".join(
        f"{quote(name.encode('utf-8', 'replace'), safe='')}={quote(value.encode('utf-8', 'replace'), safe='')}"
        for name, value in query.items()
    )
    url = f"https://bedrock-runtime.eu-central-1.amazonaws.com/model/{quote(model, safe='')}/invoke"
    url += f"?{pairs}" if pairs else ""
    theirs = AWSRequest("POST", url, headers=headers, data=body)
    with patch("botocore.auth.get_current_datetime", return_value=MOMENT.replace(tzinfo=None)):
        SigV4Auth(  # pyright: ignore[reportUnknownMemberType] - botocore ships no types
            Credentials(KEY.access_key, KEY.secret_key, token or None), "bedrock", "eu-central-1"
        ).add_auth(theirs)
    ours = signed_headers(
        "POST", url, headers.items(), body,
        key=replace(KEY, session_token=token), scope=Scope("eu-central-1", "bedrock"), at=AT,
    )  # fmt: skip
    assert ours["authorization"] == theirs.headers["Authorization"]


def test_a_key_does_not_show() -> None:
    assert "EXAMPLE" not in repr(replace(KEY, session_token=TOKEN))
