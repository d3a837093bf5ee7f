"""Memory as the gate sees it: what is remembered, recalled and forgotten is let pass, kept and taken back here."""
