"""What is asked of an agent, in which world, and what would be right: data, and how it is compared."""
