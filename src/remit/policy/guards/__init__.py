"""The checks that need nobody else: each is one pure function from content to findings."""
