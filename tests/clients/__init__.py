"""Clients that are large, or many: `make clients` runs them."""
