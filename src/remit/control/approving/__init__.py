"""What waits for a person, and what people answered: the inbox, grants, proposals, and the numbers on them."""
