"""The ledger of a run: which references it has looked up, what it has seen of whom, which slots it has used.

A fold over what the log says took place, and nothing else: folding the same events again gives the same ledger. Labels
come from manifests; results are looked into for nothing but the references that the manifest names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from remit.domain.event import object_of
from remit.domain.labels import OPEN, UNKNOWN, Integrity, Label, joined
from remit.policy.leaves import leaves
from remit.policy.provenance.parsers import Known, known, same_day
from remit.policy.provenance.references import MOST, references_in, rows_of
from remit.policy.provenance.selectors import Table
from remit.policy.provenance.wording import words_split

if TYPE_CHECKING:
    from remit.domain.contracts import Contract
    from remit.domain.tools import ToolManifest

Json = Any

_LEAST_INTEGRITY = Integrity.ENDORSED
_MOST_ROWS = 500
_MOST_TABLES = 32


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of one call, in the conversation that made it."""

    tool: str
    data_class: str
    label: Label
    told: bool = False
    """Whether a model that may read it has spoken since."""


class Ledger:
    """What one run has seen and done under its contract."""

    def __init__(self, contract: Contract, team: str = "") -> None:
        self.contract = contract
        self.team = team
        self.references: dict[str, dict[Known, Json]] = {}
        """By directory and field: the one form of each member, and how the directory writes it."""
        self.tables: list[Table] = []
        self.used: list[int] = [0] * len(contract.slots)
        self.done: set[tuple[int, str]] = set()
        """For which protected arguments each slot was used, where no two calls may be for the same."""
        self.contexts: dict[str, Label] = {}
        """What each asking of a model has in sight, joined."""
        self.apart: dict[str, Label] = {}
        """Of that, what is no result of a tool that the same asking called: recalled, inherited, told."""
        self.results: dict[str, dict[str, Seen]] = {}
        """And the results of its own calls, each by its call."""
        self._literals = {known(value): value for value in contract.literals}

    # --- what comes in --------------------------------------------------------------------------------

    def saw(
        self,
        manifest: ToolManifest,
        arguments: dict[str, Json],
        result: Json,
        call: str = "",
        context: str = "",
    ) -> Label:
        """A call took place and this came of it; gives the label of the result."""
        label = label_of(manifest, self.team, call)
        self._join(label, context)
        own = self.results.setdefault(context, {})
        own.setdefault(call or f"#{len(own)}", Seen(manifest.name, manifest.label.data_class, label))
        if manifest.effect.acts or manifest.label.trusted or self.endorses(manifest, arguments):
            self._endorse(manifest, arguments, result)
        return label

    def sees(self, label: Label, context: str = "") -> None:
        """Something of this label came into sight."""
        self._join(label, context)
        self.apart[context] = joined((self.apart.get(context, OPEN), label))

    def _join(self, label: Label, context: str) -> None:
        self.contexts[context] = joined((self.contexts.get(context, OPEN), label))

    def answered(self, reader: str, context: str = "") -> None:
        """A model of this provider answered: what it may read, its words may hold from then on."""
        own = self.results.get(context, {})
        for call, seen in own.items():
            if not seen.told and seen.label.may_see(reader):
                own[call] = replace(seen, told=True)

    def use(self, slot: int, key: str = "") -> None:
        """A call of this slot takes place."""
        self.used[slot] += 1
        if self.contract.slots[slot].distinct:
            self.done.add((slot, key))

    # --- what is asked of it --------------------------------------------------------------------------

    def visible(self, context: str = "", carried: tuple[str, ...] = ()) -> Label:
        """The label of all that a model has in sight, whatever it writes may come from there; and of what it passes on
        without having seen it, which others had in sight.
        """
        label = self.contexts.get(context, OPEN)
        return joined((label, *(self.contexts.get(each, UNKNOWN) for each in carried))) if carried else label

    def hidden_from(self, reader: str, context: str = "") -> list[tuple[str, str]] | None:
        """Which tools gave what this reader may not see, each with its class, once for every call; None if something
        else did, or a model that may see it has spoken since.
        """
        hidden = [each for each in self.results.get(context, {}).values() if not each.label.may_see(reader)]
        if not self.apart.get(context, OPEN).may_see(reader) or any(each.told for each in hidden):
            return None
        return [(each.tool, each.data_class) for each in hidden]

    def literal(self, value: Known) -> Json | None:
        """What the user wrote, if it is this value; numbers and short values are known in their place alone."""
        return None if value.short else self._literals.get(value)

    def reference(self, value: Known, directory: str = "*") -> tuple[str, Json] | None:
        """The directory that has this member, and how it writes it."""
        for name, members in self.references.items():
            if directory in {"*", name, name.partition(".")[0]} and value in members:
                return name, members[value]
        return None

    def named_in(self, directory: str) -> frozenset[Known]:
        """The members of a directory that the request names: where there is one, no other will do."""
        return frozenset(self._literals.keys() & self.references[directory].keys())

    def endorses(self, manifest: ToolManifest, arguments: dict[str, Json]) -> bool:
        """Whether nobody but the user and trusted directories chose what was searched for."""
        properties = object_of(manifest.parameters.get("properties"))
        for name, value in arguments.items():
            said = object_of(properties.get(name))
            if "default" in said and said["default"] == value:
                continue
            if not all(self._is_endorsed(leaf, said) for leaf in leaves(value)):
                return False
        return True

    def _is_endorsed(self, value: Json, said: dict[str, Json]) -> bool:
        if not isinstance(value, str):
            return True  # it counts or pages; it names nothing
        if value == "" or value in (said.get("enum") or ()):
            return True
        found = known(value)
        if found in self._literals or self.reference(found) is not None:
            return True
        if found.typed:
            return any(same_day(found, each) for each in self._literals)
        words = words_split(value)
        return bool(words) and all(word in self.contract.words for word in words)

    def _endorse(self, manifest: ToolManifest, arguments: dict[str, Json], result: Json) -> None:
        directory = manifest.label.source or manifest.name
        fields: set[str] = set()
        for count, (field, value) in enumerate(references_in(manifest, result)):
            if count >= MOST:
                break
            fields.add(field)
            self.references.setdefault(f"{directory}.{field}", {}).setdefault(known(value), value)
        rows = rows_of(result)
        if fields and rows and not manifest.effect.acts and len(rows) <= _MOST_ROWS:
            table = Table(directory, manifest.name, arguments, tuple(rows), frozenset(fields))
            self.tables = [*self.tables[-_MOST_TABLES:], table]

    # --- restarts and children ------------------------------------------------------------------------

    def child(self, context: str, inherits: str = "") -> None:
        """Another agent begins, and is told what the one that lets it act has in sight."""
        self.contexts.setdefault(context, self.visible(inherits))
        self.apart.setdefault(context, self.contexts[context])

    def plain(self) -> dict[str, Json]:
        """As JSON: what the next generation of the run starts with."""
        return {
            "team": self.team, "used": list(self.used), "done": sorted([slot, key] for slot, key in self.done),
            "references": {name: list(members.values()) for name, members in self.references.items()},
            "contexts": {name: label.plain() for name, label in self.contexts.items()},
        }  # fmt: skip

    @classmethod
    def of(cls, contract: Contract, plain: dict[str, Json]) -> Ledger:
        """Out of JSON. Tables are not kept: a selector looks again."""
        ledger = cls(contract, plain["team"])
        ledger.used = list(plain["used"])
        ledger.done = {(slot, key) for slot, key in plain["done"]}
        ledger.references = {
            name: {known(value): value for value in values} for name, values in plain["references"].items()
        }
        ledger.contexts = {name: Label.of(label) for name, label in plain["contexts"].items()}
        ledger.apart = dict(ledger.contexts)  # the conversation may have been summarised meanwhile
        return ledger


def label_of(manifest: ToolManifest, team: str, call: str = "") -> Label:
    """The label of a result, by the manifest and never by its content."""
    declared = manifest.label
    readers = frozenset(declared.readers) if declared.readers else frozenset({f"team:{team}", "provider:*"})
    integrity = Integrity.ENDORSED if declared.trusted else Integrity.UNTRUSTED
    source = f"tool:{manifest.name}#{call}" if call else f"tool:{manifest.name}"
    return Label(integrity, None if "*" in readers else readers, (source,))


def key_of(arguments: dict[str, Json]) -> str:
    """The one form of some arguments."""
    return json.dumps(arguments, sort_keys=True, separators=(",", ":"))
