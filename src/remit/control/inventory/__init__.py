"""What agents have: tools, models, memory."""
