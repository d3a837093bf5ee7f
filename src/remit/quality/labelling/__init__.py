"""Labels that people give: how far they agree, and what must not be used of what they were shown."""
