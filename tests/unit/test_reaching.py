"""Settings that could never match what a request says are refused; those that could are not."""

from __future__ import annotations

import pytest

from remit.control.fronting.reaching import refuse_nowhere, refuse_unreachable
from remit.domain.errors import InvalidSetting


@pytest.mark.parametrize("host", ["gate.example.com", "gate", "10.0.0.7", "fe80::1", "*", "a_b.internal"])
def test_a_name_that_a_host_header_can_have_is_taken(host: str) -> None:
    refuse_unreachable([host], [])


@pytest.mark.parametrize(
    "host", ["", "http://gate.example", "gate.example:8443", "gate.example/", "a b", "*.example", "[::1]"]
)
def test_a_name_that_no_host_header_can_have_is_refused(host: str) -> None:
    with pytest.raises(InvalidSetting, match=r"server\.hosts"):
        refuse_unreachable([host], [])


@pytest.mark.parametrize(
    "origin", ["https://app.example", "http://localhost:3000", "chrome-extension://abc", "*", "https://a/"]
)
def test_an_origin_that_a_page_can_have_is_taken(origin: str) -> None:
    refuse_unreachable([], [origin])


@pytest.mark.parametrize(
    "origin", ["", "app.example", "https://", "https://app.example/path", "https://u@app.example", "null"]
)
def test_an_origin_that_no_page_can_have_is_refused(origin: str) -> None:
    with pytest.raises(InvalidSetting, match=r"server\.origins"):
        refuse_unreachable([], [origin])


def test_an_address_that_others_are_told_leads_somewhere() -> None:
    refuse_nowhere("a2a.url", ["", "https://agents.example.com", "http://10.0.0.7:4040/base"])
    for wrong in ("agents.example.com", "ftp://x", "https://", "https://x?y"):
        with pytest.raises(InvalidSetting, match=r"a2a\.url"):
            refuse_nowhere("a2a.url", [wrong])
