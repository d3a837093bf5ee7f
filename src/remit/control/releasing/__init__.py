"""Releases as people ask for them: made, compared, promoted, rolled back, tried on a share of the traffic."""
