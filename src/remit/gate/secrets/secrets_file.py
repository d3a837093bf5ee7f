"""`secrets.toml`: which secrets there are and where they are kept. It holds names and places, never a value."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from remit.domain.errors import InvalidSetting
from remit.gate.secrets.secret_backend import BackendSpec

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE = "secrets.toml"
REFERENCE = "secret:"
PRINCIPAL = "principal"
"""As a subject token: the one that the run's user came with."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_KINDS = {"env": "environment"}
_BACKENDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "environment": ((), ("prefix",)),
    "file": (("root",), ()),
    "vault": (("address",), ("mount", "version", "namespace", "ca", "token", "role_id", "secret_id")),
    "aws": ((), ("region", "profile", "endpoint")),
    "azure": (("url",), ()),
}
"""For each kind: what it needs, and what it may have."""

_MINTED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "client_credentials": (
        ("token_url", "client_id", "client_secret"),
        ("scope", "audience", "resource", "auth"),
    ),
    "token_exchange": (
        ("token_url", "subject_token"),
        ("client_id", "client_secret", "scope", "audience", "resource", "auth", "subject_token_type",
         "requested_token_type", "actor_token", "actor_token_type"),
    ),
}  # fmt: skip
_SECTIONS = ("backends", "secrets")
_SENSITIVE = ("client_secret", "subject_token", "actor_token", "token", "secret_id")


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A value that a back end keeps."""

    name: str
    backend: str
    at: str
    """Its name there; `{user}` stands for the user of the run."""
    ttl: float = 300.0
    """Seconds after which it is read again."""


@dataclass(frozen=True, slots=True)
class MintedSecret:
    """A short-lived token that is asked for when a call needs one."""

    name: str
    kind: str
    options: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class SecretsFile:
    """Everything the file says; the environment is always among its back ends."""

    backends: dict[str, BackendSpec] = field(default_factory=dict[str, BackendSpec])
    secrets: dict[str, StoredSecret | MintedSecret] = field(
        default_factory=dict[str, "StoredSecret | MintedSecret"]
    )

    def names(self, *, idle: bool = True) -> dict[str, list[str]]:
        """The secrets that are named in here, and by whom: by a token that is made with them, by a back end that they
        open. Without `idle`, back ends that keep nothing do not count.
        """
        busy = {each.backend for each in self.secrets.values() if isinstance(each, StoredSecret)}
        users = [
            (f"secret {each.name}", each.options)
            for each in self.secrets.values()
            if isinstance(each, MintedSecret)
        ] + [
            (f"back end {name}", each.options) for name, each in self.backends.items() if idle or name in busy
        ]
        found: dict[str, list[str]] = {}
        for who, options in users:
            for value in options.values():
                if value.startswith(REFERENCE):
                    found.setdefault(value.removeprefix(REFERENCE), []).append(who)
        return found


def read_secrets(workspace: Path, environment: str = "") -> SecretsFile:
    """The file of a workspace, or one sentence on the first thing that cannot be; without a file, nothing.

    What `[environments.NAME]` says of a back end or a secret counts there instead of what stands outside.
    """
    path = workspace / FILE
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return parse_secrets({}, environment)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise InvalidSetting(f"{path} is not TOML: {str(wrong).rstrip('.')}.", "Mend that place.") from None
    except OSError as wrong:
        raise InvalidSetting(f"{path} cannot be read: {wrong.strerror}.") from None
    return parse_secrets(table, environment)


def parse_secrets(table: dict[str, Any], environment: str = "") -> SecretsFile:
    """What the tables of the file mean; every environment is read, so that a mistake does not wait for its day."""
    _refuse_unknown(table, (*_SECTIONS, "environments"), "section", "")
    chosen = _parsed(table)
    for name, each in _tables(table, "environments"):
        _refuse_unknown(each, _SECTIONS, "section", f"[environments.{name}]")
        there = _parsed(
            {section: {**table.get(section, {}), **each.get(section, {})} for section in _SECTIONS}
        )
        chosen = there if name == environment else chosen
    return chosen


def _parsed(table: dict[str, Any]) -> SecretsFile:
    backends = {name: _backend(name, each) for name, each in _tables(table, "backends")}
    backends.setdefault("env", BackendSpec("env", "environment"))
    secrets = {name: _secret(name, each, backends) for name, each in _tables(table, "secrets")}
    for secret in secrets.values():
        if isinstance(secret, MintedSecret):
            _check_references(secret, secrets)
    return SecretsFile(backends, secrets)


def _backend(name: str, table: dict[str, Any]) -> BackendSpec:
    place = f"[backends.{name}]"
    kind = _KINDS.get(str(table.get("kind", name)), str(table.get("kind", name)))
    if kind not in _BACKENDS:
        raise InvalidSetting(
            f'{FILE}: {place} has kind "{kind}"{_nearest(kind, _BACKENDS)}.',
            f"It is one of {', '.join(_BACKENDS)}.",
        )
    options = _texts({key: value for key, value in table.items() if key != "kind"}, place, *_BACKENDS[kind])
    if kind == "vault" and bool(options.get("role_id")) != bool(options.get("secret_id")):
        raise InvalidSetting(f"{FILE}: {place} needs role_id and secret_id together, or neither.")
    return BackendSpec(name, kind, options)


def _secret(
    name: str, table: dict[str, Any], backends: dict[str, BackendSpec]
) -> StoredSecret | MintedSecret:
    place = f"[secrets.{name}]"
    kind = table.get("kind")
    if kind is not None:
        if kind not in _MINTED:
            raise InvalidSetting(
                f'{FILE}: {place} has kind "{kind}"{_nearest(str(kind), _MINTED)}.',
                f"It is one of {', '.join(_MINTED)}; a secret that is kept somewhere has a backend instead.",
            )
        rest = {key: value for key, value in table.items() if key != "kind"}
        return MintedSecret(name, kind, _texts(rest, place, *_MINTED[kind]))
    options = _texts(table, place, ("backend",), ("name", "ttl"))
    if options["backend"] not in backends:
        raise InvalidSetting(
            f'{FILE}: {place} names the backend "{options["backend"]}", which is not described'
            f"{_nearest(options['backend'], backends)}.",
            f"Describe it: [backends.{options['backend']}]",
        )
    ttl = options.get("ttl", "300")
    if not ttl.replace(".", "", 1).isdecimal():
        raise InvalidSetting(f'{FILE}: {place} has the ttl "{ttl}"; it takes seconds.')
    return StoredSecret(name, options["backend"], options.get("name") or name, float(ttl))


def _check_references(secret: MintedSecret, secrets: dict[str, StoredSecret | MintedSecret]) -> None:
    for key, value in secret.options.items():
        if value.startswith(REFERENCE) and isinstance(
            secrets.get(value.removeprefix(REFERENCE)), MintedSecret
        ):
            raise InvalidSetting(
                f'{FILE}: [secrets.{secret.name}] makes its token with "{value}", which is a token itself.',
                f"Let {key} name a secret that a back end keeps.",
            )


def _tables(table: dict[str, Any], section: str) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    inside = table.get(section, {})
    if not isinstance(inside, dict):
        raise InvalidSetting(f'{FILE}: "{section}" is a section; write [{section}.NAME] and its keys below.')
    for name, each in cast("dict[str, Any]", inside).items():
        if not isinstance(each, dict) or _NAME.fullmatch(name) is None:
            raise InvalidSetting(f"{FILE}: write [{section}.{name}] with a plain name, and its keys below.")
        found.append((name, cast("dict[str, Any]", each)))
    return found


def _texts(
    table: dict[str, Any], place: str, needed: Iterable[str], allowed: Iterable[str]
) -> dict[str, str]:
    known = (*needed, *allowed)
    _refuse_unknown(table, known, "key", place)
    found: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise InvalidSetting(f"{FILE}: {place} has {key} = {value}; it takes text in quotes.")
        named = str(value).startswith(REFERENCE) or (key == "subject_token" and value == PRINCIPAL)
        if key in _SENSITIVE and not named:
            # the value itself is not repeated here: it is a secret in the wrong place
            raise InvalidSetting(
                f"{FILE}: {place} holds the value of {key}; this file holds names, never values.",
                f'Keep the value in a back end, and name it: {key} = "{REFERENCE}NAME".',
            )
        found[key] = str(value)
    for key in needed:
        if not found.get(key):
            raise InvalidSetting(f"{FILE}: {place} needs {key}.", f"It takes {', '.join(known)}.")
    return found


def _refuse_unknown(table: dict[str, Any], known: Iterable[str], what: str, place: str) -> None:
    known = tuple(known)
    for key in table:
        if key not in known:
            where = f"{place} has" if place else "there is"
            raise InvalidSetting(
                f'{FILE}: {where} the {what} "{key}", which means nothing{_nearest(key, known)}.',
                f"It takes {', '.join(known)}.",
            )


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f' (nearest: "{near[0]}")' if near else ""
