"""The red team: what a hijacked model could do here, tried without doing it."""
