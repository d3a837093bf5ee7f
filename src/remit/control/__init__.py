"""Everything that can be asked of the platform, once: the terminal, HTTP and the SDK all call this."""
