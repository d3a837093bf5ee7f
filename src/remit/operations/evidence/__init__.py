"""Evidence packs: what a control framework asks for, and which events and tests answer it."""
