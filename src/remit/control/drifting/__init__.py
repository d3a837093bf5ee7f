"""Drift, as it can be asked for, looked after with nobody present, and named by the doctor."""
