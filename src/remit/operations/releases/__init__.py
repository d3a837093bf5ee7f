"""Releases: a workspace kept for good, the channels that lead to it, and the canary that judges it."""
