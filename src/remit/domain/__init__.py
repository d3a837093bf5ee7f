"""The nouns of Remit: frozen dataclasses and errors, standard library only, no I/O."""
