"""What was recorded, told to other stores by OpenTelemetry."""
