"""What happened, for those who look: lists, traces, and how far they trail."""
