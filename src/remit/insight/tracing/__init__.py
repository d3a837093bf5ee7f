"""Traces: what a run did, as a tree of spans, and the sums that are made of them."""
