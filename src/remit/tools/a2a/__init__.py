"""Agents of other platforms as tools: `[a2a.NAME]` of tools.toml. The protocol is spoken here, without an SDK."""
