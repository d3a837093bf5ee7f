"""The faults that a review looks for, by what they are about."""
