"""Insight: what happened, told for those who look."""
