"""Relays: model calls of agents that are not ours, carried through the gate in the words in which they came."""
