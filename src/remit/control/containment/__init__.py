"""What a person can ask about containment: halt, lift, list, call back, and recall what came from a bad source."""
