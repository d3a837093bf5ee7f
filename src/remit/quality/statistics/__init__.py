"""Arithmetic for verdicts: how sure a figure is, and how much has to be looked at before it says anything."""
