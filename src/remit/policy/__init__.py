"""Policy: pure decisions over data. It knows no clock, no database and nobody who acts."""
