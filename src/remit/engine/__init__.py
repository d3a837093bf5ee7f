"""Durable execution of plain async functions. It has never heard of a language model."""
