"""The kinds of providers: each one an endpoint over HTTP, or a script."""
