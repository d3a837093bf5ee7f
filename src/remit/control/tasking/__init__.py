"""Tasks that others give to agents here: given, followed, answered, told of; whatever protocol they speak."""
