"""Drift: what shapes an agent changed, or how it does did, without anybody having said so."""
