"""The demonstration: a real worker is really killed, and what the world saw is counted."""
