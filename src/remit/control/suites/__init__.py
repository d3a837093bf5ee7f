"""The suites of a workspace: what is in them, and how something gets into them."""
