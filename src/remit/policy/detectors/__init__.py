"""What finds personal data and secrets in text, by checksum and structure."""
