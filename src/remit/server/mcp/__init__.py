"""MCP at /mcp, in both eras of the protocol: tools, resources and prompts, each call an exchange through the gate.

The SDK takes half a second to import; it is imported with the first request, by `front` and below.
"""
