"""What can be asked of flags."""
