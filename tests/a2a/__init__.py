"""Tasks of others: by A2A, by the official client, over real HTTP."""
