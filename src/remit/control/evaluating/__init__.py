"""Experiments as people ask for them: begun, followed, gone on with, shown, waived, handed on as evidence."""
