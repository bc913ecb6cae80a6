"""Memberships: each purchase starts one, and it is the only source of access."""
