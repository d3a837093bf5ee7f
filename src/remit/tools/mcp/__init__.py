"""MCP servers as a source of tools, over a process's pipes or over HTTP, in both eras of the protocol.

The SDK takes half a second to import; it is imported when a server is configured, by `connection` and below.
"""
