"""Who may do what: the acts of people, what they need for them, and which rules are in force."""
