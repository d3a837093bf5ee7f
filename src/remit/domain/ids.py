"""Identifiers: what they look like, how they are made, how a person may shorten them.

A run id starts with its creation time, so runs sort by age and a partition by time keeps a run whole (S4).
A child's id extends its parent's, so ancestry can be read from the id alone.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_DIGITS = 10
_RANDOM_DIGITS = 6
_CODE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")


def new_run_id(now: int) -> str:
    """A fresh run id for a run created at `now` (microseconds)."""
    return f"r-{_encode(now // 1000, _TIME_DIGITS)}{_encode(_dice.getrandbits(30), _RANDOM_DIGITS)}"


def scheduled_run_id(due: int, schedule: str) -> str:
    """The one id of the run that `schedule` owes at `due`: two schedulers cannot create it twice."""
    return f"r-{_encode(due // 1000, _TIME_DIGITS)}{_derive(schedule, _RANDOM_DIGITS)}"


def child_run_id(parent: str, path: str) -> str:
    """The id of the child that `parent` spawns at `path`: the same on every execution."""
    return f"{parent}.{_derive(f'{parent}|{path}', 6)}"


def approval_id(run: str, path: str) -> str:
    """The id of the question that `run` asks at `path`."""
    return f"a-{_derive(f'{run}|{path}', 8)}"


def worker_id() -> str:
    """A fresh id for one worker process."""
    return f"w-{_encode(secrets.randbits(50), 10)}"


def is_descendant(run: str, ancestor: str) -> bool:
    """Whether `run` is `ancestor` or one of its children at any depth."""
    return run == ancestor or run.startswith(f"{ancestor}.")


def is_code_name(name: str) -> bool:
    """Whether `name` may stand in a path: an identifier of code, never data about a person (S7)."""
    return _CODE_NAME.fullmatch(name) is not None


def _shake() -> None:
    """Ids have to differ, also from those of a forked child; nobody is kept out by one."""
    _dice.seed(secrets.token_bytes(32))


_dice = random.Random()  # noqa: S311 - as above
_shake()
os.register_at_fork(after_in_child=_shake)


def _encode(number: int, digits: int) -> str:
    return "".join([_ALPHABET[(number >> shift) & 31] for shift in range(5 * (digits - 1), -1, -5)])


def _derive(text: str, digits: int) -> str:
    return _encode(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"), digits)
