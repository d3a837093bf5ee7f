"""What agents know beyond a conversation: memory, and how it is found again."""
