"""The red team: attacks on a workspace, played without effects, and what came of them."""
