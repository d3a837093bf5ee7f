"""Names in SQL: quoted, so that they are names whatever they hold, and each once."""

from __future__ import annotations


def quoted(name: str) -> str:
    """A name as SQL reads it."""
    return '"' + name.replace('"', '""') + '"'


def distinct(names: list[str]) -> list[str]:
    """Names of the columns of an answer; the second `id` is `id_2`."""
    found: list[str] = []
    for name in names:
        given, number = name, 2
        while given in found:
            given, number = f"{name}_{number}", number + 1
        found.append(given)
    return found
