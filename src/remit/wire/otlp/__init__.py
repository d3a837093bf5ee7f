"""OpenTelemetry: the names of the conventions, and its messages as they go and come."""
