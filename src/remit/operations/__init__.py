"""What is done with a running platform over weeks: the evidence that it hands to those who ask for it."""
