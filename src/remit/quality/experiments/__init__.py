"""Experiments: a suite put to the code of a workspace, trial by trial, as a durable flow."""
