"""The tiers of isolation, one module each, and what they are made of."""
