"""Finds credentials of well-known forms: by the checksum or structure they carry, else by a prefix that is theirs.

It knows forms, not values: the secrets of this workspace are kept out by the vault, which knows them.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from remit.policy.detectors import checksums
from remit.policy.detectors.finding import SECRET, Found, apart

if TYPE_CHECKING:
    from collections.abc import Callable

_B62 = "[A-Za-z0-9]"
_BEFORE = r"(?<![A-Za-z0-9_-])"
_AFTER = r"(?![A-Za-z0-9_-])"


class _Rule(NamedTuple):
    kind: str
    hint: str
    """What must stand in the text at all, so that most texts are not searched."""
    pattern: re.Pattern[str]
    holds: Callable[[re.Match[str]], bool] | None = None


def _crc(match: re.Match[str]) -> bool:
    return checksums.crc_token(match["body"], match["check"])


def _is_jwt(match: re.Match[str]) -> bool:
    try:
        header: object = json.loads(
            base64.urlsafe_b64decode(match["header"] + "=" * (-len(match["header"]) % 4))
        )
    except ValueError:
        return False
    return isinstance(header, dict) and "alg" in header


def _rule(kind: str, hint: str, pattern: str, holds: Callable[[re.Match[str]], bool] | None = None) -> _Rule:
    return _Rule(kind, hint, re.compile(_BEFORE + pattern + _AFTER), holds)


_RULES = (
    _rule("github_token", "gh", rf"gh[pousr]_(?P<body>{_B62}{{30}})(?P<check>{_B62}{{6}})", _crc),
    _rule("github_token", "github_pat_", rf"github_pat_{_B62}{{22}}_{_B62}{{59}}"),
    _rule("npm_token", "npm_", rf"npm_(?P<body>{_B62}{{30}})(?P<check>{_B62}{{6}})", _crc),
    _rule("aws_access_key", "A", r"(?:AKIA|ASIA)[A-Z2-7]{16}"),
    _rule("slack_token", "xox", r"xox[abeoprs]-[A-Za-z0-9-]{20,250}"),
    _rule("stripe_key", "_live_", rf"[rs]k_live_{_B62}{{24,247}}"),
    _rule("google_api_key", "AIza", r"AIza[A-Za-z0-9_-]{35}"),
    _rule("anthropic_key", "sk-ant-", r"sk-ant-[a-z0-9]+-[A-Za-z0-9_-]{40,200}"),
    _rule("openai_key", "T3BlbkFJ", r"sk-[A-Za-z0-9_-]{0,120}T3BlbkFJ[A-Za-z0-9_-]{20,120}"),
    _rule("gitlab_token", "glpat-", r"glpat-[A-Za-z0-9_-]{20,60}"),
    _rule("huggingface_token", "hf_", rf"hf_{_B62}{{34}}"),
    _rule("remit_key", "rk_", r"rk_[0-9A-Za-z]{10}_[0-9A-Za-z_-]{20,80}"),
    _rule("jwt", "eyJ", r"(?P<header>eyJ[A-Za-z0-9_-]{5,})\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{10,}", _is_jwt),
    _Rule("private_key", "PRIVATE KEY", re.compile(
        r"-----BEGIN (?P<what>[A-Z ]*PRIVATE KEY(?: BLOCK)?)-----.*?(?:-----END (?P=what)-----|\Z)", re.DOTALL
    )),
    _Rule("password_in_url", "://", re.compile(r"(?<=://)[^\s/:@]{1,100}:(?!\*+@)[^\s/@]{3,200}(?=@[\w.-])")),
)  # fmt: skip
KINDS = tuple(dict.fromkeys(rule.kind for rule in _RULES))


def secret_values(text: str) -> list[Found]:
    """Every place, in the order of the text, none twice."""
    found: list[Found] = []
    for rule in _RULES:
        if rule.hint in text:
            checked = rule.holds is not None
            found += [
                Found(*match.span(), rule.kind, SECRET, checked)
                for match in rule.pattern.finditer(text)
                if rule.holds is None or rule.holds(match)
            ]
    return apart(found)
