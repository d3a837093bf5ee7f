"""Puts this folder on the path for pytest, so that tests import flows by the names they have here."""
