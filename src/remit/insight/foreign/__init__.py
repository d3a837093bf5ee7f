"""What other agents sent by OpenTelemetry, told as traces."""
