"""Whether a rule is about a request at all: its scope held against who asks, what for, and on what.

The hierarchy is known completely when this is asked, so the answer is exact; a property test holds it against Cedar.
"""

from __future__ import annotations

from cedarpy import pst

from remit.policy.cedar import Entity, Node


def matches_action(statement: pst.Template, action: str) -> bool:
    """Whether the rule is about this action."""
    match statement.action:
        case pst.ActionEq(entity):
            return entity.id == action
        case pst.ActionIn(entities):
            return any(entity.id == action for entity in entities)
        case _:
            return True


def matches(constraint: pst.PrincipalOrResourceConstraint, node: Node) -> bool:
    """Whether a constraint on principal or resource holds."""
    match constraint:
        case pst.ScopeEq(pst.EntityUid() as uid):
            return _entity(uid) == node.entity
        case pst.ScopeIn(pst.EntityUid() as uid):
            return _entity(uid) in node.within
        case pst.ScopeIs(kind):
            return str(kind) == node.entity.type
        case pst.ScopeIsIn(kind, pst.EntityUid() as uid):
            return str(kind) == node.entity.type and _entity(uid) in node.within
        case _:
            return isinstance(constraint, pst.ScopeAny)


def _entity(uid: pst.EntityUid) -> Entity:
    return Entity(str(uid.type), uid.id)
