"""What attributes mean, dialect by dialect."""
