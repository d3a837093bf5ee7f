"""The gate: the one pipe through which every model call and every tool call goes."""
