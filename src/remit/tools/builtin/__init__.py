"""Tools that come with Remit: files below a root, fetching from the web, asking a person, Python in a sandbox."""
