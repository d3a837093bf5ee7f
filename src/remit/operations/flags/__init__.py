"""Feature flags: what is switched, and for which share of runs."""
