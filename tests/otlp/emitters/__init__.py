"""Programs that send telemetry and that nobody here wrote, each in an environment of its own."""
