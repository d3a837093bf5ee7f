"""The part of the office where people are: the inbox, users and keys, grants, proposals. It only hands on."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from remit.domain.approvals import UNCHANGED
from remit.domain.on_use import on_use

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from remit.control.approving import canaries, grants, inbox, numbers, proposals, rating
    from remit.control.approving.views import GrantView, InboxItem, InboxNumbers, ProposalView, Verdict
    from remit.control.ground.ground import Ground
    from remit.control.people import keys, people
    from remit.control.people.views import KeyView, NewKeyView, PersonView
    from remit.domain.budgets import Budget
    from remit.domain.fronting import KeyScope
    from remit.engine.dispatcher import Dispatcher
else:
    canaries = on_use("remit.control.approving.canaries")
    grants = on_use("remit.control.approving.grants")
    inbox = on_use("remit.control.approving.inbox")
    numbers = on_use("remit.control.approving.numbers")
    proposals = on_use("remit.control.approving.proposals")
    rating = on_use("remit.control.approving.rating")
    keys = on_use("remit.control.people.keys")
    people = on_use("remit.control.people.people")


class PeopleDesk:
    """What can be asked about people, and what they can say."""

    @property
    @abstractmethod
    def ground(self) -> Ground:
        """Database, keys, clock and principal."""

    @property
    @abstractmethod
    def dispatcher(self) -> Dispatcher:
        """Who carries hints to the workers."""

    @abstractmethod
    def names_of(self, kind: str) -> Collection[str]:
        """Names of agents or models that this process knows by their code, where it has any."""

    # --- questions ------------------------------------------------------------------------------------

    async def inbox(self, group: str | None = None) -> list[InboxItem]:
        """The questions and proposals that wait for a person."""
        return await inbox.items(self.ground, group)

    async def question(self, question: str) -> InboxItem:
        """One open question."""
        return await inbox.item(self.ground, question)

    async def approve(
        self, question: str, *, value: object = UNCHANGED, comment: str = "", by: str = "", digest: str = ""
    ) -> Verdict:
        """Say yes, to the value asked about or to an edited one; `digest` names what was looked at."""
        return await inbox.decide(self, question, "approved", value, comment, by, digest)

    async def approve_for_run(
        self, question: str, *, uses: int, within: str, comment: str = "", digest: str = ""
    ) -> Verdict:
        """Say yes, and agree in advance to calls of the same tool by the same agent in this run."""
        return await inbox.approve_for_run(self, question, uses, within, comment, digest)

    async def reject(self, question: str, reason: str = "", by: str = "") -> Verdict:
        """Say no."""
        return await inbox.decide(self, question, "rejected", UNCHANGED, reason, by)

    async def delegate(self, question: str, to: str, comment: str = "") -> InboxItem:
        """Hand a question on to a person or a group."""
        return await inbox.delegate(self, question, to, comment)

    async def ask_back(self, question: str, text: str) -> InboxItem:
        """Ask whoever wanted it."""
        return await inbox.note(self, question, "question", text)

    async def answer(self, question: str, text: str) -> InboxItem:
        """Answer what was asked back."""
        return await inbox.note(self, question, "answer", text)

    async def rate(self, question: str, rated: int, note: str = "") -> int:
        """Say how well one could decide about a question, from 1 to 5."""
        return await rating.rate(self.ground, question, rated, note)

    async def inbox_numbers(self, days: int = 30) -> InboxNumbers:
        """How often people are asked, how long they take, and whether they look."""
        return await numbers.numbers(self.ground, days)

    async def seed_canary(
        self, group: str = "", tool: str = "", arguments: dict[str, Any] | None = None
    ) -> str:
        """Put a request that ought to be refused among the real ones."""
        return await canaries.seed(self.ground, group, tool, arguments)

    # --- users and keys -------------------------------------------------------------------------------

    async def people(self) -> list[PersonView]:
        """Users and services."""
        return await people.everybody(self.ground)

    async def person(self, name: str) -> PersonView:
        """One of them."""
        return await people.show(self.ground, name)

    async def add_person(
        self, name: str, roles: Sequence[str] = (), *, service: bool = False, key: bool = True
    ) -> tuple[PersonView, NewKeyView | None]:
        """A new user or service, with a first key unless told not to."""
        return await people.add(self.ground, name, roles, service=service, key=key)

    async def change_roles(self, name: str, give: Sequence[str] = (), take: Sequence[str] = ()) -> PersonView:
        """Give and take roles and groups."""
        return await people.change_roles(self.ground, name, give, take)

    async def switch_person(self, name: str, *, active: bool) -> PersonView:
        """Disable or enable somebody."""
        return await people.switch(self.ground, name, active=active)

    async def break_glass(self, name: str, reason: str) -> NewKeyView:
        """Make an admin for an hour, as whoever holds the machine."""
        return await people.break_glass(self.ground, name, reason)

    async def keys(self, person: str = "") -> list[KeyView]:
        """Keys without their secrets."""
        return await keys.listed(self.ground, person)

    async def new_key(
        self, person: str = "", *, roles: Sequence[str] = (), expires: str = "", label: str = ""
    ) -> NewKeyView:
        """A key for oneself or, as an admin, for somebody else."""
        return await keys.make(self.ground, person, roles, expires, label)

    async def new_agent_key(
        self, scope: KeyScope, person: str = "", *, expires: str = "", label: str = ""
    ) -> NewKeyView:
        """A key for an agent that is not ours, which comes in by the front doors."""
        return await keys.make_for_agent(self.ground, scope, person, expires, label)

    async def run_token(
        self, key: str, run: str, *, user: str = "", purpose: str = "", data_class: str = "",
        budget: Budget | None = None, expires: str = "1h",
    ) -> str:  # fmt: skip
        """A signed token: what is done with an agent's key beside it belongs to one run or user action."""
        return await keys.sign_token(
            self.ground, key, run, user=user, purpose=purpose, data_class=data_class, budget=budget, expires=expires
        )  # fmt: skip

    async def renew_key(self, key: str, *, overlap: str = "1h", expires: str = "") -> NewKeyView:
        """A new key in place of an old one."""
        return await keys.renew(self.ground, key, overlap, expires)

    async def revoke_key(self, key: str, why: str = "") -> KeyView:
        """Let a key open nothing any more."""
        return await keys.revoke(self.ground, key, why)

    # --- grants and proposals -------------------------------------------------------------------------

    async def grants(self) -> list[GrantView]:
        """Consents given in advance."""
        return await grants.listed(self.ground)

    async def grant(self, grant: str) -> GrantView:
        """One of them."""
        return await grants.show(self.ground, grant)

    async def make_grant(
        self, tool: str, *, uses: int, within: str, agent: str = "", run: str = "", bounds: Sequence[str] = (),
        subject: str = "",
    ) -> GrantView:  # fmt: skip
        """Agree in advance."""
        return await grants.make(
            self.ground, tool, uses=uses, within=within, agent=agent, run=run, bounds=bounds,
            known=self.names_of("agent"), subject=subject,
        )  # fmt: skip

    async def revoke_grant(self, grant: str, why: str = "") -> GrantView:
        """Take a grant back."""
        return await grants.revoke(self.ground, grant, why)

    async def proposal(self, proposal: str) -> ProposalView:
        """A change that needs somebody else, open or decided."""
        return await proposals.show(self.ground, proposal)
