"""What says how good a trial was, without asking a model."""
