"""The words in which people ask for things and in which tools are named: verbs, what they do, and what to.

A small English lexicon, as data. It only widens or narrows which tools a request seems to ask for; to what and to
whom they may act is a question of values, never of words.
"""

from __future__ import annotations

import re
from functools import lru_cache

from remit.policy.provenance.languages import in_pairs

_EMPTY = """
a an the this that these those my your his her its our their me you him them us i we he she it they who whom
which what where when why how and or but nor so yet if then else than as of in on at to from by for with without
about into onto over under after before between during through against is are was were be been being am do does
did done have has had having will would shall should can could may might must not no yes please also too just
only very there here all any each every both some other another same such own one two three first second last
next new now today tomorrow yesterday again because while until since out up down off more most less least many
much few several let lets make sure don't can't it's i'm i'd i'll i've thanks thank hello hi dear okay ok
according accordingly based using via per that's there's following follow like need needs want wants based
called named titled
"""
EMPTY_WORDS = frozenset(_EMPTY.split())

_VERBS = """
send: send email mail message text forward notify tell inform reply respond write post share
pay: pay transfer refund reimburse wire repay remit compensate return settle send
create: create make add schedule book plan write draft generate new put arrange organise organize setup set upload save
update: update change adjust modify edit set correct fix amend alter replace rename refresh revise switch
move: reschedule move postpone shift delay
delete: delete remove cancel clear drop erase discard unsubscribe kick
share: share grant give provide
invite: invite add include
append: append add extend
reserve: reserve book
read: read visit open browse fetch get access summarise summarize check look go view
post: post publish upload put create
run: run execute start
"""
VERBS: dict[str, frozenset[str]] = {}
"""A verb's stem, and what it may mean."""

_CARRIES = {
    "pay": "money", "transfer": "money", "refund": "money", "reimburse": "money", "wire": "money", "repay": "money",
    "compensate": "money", "email": "email", "mail": "email", "invite": "participant", "reschedule": "event",
    "reply": "message", "message": "message", "text": "message", "postpone": "event", "forward": "message",
}  # fmt: skip
"""What some verbs say without saying it."""

PHRASES: dict[str, frozenset[str]] = {
    "give me": frozenset(), "show me": frozenset(), "tell me": frozenset(), "let me": frozenset(),
    "give us": frozenset(),
    "set up": frozenset({"create"}), "make sure": frozenset(), "make up": frozenset(), "look up": frozenset({"read"}),
    "sign up": frozenset({"create"}), "give back": frozenset({"pay"}), "pay back": frozenset({"pay"}),
    "send back": frozenset({"pay", "send"}), "take out": frozenset({"delete"}), "check in": frozenset({"reserve"}),
}  # fmt: skip
"""Two words that are one verb, or none."""

_ALIKE = """
email mail message inbox
event appointment meeting calendar lunch dinner reminder session call
file document doc drive attachment list sheet folder report
money transaction payment bill invoice rent amount fee salary fund order
participant attendee guest people person
user member account profile info information address detail
channel room group
message dm note post text
password passphrase pin credential
reservation booking room table stay
page website webpage link site url web blog
ticket case issue
"""
_GROUPS: dict[str, frozenset[str]] = {}

_IRREGULAR = {
    "sent": "send", "paid": "pay", "written": "write", "wrote": "write", "made": "make", "put": "put", "gave": "give",
    "given": "give", "set": "set", "people": "people", "bought": "buy", "info": "info", "does": "do", "goes": "go",
}  # fmt: skip
_STEM = 3
_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A word without its ending, near enough to compare."""
    word = word.casefold().replace("'s", "").replace("’s", "")
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ied", "y"), ("ed", ""), ("s", "")):
        if (
            word.endswith(ending)
            and len(word) - len(ending) >= _STEM
            and not (ending == "s" and word.endswith("ss"))
        ):
            word = word[: -len(ending)] + instead
            if ending in {"ing", "ed"} and len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":  # noqa: PLR2004
                word = word[:-1]
            break
    return word.removesuffix("e") if len(word) > 3 else word  # noqa: PLR2004


def parts_of(name: str) -> tuple[str, ...]:
    """The words that a tool's name is made of."""
    return tuple(part.casefold() for part in _PART.findall(name))


def words_split(text: str) -> list[str]:
    """The words of a text, small; where none are told apart by spaces, neighbouring characters."""
    found = [match[0].casefold() for match in _WORDS.finditer(text)]
    return found if text.isascii() else [part for word in found for part in in_pairs(word)]


def means(verb: str) -> frozenset[str]:
    """What a verb may mean; nothing if it is none that we know."""
    return VERBS.get(stem(verb), frozenset())


def carries(verb: str) -> str:
    """The thing that a verb speaks of without naming it."""
    return _BY_STEM.get(stem(verb), "")


def alike(one: str, other: str) -> bool:
    """Whether two nouns may mean the same thing."""
    one, other = stem(one), stem(other)
    return one == other or bool(_GROUPS.get(one, frozenset()) & _GROUPS.get(other, frozenset()))


def _read_lexicon() -> None:
    for line in _VERBS.strip().splitlines():
        concept, _, verbs = line.partition(":")
        for verb in verbs.split():
            VERBS[stem(verb)] = VERBS.get(stem(verb), frozenset()) | {concept}
    for line in _ALIKE.strip().splitlines():
        for noun in line.split():
            _GROUPS[stem(noun)] = _GROUPS.get(stem(noun), frozenset()) | {line}


_read_lexicon()
_BY_STEM = {stem(verb): thing for verb, thing in _CARRIES.items()}
