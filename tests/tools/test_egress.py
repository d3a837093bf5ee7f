"""The way out: hosts on a list, and never an address inside, in whatever clothes it comes."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from remit.domain.action_errors import EgressRefused, InvalidTool
from remit.domain.errors import Retry, ToolFailed
from remit.tools.builtin.http import HttpBinding, HttpOptions, http_tools
from remit.tools.egress import Egress, is_inside, read_rule
from tests.tools.calling import context, perform

INSIDE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.1", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1",
    "::", "::1", "fe80::1", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1", "2001::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1", "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1",
]  # fmt: skip
OUTSIDE = [
    "1.1.1.1", "8.8.8.8", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::1",
    "::ffff:8.8.8.8", "64:ff9b::808:808",
]  # fmt: skip


CARRYING = ["::ffff:0:0/96", "64:ff9b::/96", "2002::/16"]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_known_as_one(address: str) -> None:
    assert is_inside(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_the_open_internet_is_none(address: str) -> None:
    assert not is_inside(ipaddress.ip_address(address))


@given(address=st.ip_addresses())
def test_nothing_that_python_calls_private_counts_as_outside(address: Any) -> None:
    private = address.is_private or address.is_loopback or address.is_link_local or address.is_multicast
    carries_another = any(address in ipaddress.ip_network(net) for net in CARRYING if address.version == 6)
    if (private or address.is_reserved) and not carries_another:
        assert is_inside(address)


@given(address=st.ip_addresses(v=4))
def test_an_address_hides_in_no_form_of_ipv6(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    forms = [0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80 | 1]
    for form in forms:
        assert is_inside(ipaddress.IPv6Address(form)) == is_inside(address)


REFUSED = [
    "http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://0x7f000001/",
    "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/", "http://017700000001/", "http://1.2.3.4.5/", "http://0/",
    "http://127.0.0.1./", "http://localhost/", "http://LOCALHOST/", "http://169.254.169.254/latest/meta-data/",
    "http://api.example.com:8080/", "http://api.example.com.evil.test/", "http://evil.test/api.example.com",
    "http://api.example.com@evil.test/", "http://xn--api-example-com/", "http://evil.test#@api.example.com/", "http://evil.test\\@api.example.com/",
    "http://user:word@api.example.com/", "http://api.example.com\t.evil.test/", "http://api.example.com\n/",
    "http://xapi.example.com/", "ftp://api.example.com/", "file:///etc/passwd", "gopher://api.example.com/",
    "javascript:alert(1)", "//api.example.com/", "api.example.com", "", "http://", "http:///x", "http://[::1%25lo]/",
    "http://api.example.com%00.evil.test/", "http://a..b/", "https://[v1.x]/",
    "http://①②⑦.0.0.1/", "http://api.example.com:99999/", "http://api.example.com:-1/", "http://" + "a" * 9000,
    "https://docs.example.com/", "http://[fe80::1%25eth0]/", "http://api.example.com /",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_on_the_list_is_refused(address: str) -> None:
    with pytest.raises(EgressRefused):
        Egress(["api.example.com", "*.docs.example.com"]).check(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://api.example.com/", "https://API.Example.com./x?y#z", "https://api.example.com:443/", "https://a.docs.example.com/",
        "https://a.b.docs.example.com/", "https://secure.example.com/", "http://other.example.com:8080/",
    ],
)  # fmt: skip
def test_an_address_on_the_list_may_be_fetched(address: str) -> None:
    allow = ["api.example.com", "*.docs.example.com", "https://secure.example.com", "other.example.com:8080"]
    assert Egress(allow).check(address).fragment == ""


def test_a_name_in_other_letters_is_compared_as_it_travels() -> None:
    egress = Egress(["bücher.example", "*.zürich.example"])
    for address in ("https://bücher.example/", "https://xn--bcher-kva.example/", "https://a.ZÜRICH.example/"):
        egress.check(address)
    with pytest.raises(EgressRefused):
        egress.check("https://bucher.example/")


def test_a_scheme_or_a_port_on_the_list_is_meant() -> None:
    egress = Egress(["https://secure.example.com", "other.example.com:8080", "every.example.com:*"])
    for address in ("http://every.example.com/", "https://every.example.com:4711/"):
        assert egress.check(address)
    for address in ("http://secure.example.com/", "http://other.example.com/", "https://other.example.com/"):
        with pytest.raises(EgressRefused, match="not on the list"):
            egress.check(address)


def test_a_literal_address_inside_is_refused_even_from_the_list() -> None:
    with pytest.raises(EgressRefused, match="not on the open internet"):
        Egress(["10.0.0.1"]).check("http://10.0.0.1/")
    Egress([], ["10.0.0.1"]).check("http://10.0.0.1/")


@pytest.mark.parametrize(
    "text", ["*", "*.", "", "http://", "ftp://a.b", "a.b/path", "a b", "a.b:port", "-a.b", "a@b.c"]
)
def test_an_entry_that_names_no_host_is_refused(text: str) -> None:
    with pytest.raises(InvalidTool, match="names no host"):
        read_rule(text)


# --- http_fetch, over real connections ----------------------------------------------------------------------------


Lookup = Callable[[str, int], Any]


def answers(table: dict[str, Sequence[Sequence[str]]]) -> tuple[Lookup, list[str]]:
    """A name service that may answer differently every time it is asked."""
    asked: list[str] = []

    async def look_up(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        known = table[host]
        return known[min(asked.count(host), len(known)) - 1]

    return look_up, asked


@asynccontextmanager
async def site(*routes: web.RouteDef) -> AsyncGenerator[int]:
    """A web server on this machine."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def fetch(
    address: str, options: HttpOptions, lookup: Lookup | None = None, **given: Any
) -> dict[str, Any]:
    (tool,) = http_tools(options, lookup)
    tool.validate({"url": address})
    return (await tool.binding.perform({"url": address}, context(**given))).result


async def hello(request: web.Request) -> web.Response:
    return web.json_response({"path": request.path, "headers": dict(request.headers)})


async def test_a_page_is_fetched_by_name_from_a_host_that_may_lie_inside() -> None:
    lookup, asked = answers({"desk.internal": [["127.0.0.1"]]})
    async with site(web.get("/x", hello)) as port:
        told = await fetch(
            f"http://desk.internal:{port}/x", HttpOptions(private=(f"desk.internal:{port}",)), lookup
        )
    assert (told["status"], told["content_type"]) == (200, "application/json")
    assert '"path": "/x"' in told["text"]
    assert asked == ["desk.internal"]


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"]]
)
async def test_a_name_that_leads_inside_is_refused(addresses: list[str]) -> None:
    lookup, _ = answers({"evil.test": [addresses]})
    async with site(web.get("/", hello)) as port:
        with pytest.raises(EgressRefused, match="not on the open internet"):
            await fetch(f"http://evil.test:{port}/", HttpOptions(allow=(f"evil.test:{port}",)), lookup)


async def test_the_address_that_was_checked_is_the_one_that_is_connected_to() -> None:
    """DNS rebinding: whoever asks a second time is told an address inside."""
    lookup, asked = answers({"evil.test": [["127.0.0.1"], ["10.0.0.1"]]})
    async with site(web.get("/", hello)) as port:
        told = await fetch(f"http://evil.test:{port}/", HttpOptions(private=(f"evil.test:{port}",)), lookup)
    assert told["status"] == 200
    assert asked == ["evil.test"]


@pytest.mark.parametrize(
    "there",
    [
        "http://127.0.0.1:{port}/secret", "http://localhost:{port}/secret", "http://2130706433:{port}/secret",
        "http://[::ffff:7f00:1]:{port}/secret", "//127.0.0.1:{port}/secret", "http://other.test:{port}/secret",
        "file:///etc/passwd", "http://desk.internal@127.0.0.1:{port}/secret", "http://0x7f.1:{port}/secret", "gopher://x/",
        "http://127.0.0.1:{port}\\@desk.internal/secret",
    ],
)  # fmt: skip
async def test_a_redirect_is_checked_like_any_address(there: str) -> None:
    reached: list[str] = []

    async def secret(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response(text="canary")

    async def home(request: web.Request) -> web.Response:
        port = request.url.port
        return web.Response(status=302, headers={"Location": there.format(port=port)})

    async with site(web.get("/", home), web.get("/secret", secret)) as port:
        lookup, _ = answers({"desk.internal": [["127.0.0.1"]], "other.test": [["127.0.0.1"]]})
        options = HttpOptions(allow=(f"other.test:{port}",), private=(f"desk.internal:{port}",))
        with pytest.raises(EgressRefused):
            await fetch(f"http://desk.internal:{port}/", options, lookup)
    assert reached == []


async def test_a_redirect_on_the_list_is_followed_and_counted() -> None:
    async def on(request: web.Request) -> web.Response:
        left = int(request.match_info["left"])
        return (
            web.Response(text="there")
            if left == 0
            else web.Response(status=307, headers={"Location": f"/{left - 1}"})
        )

    async with site(web.get("/{left}", on)) as port:
        options = HttpOptions(private=(f"127.0.0.1:{port}",))
        assert (await fetch(f"http://127.0.0.1:{port}/5", options))["text"] == "there"
        with pytest.raises(ToolFailed, match="more than 5 times"):
            await fetch(f"http://127.0.0.1:{port}/6", options)


async def test_a_credential_goes_to_its_host_and_nowhere_else() -> None:
    seen: dict[str, str | None] = {}
    ports: list[int] = []

    async def home(request: web.Request) -> web.Response:
        seen["home"] = request.headers.get("Authorization")
        return web.Response(
            status=302, headers={"Location": f"http://other.test:{ports[0]}/away", "Set-Cookie": "a=b"}
        )

    async def away(request: web.Request) -> web.Response:
        seen["away"] = request.headers.get("Authorization")
        assert "Cookie" not in request.headers
        return web.Response(text="done")

    async def secret(name: str) -> str:
        return f"value of {name}"

    async with site(web.get("/", home), web.get("/away", away)) as port:
        ports.append(port)
        hosts = (f"desk.internal:{port}", f"other.test:{port}")
        options = HttpOptions(private=hosts, credentials={hosts[0]: "desk_token"})
        lookup, _ = answers({"desk.internal": [["127.0.0.1"]], "other.test": [["127.0.0.1"]]})
        await fetch(f"http://desk.internal:{port}/", options, lookup, secret=secret)
    assert seen == {"home": "Bearer value of desk_token", "away": None}
    assert http_tools(options)[0].manifest.secrets == ("desk_token",)


async def test_a_credential_never_travels_over_a_line_that_others_can_read() -> None:
    async def secret(name: str) -> str:
        return name

    options = HttpOptions(allow=("api.example.com",), credentials={"api.example.com": "token"})
    given = {
        scheme: await HttpBinding(options).credential(
            URL(f"{scheme}://api.example.com/"), context(secret=secret)
        )
        for scheme in ("https", "http")
    }
    assert given == {"https": "token", "http": None}


@pytest.mark.parametrize("packed", ["", "gzip", "deflate"])
async def test_a_page_without_end_is_cut(packed: str) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/plain"})
        if packed:
            answer.enable_compression(web.ContentCoding(packed))
        await answer.prepare(request)
        for _ in range(2_000):
            await answer.write(b"x" * 65_536)
        return answer

    async with site(web.get("/", endless)) as port:
        options = HttpOptions(private=(f"127.0.0.1:{port}",), largest=10_000)
        told = await fetch(f"http://127.0.0.1:{port}/", options)
    assert told["text"] == "x" * 10_000
    assert "10,000 bytes" in told["cut"]


async def test_what_is_no_text_is_marked() -> None:
    async def picture(_: web.Request) -> web.Response:
        return web.Response(body=b"\x89PNG\x00", content_type="image/png")

    async def broken(_: web.Request) -> web.Response:
        return web.Response(body=b"caf\xe9", headers={"Content-Type": "text/plain; charset=nonsense"})

    async with site(web.get("/p", picture), web.get("/t", broken)) as port:
        options = HttpOptions(private=(f"127.0.0.1:{port}",))
        assert (await fetch(f"http://127.0.0.1:{port}/p", options))["base64"] == "iVBORwA="
        assert (await fetch(f"http://127.0.0.1:{port}/t", options))["text"] == "caf\ufffd"


async def test_trouble_is_a_sentence(unused_tcp_port_of_nobody: int) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "100"})
        await answer.prepare(request)
        assert request.transport is not None
        request.transport.abort()
        return answer

    async def missing(_: web.Request) -> web.Response:
        return web.Response(status=404, text="no")

    async with site(web.get("/cut", cut), web.get("/missing", missing)) as port:
        options = HttpOptions(private=(f"127.0.0.1:{port}",))
        assert (await fetch(f"http://127.0.0.1:{port}/missing", options))["status"] == 404
        with pytest.raises(ToolFailed, match="no proper answer"):
            await fetch(f"http://127.0.0.1:{port}/cut", options)
    nobody = f"127.0.0.1:{unused_tcp_port_of_nobody}"
    with pytest.raises(Retry, match="cannot be reached"):
        await fetch(f"http://{nobody}/", HttpOptions(private=(nobody,)))


async def test_a_host_that_does_not_answer_is_given_up() -> None:
    import asyncio

    let_go = asyncio.Event()

    async def silent(_: web.Request) -> web.Response:
        await let_go.wait()
        return web.Response()

    async with site(web.get("/", silent)) as port:
        options = HttpOptions(private=(f"127.0.0.1:{port}",), seconds=0.2)
        with pytest.raises(ToolFailed, match=r"within 0.2 s"):
            await fetch(f"http://127.0.0.1:{port}/", options)
        let_go.set()


@pytest.fixture
def unused_tcp_port_of_nobody() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_http_fetch_cannot_be_taken_back_and_says_so() -> None:
    (tool,) = http_tools(HttpOptions(allow=("api.example.com",)))
    assert "api.example.com" in tool.manifest.description
    assert tool.manifest.effect == "read"
    with pytest.raises(EgressRefused):
        await perform(tool, url="http://169.254.169.254/")
