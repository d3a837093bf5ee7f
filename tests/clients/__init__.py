"""Real clients, unmodified, each in its own environment, against `remit up`."""
