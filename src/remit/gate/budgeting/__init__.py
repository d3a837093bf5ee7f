"""Budgets at speed: what is reserved before a call and settled after it, shared by processes through leases."""
