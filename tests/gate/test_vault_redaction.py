"""No secret shows: not in results, not in errors, not in log lines, in none of the forms in which values travel."""

from __future__ import annotations

import base64
import html
import json
import logging
import traceback
from collections.abc import Callable
from io import StringIO
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.action_errors import SecretUnavailable
from remit.domain.errors import ToolFailed
from remit.gate.secrets.redactor import SHORTEST, RedactingFilter, Redactor

CANARY = 'kv9/Qz+ä"x&7 f3k='


def hiding(value: str = CANARY) -> Redactor:
    redactor = Redactor()
    redactor.hide("crm_token", value)
    return redactor


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda v: v,
    "in a sentence": lambda v: f"Authorization: Bearer {v}\n",
    "json": lambda v: json.dumps({"token": v}),
    "json, not escaped": lambda v: json.dumps({"token": v}, ensure_ascii=False),
    "repr": lambda v: f"{[v]!r}",
    "query": lambda v: urlencode({"key": v}),
    "path": quote,
    "whole path": lambda v: quote(v, safe=""),
    "form": quote_plus,
    "html": html.escape,
    "base64": lambda v: base64.b64encode(v.encode()).decode(),
    "base64 for urls": lambda v: base64.urlsafe_b64encode(v.encode()).decode(),
    "basic login": lambda v: base64.b64encode(f"user:{v}".encode()).decode(),
    "basic login, shifted": lambda v: base64.b64encode(f"a:{v}!".encode()).decode(),
    "basic login, shifted again": lambda v: base64.b64encode(f"ab:{v}!!".encode()).decode(),
    "hex": lambda v: v.encode().hex(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_value_is_found_in_every_form(form: str) -> None:
    text = FORMS[form](CANARY)
    clean = hiding().text(text)
    assert "[secret crm_token]" in clean
    core = base64.b64encode(CANARY.encode()).decode()[4:-4]
    for shown in (CANARY, quote(CANARY), CANARY.encode().hex(), core):
        assert shown not in clean
    assert hiding().found_in({"deep": [text]}) == "crm_token"


@given(
    value=st.text(st.characters(codec="utf-8"), min_size=SHORTEST, max_size=40),
    around=st.tuples(st.text(max_size=9), st.text(max_size=9)),
    form=st.sampled_from(sorted(FORMS)),
)
def test_no_value_survives_in_any_form(value: str, around: tuple[str, str], form: str) -> None:
    clean = hiding(value).text(f"{around[0]}{FORMS[form](value)}{around[1]}")
    assert value not in clean or value in "[secret crm_token]"


def test_results_of_any_shape_are_cleaned_and_the_rest_is_left_alone() -> None:
    result = {"a": [CANARY, 5, None, {"b": f"x{CANARY}y"}], CANARY: True, "c": 1.5}
    clean = hiding().value(result)
    assert clean == {
        "a": ["[secret crm_token]", 5, None, {"b": "x[secret crm_token]y"}],
        "[secret crm_token]": True,
        "c": 1.5,
    }
    untouched = {"a": ["innocent", 5]}
    assert hiding().value(untouched) == untouched
    assert Redactor().value(untouched) is untouched


def test_a_number_can_be_a_secret() -> None:
    redactor = hiding("4929123412341234")
    assert redactor.value({"card": 4929123412341234, "other": 5}) == {
        "card": "[secret crm_token]",
        "other": 5,
    }
    assert redactor.found_in([4929123412341234]) == "crm_token"


def test_parts_of_a_secret_that_are_secret_themselves() -> None:
    pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END KEY-----\n"
    redactor = hiding(
        json.dumps({"type": "service_account", "private_key": pem, "project": "my-project-name"})
    )
    assert redactor.text("line MIIEvQIBADANBgkqhkiG9w0B of it") == "line [secret crm_token] of it"
    assert redactor.text("service_account of my-project-name -----BEGIN KEY-----") == (
        "service_account of my-project-name -----BEGIN KEY-----"
    )


def test_a_short_value_is_not_looked_for() -> None:
    assert hiding("12345").text("it costs 12345") == "it costs 12345"


def test_a_value_is_looked_for_as_long_as_anybody_has_it() -> None:
    redactor = hiding()
    redactor.hide("crm_token", CANARY)
    redactor.show("crm_token", CANARY)
    assert redactor.found_in(CANARY)
    redactor.show("crm_token", CANARY)
    assert not redactor.found_in(CANARY)
    redactor.keep("crm_token", CANARY)
    redactor.show("crm_token", CANARY)
    assert redactor.found_in(CANARY)


def failing_with(value: str) -> list[BaseException]:
    """Errors as they carry words: in arguments, attributes, notes, causes and groups."""
    noted = ValueError("wrong")
    noted.add_note(f"sent {value}")
    caused = RuntimeError("outer")
    caused.__cause__ = ToolFailed(f"inner {value}")
    contexted = RuntimeError("outer")
    contexted.__context__ = KeyError(value)
    odd = ToolFailed("wrong")
    vars(odd)["detail"] = {"token": [value]}
    return [
        ToolFailed(f"401 for {value}"), ValueError({"token": value}), KeyError(value), ValueError(("a", [value])),
        OSError(2, f"no {value}", f"folder/{value}"), SecretUnavailable(f"no {value}", f"try {value}"),
        ConnectionError(f"https://x/?key={quote(value)}"), ValueError(value.encode()), noted, caused, contexted, odd,
        ExceptionGroup("several", [ValueError(value), OSError(value)]),
        UnicodeDecodeError("utf-8", b"x", 0, 1, value),
        json.JSONDecodeError("bad", f'{{"token": "{value}"}}', 0),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(len(failing_with(""))))
def test_errors_leave_without_secrets(number: int) -> None:
    value = "kv9Qz7f3k-canary"
    wrong = failing_with(value)[number]
    with pytest.raises(type(wrong)) as raised, hiding(value).scrubbing():
        raise wrong
    shown = "".join(traceback.format_exception(raised.value))
    said = f"{raised.value} {raised.value!r} {raised.value.args} {vars(raised.value)}"
    # a traceback quotes source lines; the value itself stands in none of ours
    assert value not in shown + said
    assert quote(value) not in shown + said


def test_a_cycle_of_causes_has_an_end() -> None:
    one, two = ValueError(CANARY), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    hiding().scrub(one)
    assert CANARY not in str(one)


def test_log_lines_are_cleaned_whoever_writes_them() -> None:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter(hiding("kv9Qz7f3k-canary")))
    logger = logging.getLogger("remit.tests.redaction")
    logger.propagate = False
    logger.addHandler(handler)
    logger.error("token %s", "kv9Qz7f3k-canary")
    logger.error("it failed", exc_info=ValueError("kv9Qz7f3k-canary"))
    logger.removeHandler(handler)
    assert "kv9Qz7f3k-canary" not in stream.getvalue()
    assert stream.getvalue().count("[secret crm_token]") == 2


def test_a_large_result_is_cleaned_in_a_moment() -> None:
    redactor = Redactor()
    for number in range(50):
        redactor.hide(f"secret_{number}", f"value-number-{number}-of-many")
    large = {"rows": ["innocent text of some length"] * 50_000, "last": "value-number-7-of-many"}
    assert redactor.value(large)["last"] == "[secret secret_7]"
