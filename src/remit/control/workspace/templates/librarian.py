"""A first agent: it looks books up and lends them. What it can touch is what its tools do, and nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from remit import Agent, Budget, allow, bind, contract, tool

SHELF = Path(__file__).resolve().parent.parent / "shelf.json"


@dataclass(frozen=True)
class Book:
    """A book, and who has it."""

    title: str
    reader: str = ""


@dataclass(frozen=True)
class Answer:
    """What the librarian says in the end."""

    lent: bool
    reply: str


@tool(effect="read", reads="library")
def find_book(title: str) -> Book:
    """Look a book up: whether somebody has it."""
    return _books().get(title, Book(title))


@tool(effect="write", undo="restore", object="books/{title}", roles={"title": "object"})
def lend(title: str, reader: str) -> Book:
    """Note that a reader has taken a book."""
    return _keep(Book(title, reader))


@lend.before
def as_it_stands(title: str, **_: object) -> Book:
    """What undo will need; it is read before the write, and written into its claim."""
    return _books().get(title, Book(title))


@lend.restore
def put_back(book: Book) -> None:
    """How a lend is taken back."""
    _keep(book)


librarian = Agent(
    "librarian",
    prompt="prompts/librarian.md",
    tools=[find_book, lend],
    output=Answer,
    budget=Budget(usd=0.05, steps=6, seconds=60),
    contract=contract(
        allow(lend, times=1, title=bind.words(), reader=bind.words())
    ),  # what the reader asked for
)


def _books() -> dict[str, Book]:
    known: dict[str, dict[str, Any]] = json.loads(SHELF.read_text("utf-8")) if SHELF.exists() else {}
    return {title: Book(**book) for title, book in known.items()}


def _keep(book: Book) -> Book:
    books = {**_books(), book.title: book}
    SHELF.write_text(json.dumps({title: asdict(each) for title, each in books.items()}, indent=2), "utf-8")
    return book
