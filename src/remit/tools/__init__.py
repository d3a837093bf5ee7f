"""Tools: what agents may do to the world, from Python, OpenAPI, SQL, MCP and gRPC, under one contract."""
